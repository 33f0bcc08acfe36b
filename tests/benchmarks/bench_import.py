"""Import against the bare embedder on the same texts, and the same feed a second time.

`DAOGOU_DATA` names the directory with home_depot_search/products.csv.gz, `DAOGOU_BENCH_ROWS` how many of its rows (5,000).
"""

from __future__ import annotations

import os
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from retrieval.embedding.embedder import Embedder, open_embedder
from retrieval.feeds import read_catalog
from retrieval.importing import import_feed
from retrieval.item_text import item_text
from retrieval.schema import Item
from retrieval.shop import Shop, ShopSettings

PRESETS = ("e5-small", "minilm")
_ROUNDS = 3


def run(
    data: Path | None = None, rows: int | None = None, home: Path | None = None, presets: tuple[str, ...] = PRESETS
) -> list[dict[str, Any]]:
    """Throughput of import over that of the embedder, and seconds of the second import over those of the first."""
    data = data or Path(os.environ.get("DAOGOU_DATA", "."))
    rows = rows or int(os.environ.get("DAOGOU_BENCH_ROWS", "5000"))
    feed = data / "home_depot_search" / "products.csv.gz"
    if not feed.exists():
        return []
    home = home or Path(os.environ.get("DAOGOU_HOME", "."))
    catalog = list(islice(read_catalog(feed, on_error=lambda _error: None), rows))
    return [row for preset in presets for row in _rows(preset, open_embedder(preset, home), catalog)]


def _rows(preset: str, embedder: Embedder, catalog: list[Item]) -> list[dict[str, Any]]:
    """Bare embedding and import take turns over parts of the feed, so that both meet the same load of the machine."""
    embedder.embed(["warm"])
    bare = first = 0.0
    texts = 0
    with tempfile.TemporaryDirectory() as directory:
        shop = Shop.create(Path(directory) / "shop", ShopSettings("Bench", embedder=preset), embedder=embedder)
        part = -(-len(catalog) // _ROUNDS)
        for start in range(0, len(catalog), part):
            items = catalog[start : start + part]
            known = list(dict.fromkeys(item_text(item, ("en",)) for item in items))
            began = time.perf_counter()
            embedder.embed(known)
            bare += time.perf_counter() - began
            report = import_feed(shop, catalog=items)
            first += report.seconds
            texts += report.embedded
        second = import_feed(shop, catalog=catalog)
        shop.close()
    assert second.embedded == 0 and second.unchanged == len(catalog)
    name = f"import {len(catalog)} products, {preset}"
    return [
        _row(f"{name}: texts a second", round(texts / first, 1), "1/s", None, f"bare {texts / bare:.1f}"),
        _row(f"{name}: share of the bare embedder", round(bare / first, 3), "x", ">= 0.8", "bare embedder"),
        _row(f"{name}: second over first", round(second.seconds / first, 4), "x", "< 0.1", f"first {first:.1f} s"),
    ]


def _row(name: str, value: float, unit: str, bar: str | None, peer: str | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "bar": bar, "peer": peer}


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201 - a script
