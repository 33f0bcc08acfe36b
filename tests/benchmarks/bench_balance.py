"""Balance of 200 ranked contenders: everything on (mix, caps, promotions, Thompson draws), and with nothing left to chance."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from retrieval.balance import BalanceSettings, Contender, Wanted, balance
from retrieval.exploration import Clicks

COUNT, DIMENSION, ROUNDS = 200, 384, 200


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Median and 95th hundredth of the milliseconds of one call, for slates of 3 and of 10."""
    contenders, vectors = drawn()
    interests = {f"kind {n}": 1.0 + n for n in range(8)}
    clicks = Clicks({f"item {n}": {"kettle": (n % 40, n % 7 % (n % 40 + 1))} for n in range(COUNT)})
    wanted = Wanted(interests=interests, clicks=clicks, context="kettle")
    rows = []
    for limit in (3, 10):
        for name, settings in (("nothing explored", BalanceSettings(exploration=0)), ("30 % explored", BalanceSettings(exploration=0.3))):
            times = []
            for seed in range(rounds):
                began = time.perf_counter()
                balance(contenders, vectors, limit, seed=seed, settings=settings, wanted=wanted)
                times.append((time.perf_counter() - began) * 1000)
            median, slow = statistics.median(times), sorted(times)[int(0.95 * len(times))]
            rows.append({
                "name": f"balance {COUNT} to {limit}, {name}", "value": round(median, 2), "unit": "ms", "bar": 10,
                "peer": f"95 % under {slow:.2f} ms",
            })
    return rows


def drawn(seed: int = 0) -> tuple[list[Contender], np.ndarray]:
    """Contenders of some brands, kinds and prices, with unit vectors. Shape: (COUNT, DIMENSION)."""
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((COUNT, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    contenders = [
        Contender(
            f"item {n}", float(random.random()), f"brand {random.integers(20)}", f"shelf {random.integers(12)}",
            int(random.integers(500, 50_000)), int(random.integers(3)), kind=f"kind {random.integers(8)}",
            promoted=float(random.random() < 0.1), margin=float(random.random()), stock=float(random.random()),
        )
        for n in range(COUNT)
    ]
    return contenders, vectors


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201 - a script
