"""Embedding by several processes gives what one process gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from retrieval.importing import import_feed
from retrieval.schema import Item
from retrieval.shop import Shop, ShopSettings
from retrieval.tables import vectors

THINGS = [Item(f"{number:04d}", f"Thing {number % 1_200} for {'home garden desk'.split()[number % 3]}") for number in range(1_500)]


def _shop(directory: Path) -> Shop:
    return Shop.create(directory, ShopSettings("Test", embedder="hashing"))


def _vectors(shop: Shop) -> list[tuple[str, str, bytes]]:
    with shop.reading() as connection:
        return [tuple(row) for row in connection.execute(select(vectors).order_by(vectors.c.content_hash))]


@pytest.mark.timeout(240)
def test_two_processes_give_the_vectors_of_one(tmp_path: Path) -> None:
    """The tables hold the same bytes, the import that follows embeds nothing, and nothing is embedded twice."""
    pytest.importorskip("ray", reason="ray is not installed: pip install 'daogou[ray]'")
    from retrieval.bulk_embedding import embed_ahead

    told: list[int] = []
    with _shop(tmp_path / "one") as one, _shop(tmp_path / "two") as two:
        alone = import_feed(one, catalog=THINGS)
        assert embed_ahead(two, THINGS, 2, tmp_path, lambda _phase, done, _total: told.append(done)) == alone.embedded
        assert embed_ahead(two, THINGS, 2, tmp_path) == 0
        assert import_feed(two, catalog=THINGS).embedded == 0
        assert _vectors(one) == _vectors(two)
    assert told == sorted(told) and told[-1] == alone.embedded


def test_without_the_extra_it_is_named() -> None:
    """Where ray is not installed the error names it and the command that installs it."""
    without = "import sys; sys.modules['ray'] = None\ntry:\n  import retrieval.bulk_embedding\nexcept Exception as e: print(type(e).__name__, e)"
    said = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, check=True).stdout
    assert said.startswith("EmbedderError")
    assert "pip install 'daogou[ray]'" in said
