"""A shop on disk: made, opened, refused with a cure, and its index kept in step with its tables."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.errors import EmbedderError, StoreError
from retrieval.importing import import_feed
from retrieval.schema import Item
from retrieval.shop import Shop, ShopSettings


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop", ShopSettings('Täst "店"', "CNY", ("zh", "en"), "hashing"))


def test_settings_come_back(shop: Shop) -> None:
    """What was given at creation is there when the shop is opened."""
    assert Shop.open(shop.directory).settings == shop.settings


def test_a_shop_is_not_made_twice(shop: Shop) -> None:
    """A directory that holds a shop is refused."""
    with pytest.raises(StoreError, match="holds a shop already"):
        Shop.create(shop.directory, shop.settings)


def test_no_shop_is_a_clear_error(tmp_path: Path) -> None:
    """An absent directory names the command that makes one."""
    with pytest.raises(StoreError, match="daogou import"):
        Shop.open(tmp_path / "nothing")


@pytest.mark.parametrize("written", ["name = ", 'name = "x"\ncolour = "red"', 'currency = "USD"'])
def test_damaged_settings_are_a_clear_error(shop: Shop, written: str) -> None:
    """Broken TOML, an unknown key and a missing name each say which file to correct."""
    (shop.directory / "settings.toml").write_text(written)
    with pytest.raises(StoreError, match=r"settings\.toml"):
        Shop.open(shop.directory)


def test_a_file_that_is_no_database_is_a_clear_error(shop: Shop) -> None:
    """Garbage in place of the tables is refused with the cure."""
    shop.close()
    for path in shop.directory.glob("shop.sqlite3*"):
        path.write_bytes(b"garbage " * 1000)
    with pytest.raises(StoreError, match="backup"):
        Shop.open(shop.directory)


def test_a_full_disk_is_a_clear_error_and_reads_go_on(shop: Shop) -> None:
    """When no page can be added, the import says so; what was there stays and can be read, and writing works again later."""
    import_feed(shop, catalog=[Item("a", "Lamp")])
    from sqlalchemy import event

    def cap(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # SQLite raises it to what the file has

    event.listen(shop.engine, "connect", cap)
    shop.engine.dispose()
    with pytest.raises(StoreError, match="Make room"):
        import_feed(shop, catalog=[Item(str(n), f"Lamp {n}", "words " * 500) for n in range(200)])
    assert [item.id for item in shop.all_items()] == ["a"]
    event.remove(shop.engine, "connect", cap)
    shop.engine.dispose()
    assert import_feed(shop, catalog=[Item("b", "Desk")]).added == 1


def test_another_process_sees_an_import(shop: Shop) -> None:
    """A shop that is open shows what another one imported, without being opened again."""
    other = Shop.open(shop.directory)
    assert other.index.ids == ()
    import_feed(shop, catalog=[Item("a", "Lamp")])
    assert other.index.ids == ("a",)


def test_a_second_writer_is_refused_with_the_pid(shop: Shop) -> None:
    """Within two seconds, and naming the process that writes."""
    code = "import sys, time; from pathlib import Path; from retrieval.shop import Shop\n"
    code += "with Shop.open(Path(sys.argv[1])).sole_writer(): print('in', flush=True); time.sleep(60)"
    writer = subprocess.Popen([sys.executable, "-c", code, str(shop.directory)], stdout=subprocess.PIPE, env=_path())
    try:
        assert writer.stdout is not None and writer.stdout.readline() == b"in\n"
        started = time.monotonic()
        with pytest.raises(StoreError, match=f"process {writer.pid}"):
            import_feed(shop, catalog=[Item("a", "Lamp")])
        assert time.monotonic() - started < 2
    finally:
        writer.kill()
        writer.wait()
    assert import_feed(shop, catalog=[Item("a", "Lamp")]).added == 1


def test_another_embedder_is_told_and_cured(shop: Shop) -> None:
    """Vectors of another embedder are never compared: the warning says so, and a rebuild embeds with the new one."""
    import_feed(shop, catalog=[Item("a", "Lamp"), Item("b", "Desk")])
    other = Shop.open(shop.directory, embedder=HashingEmbedder(64))
    assert "2 of 2 items have no vector of hashing-64" in other.index_warning
    assert len(other.index.nearest(np.ones(64, dtype=np.float32), 2)[0]) == 2
    other.rebuild_index()
    assert other.index_warning == ""
    assert other.index.vectors_of(np.array([0])).shape == (1, 64)


def test_vectors_of_another_length_are_refused(shop: Shop) -> None:
    """An embedder whose name is known but whose vectors are of another length can't be used."""
    import_feed(shop, catalog=[Item("a", "Lamp")])
    wrong = HashingEmbedder(64)
    wrong.name = "hashing-384"
    with pytest.raises(EmbedderError, match="another length"):
        _ = Shop.open(shop.directory, embedder=wrong).index


def test_opening_needs_no_heavy_package(shop: Shop) -> None:
    """Neither torch, chromadb, transformers nor alembic is imported to open a shop and search it."""
    import_feed(shop, catalog=[Item("a", "Lamp")])
    code = "import sys; from pathlib import Path; from retrieval.shop import Shop\n"
    code += "shop = Shop.open(Path(sys.argv[1])); shop.index.nearest(shop.embedder.embed(['lamp'])[0], 1)\n"
    code += "print([name for name in ('torch', 'chromadb', 'transformers', 'alembic') if name in sys.modules])"
    call = [sys.executable, "-c", code, str(shop.directory)]
    run = subprocess.run(call, capture_output=True, text=True, env=_path(), check=False)
    assert run.stdout.strip() == "[]", run.stderr


def test_remove_leaves_nothing(shop: Shop) -> None:
    """The directory is gone."""
    shop.remove()
    assert not shop.directory.exists()


def _path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
