"""The collaborative model of a large shop: a million events of 50,000 shoppers over 100,000 items, without words."""

from __future__ import annotations

import resource
import statistics
import time
from typing import Any

import numpy as np

from retrieval.histories import Histories
from retrieval.part_weights import fit_histories

SHOPPERS, ITEMS, EACH, QUERIES = 50_000, 100_000, 20, 50


def run(shoppers: int = SHOPPERS, items: int = ITEMS) -> list[dict[str, Any]]:
    """Seconds to fit with the weights learnt, the largest memory of the process, milliseconds to score every item."""
    histories = synthetic(shoppers, items)
    began = time.perf_counter()
    model = fit_histories([f"{row:06d}" for row in range(items)], histories)
    seconds = time.perf_counter() - began
    times = []
    for number in range(QUERIES):
        began = time.perf_counter()
        model.affinity(*histories.of(number)).scores.argmax()
        times.append(1000 * (time.perf_counter() - began))
    size = f"{len(histories.rows):,} events, {items:,} items"
    return [
        _row(f"collaborative fit, {size}", round(seconds, 1), "s"),
        _row("the same: peak memory of the process", round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2), "GiB"),
        _row("scores of every item for a shopper, median", round(statistics.median(times), 2), "ms"),
    ]


def synthetic(shoppers: int, items: int, seed: int = 0) -> Histories:
    """Each shopper walks among items near one place of the catalogue; popularity falls with the square root of the row."""
    chance = np.random.default_rng(seed)
    places = chance.random(shoppers)[:, None] ** 2 * items
    rows = (places + chance.normal(0, 200, size=(shoppers, EACH))).astype(np.int64) % items
    kept = [np.unique(row)[chance.permutation(len(np.unique(row)))] for row in rows]
    lengths = np.array([len(row) for row in kept])
    starts = np.concatenate(([0], np.cumsum(lengths)))
    flat = np.concatenate(kept)
    return Histories(
        tuple(map(str, range(shoppers))), starts, flat, np.ones(len(flat), dtype=np.float32), np.sort(chance.random(len(flat)) * 365),
    )


def _row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "bar": None, "peer": None}


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201 - a script
