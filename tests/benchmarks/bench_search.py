"""Nearest neighbours over as many vectors as a large shop has: exact search at 8 bits against NumPy at full precision.

`DAOGOU_BENCH_CHROMA=1` adds Chroma's HNSW, whose building takes minutes.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.exact_index import ExactIndex
from retrieval.index import VectorIndex
from retrieval.stored_vectors import StoredVectors

SIZES = (54_667, 99_187)
DIMENSION, QUERIES, POOL = 384, 40, 200


def run(sizes: tuple[int, ...] = SIZES, chroma: bool | None = None) -> list[dict[str, Any]]:
    """Median milliseconds a query and recall, over all rows and within a tenth of them."""
    chroma = os.environ.get("DAOGOU_BENCH_CHROMA") == "1" if chroma is None else chroma
    return [row for size in sizes for row in _rows(size, chroma)]


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
