"""Chroma is an index that can be lost: it is probed, switched in whole, and exact search stands in for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.errors import IndexError_
from retrieval.exact_index import ExactIndex
from retrieval.importing import import_feed
from retrieval.schema import Item
from retrieval.shop import Shop, ShopSettings
from retrieval.stored_vectors import StoredVectors, stored_vectors

pytest.importorskip("chromadb", reason="chromadb is not installed")
chroma_index = pytest.importorskip("retrieval.chroma_index")

THINGS = [Item(f"{number:03d}", f"Thing {number} for {'home garden desk'.split()[number % 3]}") for number in range(300)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that Chroma serves, to be copied."""
    directory = tmp_path_factory.mktemp("template") / "shop"
    settings = ShopSettings("Test", embedder="hashing", chroma_from=100)
    with Shop.create(directory, settings) as shop:
        import_feed(shop, catalog=THINGS)
    return directory


@pytest.fixture
def directory(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "shop"))


def _stored(shop: Shop) -> StoredVectors:
    with shop.reading() as connection:
        return stored_vectors(connection, shop.embedder.name, shop.embedder.dimension)


def test_a_large_shop_is_served_by_chroma(directory: Path) -> None:
    """From the setting's number of texts on, and hardly any of what exact search finds is missed."""
    with Shop.open(directory) as shop:
        assert (shop.index.kind, shop.index_warning) == ("chroma", "")
        vector = shop.embedder.embed(["thing 7 for garden"], query=True)[0]
        found, cosines = shop.index.nearest(vector, 10)
        _, best = ExactIndex(_stored(shop)).nearest(vector, 10)
        assert len(found) == 10
        assert (cosines >= best[-1] - 1e-5).mean() >= 0.9


def _no_pointer(index: Path) -> None:
    (index / "current.json").unlink()


def _garbage_pointer(index: Path) -> None:
    (index / "current.json").write_text("{")


def _other_vectors(index: Path) -> None:
    pointer = json.loads((index / "current.json").read_text())
    (index / "current.json").write_text(json.dumps({**pointer, "texts": "0" * 32}))


def _zeroed_tables(index: Path) -> None:
    for path in index.glob("items-*/chroma.sqlite3"):
        path.write_bytes(b"\0" * path.stat().st_size)


def _no_files(index: Path) -> None:
    for path in index.glob("items-*"):
        shutil.rmtree(path)


@pytest.mark.parametrize("damage", [_no_pointer, _garbage_pointer, _other_vectors, _zeroed_tables, _no_files])
def test_a_damaged_index_is_stood_in_for(directory: Path, damage: Callable[[Path], None]) -> None:
    """The shop opens, answers exactly, and says what is wrong and how it is cured."""
    damage(directory / "index")
    with Shop.open(directory) as shop:
        assert shop.index.kind == "exact"
        assert "Exact search serves meanwhile" in shop.index_warning
        assert len(shop.index.nearest(shop.embedder.embed(["thing"])[0], 5)[0]) == 5


def test_a_rebuild_cures_and_answers_meanwhile(directory: Path) -> None:
    """While the index is made anew every search is answered; afterwards Chroma serves, and only two collections stay."""
    _garbage_pointer(directory / "index")
    shop = Shop.open(directory)
    vector = shop.embedder.embed(["thing 7"], query=True)[0]
    done = threading.Event()
    answers: list[int] = []

    def search() -> None:
        while not done.is_set():
            answers.append(len(shop.index.nearest(vector, 5)[0]))
            time.sleep(0.01)

    searcher = threading.Thread(target=search)
    searcher.start()
    try:
        shop.rebuild_index()
    finally:
        done.set()
        searcher.join()
    assert answers and set(answers) == {5}
    assert (shop.index.kind, shop.index_warning) == ("chroma", "")
    assert len(list((directory / "index").glob("items-*"))) <= 2
    shop.close()


def test_another_space_is_refused(tmp_path: Path) -> None:
    """A collection that does not compare by cosine is never asked."""
    client = chroma_index._client(str(tmp_path))
    client.create_collection("other", embedding_function=None, configuration={"hnsw": {"space": "l2"}})
    with pytest.raises(IndexError_, match="expected cosine"):
        chroma_index._collection(client, "other")


def test_a_server_serves_and_may_die(start_chroma: Callable[[Path], tuple[str, subprocess.Popen[bytes]]], tmp_path: Path) -> None:
    """By URL the collection lies on a Chroma server; when that dies the next answer is exact, and says so."""
    url, process = start_chroma(tmp_path / "server")
    settings = ShopSettings("Test", embedder="hashing", chroma_from=100, chroma_url=url)
    with Shop.create(tmp_path / "shop", settings, embedder=HashingEmbedder()) as shop:
        import_feed(shop, catalog=THINGS)
        assert (shop.index.kind, shop.index_warning) == ("chroma", "")
        vector = shop.embedder.embed(["thing 7"], query=True)[0]
        assert len(shop.index.nearest(vector, 5)[0]) == 5
        process.kill()
        process.wait()
        assert len(shop.index.nearest(vector, 5)[0]) == 5
        assert shop.index.kind == "exact"
        assert "can't be used" in shop.index_warning


def test_an_import_outlives_its_index(directory: Path) -> None:
    """Where no index can be built the items are kept all the same, and the report says what is wrong."""
    shutil.rmtree(directory / "index")
    (directory / "index").write_text("in the way")
    with Shop.open(directory) as shop:
        report = import_feed(shop, catalog=[Item("new", "A lamp")])
        assert report.added == 1
        assert "can't be used" in report.index_warning
        assert shop.index.kind == "exact"
        assert "new" in shop.index.ids
