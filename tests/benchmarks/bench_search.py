"""Search over as many items as a large shop has: whole queries against their embedding alone, and nearest neighbours by exact
search at 8 bits against NumPy at full precision.

`DAOGOU_DATA` names the directory with home_depot_search, without which whole queries are left out; `DAOGOU_BENCH_DIR` where its
products, which take minutes to embed, are kept from run to run; `DAOGOU_BENCH_CHROMA=1` adds Chroma's HNSW, whose building does.
"""

from __future__ import annotations

import csv
import gzip
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.exact_index import ExactIndex
from retrieval.feeds import read_catalog
from retrieval.importing import import_feed
from retrieval.index import VectorIndex
from retrieval.schema import Query
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings
from retrieval.stored_vectors import StoredVectors

SIZES = (54_667, 99_187)
PRESETS = ("e5-small", "minilm-products")
DIMENSION, QUERIES, POOL = 384, 40, 200


def run(sizes: tuple[int, ...] = SIZES, chroma: bool | None = None, data: Path | None = None) -> list[dict[str, Any]]:
    """Median milliseconds of a query and of its embedding; of nearest neighbours, and recall, over all rows and a tenth."""
    chroma = os.environ.get("DAOGOU_BENCH_CHROMA") == "1" if chroma is None else chroma
    feed = (data or Path(os.environ.get("DAOGOU_DATA", "."))) / "home_depot_search"
    whole = [row for preset in PRESETS for row in _whole(feed, preset)] if feed.is_dir() else []
    return whole + [row for size in sizes for row in _rows(size, chroma)]


def _whole(feed: Path, preset: str) -> list[dict[str, Any]]:
    """Whole queries and their embedding alone, in turn, so that both meet the same load of the machine."""
    with gzip.open(feed / "train.csv.gz", "rt", encoding="latin-1") as lines:
        terms = sorted({row["search_term"] for row in csv.DictReader(lines)})
    queries = [Query(text, limit=5) for text in random.Random(3).sample(terms, 5 * QUERIES)]
    alone, whole, steps = [], [], []
    with tempfile.TemporaryDirectory() as temporary, _products(feed, preset, Path(temporary)) as shop:
        search, embedder = Search(shop), shop.embedder
        count = len(search.view().index.ids)
        for query in queries[:QUERIES]:
            search.find(query)
        for query in queries:
            alone.append(_both(lambda query=query: embedder.embed([query.text], query=True)))
            whole.append(_both(lambda query=query: steps.append(search.find_timed(query)[1])))
    (ms, cpu), (bare, bare_cpu) = np.median(whole, axis=0), np.median(alone, axis=0)
    told = ", ".join(f"{step} {statistics.median(spent[step] for spent in steps):.2f}" for step in steps[0])
    name = f"search of {count} items, {preset}"
    return [
        _row(f"{name}: p50", round(float(ms), 2), "ms", f"embedder alone {bare:.2f} ms"),
        {**_row(f"{name}: p50 over the embedder's", round(float(ms / bare), 2), "x", f"of processor time {cpu / bare_cpu:.2f} x"), "bar": "1.3"},
        _row(f"{name}: processor time without the embedder's", round(float(cpu - bare_cpu), 2), "ms", told),
    ]


def _products(feed: Path, preset: str, temporary: Path) -> Shop:
    """The products as a shop, embedded by the preset."""
    directory = Path(os.environ.get("DAOGOU_BENCH_DIR", temporary)) / f"products-{preset}"
    home, settings = Path(os.environ.get("DAOGOU_HOME", ".")), ShopSettings("Bench", embedder=preset)
    made = (directory / "settings.toml").exists()
    shop = Shop.open(directory, home=home) if made else Shop.create(directory, settings, home=home)
    import_feed(shop, catalog=read_catalog(feed / "products.csv.gz", on_error=lambda _error: None))
    return shop


def _both(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the wall clock and of the processor."""
    began, cpu = time.perf_counter(), time.process_time()
    act()
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - cpu)


def synthetic(count: int, seed: int = 0) -> StoredVectors:
    """Unit vectors in groups of about a hundred, as the products of a shop lie."""
    random = np.random.default_rng(seed)
    groups = random.standard_normal((max(count // 100, 1), DIMENSION), dtype=np.float32)
    matrix = groups[random.integers(0, len(groups), count)]
    matrix += np.float32(0.8) * random.standard_normal(matrix.shape, dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    ids = tuple(f"{row:07d}" for row in range(count))
    return StoredVectors(ids, np.arange(count), matrix.astype("<f2"), tuple(f"{row:032x}" for row in range(count)))


def _rows(size: int, chroma: bool) -> list[dict[str, Any]]:
    stored = synthetic(size)
    random = np.random.default_rng(1)
    queries = stored.matrix[random.integers(0, size, QUERIES)].astype(np.float32)
    queries += 0.03 * random.standard_normal(queries.shape, dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    exact = ExactIndex(stored)
    full = stored.matrix.astype(np.float32)
    tenth = np.sort(random.choice(size, size // 10, replace=False))
    numpy_ms = _median_ms(lambda vector: np.argpartition(full @ vector, size - POOL)[size - POOL :], queries)
    rows = []
    for name, kept in (("all rows", None), ("a tenth of them", tenth)):
        ms = _median_ms(lambda vector, kept=kept: exact.nearest(vector, POOL, kept), queries)
        rows.append(_row(f"exact search, {size} vectors, {name}", ms, "ms", f"NumPy float32 {numpy_ms} ms"))
    rows.append(_row(f"exact search, {size} vectors: recall@{POOL}", _recall(exact, full, queries), "", None))
    if chroma:
        rows += _chroma_rows(stored, exact, full, queries)
    return rows


def _chroma_rows(stored: StoredVectors, exact: ExactIndex, full: np.ndarray, queries: np.ndarray) -> list[dict[str, Any]]:
    from retrieval.chroma_index import build_chroma, open_chroma

    with tempfile.TemporaryDirectory() as directory:
        build_chroma(Path(directory), "", stored)
        index = open_chroma(Path(directory), "", stored, exact)
        ms = _median_ms(lambda vector: index.nearest(vector, POOL), queries)
        name = f"Chroma, {len(stored.ids)} vectors"
        return [_row(name, ms, "ms", None), _row(f"{name}: recall@{POOL}", _recall(index, full, queries), "", None)]


def _recall(index: VectorIndex, full: np.ndarray, queries: np.ndarray) -> float:
    """Share of the true best that are found, by their cosines."""
    shares = []
    for vector in queries:
        best = np.sort(full @ vector)[-POOL]
        shares.append(float((index.nearest(vector, POOL)[1] >= best - 1e-5).mean()))
    return round(statistics.mean(shares), 4)


def _median_ms(search: Callable[[np.ndarray], object], queries: np.ndarray) -> float:
    search(queries[0])
    times = []
    for vector in queries:
        began = time.perf_counter()
        search(vector)
        times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1000, 2)


def _row(name: str, value: float, unit: str, peer: str | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "bar": None, "peer": peer}


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201 - a script
