"""A shop copied into a folder that goes away: what happens in it leaves no trace in the shop."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, insert, select

from assistant.pace import PACE_FILE
from assistant.service_router import FOLDER
from retrieval.shop import Shop
from retrieval.tables import aspects, help_pages, interactions, items, meta, readings, reviews, variants, vectors

_COPIED = (meta, items, variants, vectors, reviews, readings, aspects, interactions, help_pages)
"""Neither orders nor anything of talk: no turn, no reaction, no shopper."""
_BESIDE = (PACE_FILE, FOLDER, "ranker")
_BATCH = 1_000


@contextmanager
def throwaway(shop: Shop, until: Mapping[str, datetime] = MappingProxyType({})) -> Iterator[Shop]:
    """A copy of the shop without conversations, and without what the shoppers of `until` did from that moment on.

    It lies in SQLite whatever the shop lies in, has the shop's embedder, ranker, pace and router, and no sliders of its own: a
    search over it is given those of the shop. Raises StoreError.
    """
    with tempfile.TemporaryDirectory(prefix="daogou-simulation-") as folder:
        directory = Path(folder) / "shop"
        for name in _BESIDE:
            _copied(shop.directory / name, directory / name)
        with Shop.create(directory, replace(shop.settings, url="", chroma_url=""), embedder=shop.embedder) as copy:
            with shop.reading() as source, copy.writing() as target:
                for table in _COPIED:
                    rows = source.execute(select(table).execution_options(yield_per=_BATCH)).mappings()
                    for batch in rows.partitions(_BATCH):
                        kept = [dict(row) for row in batch if not _held_back(table, row, until)]
                        if kept:
                            target.execute(insert(table), kept)
            yield copy


def _held_back(table: Table, row: Mapping[Any, Any], until: Mapping[str, datetime]) -> bool:
    """What a shopper did or wrote from her moment on."""
    if table is not interactions and table is not reviews:
        return False
    who, at = row["shopper_id" if table is interactions else "author"], row["at"]
    return who in until and at is not None and at >= until[who]


def _copied(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy2(source, target)
