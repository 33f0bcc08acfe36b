"""Figures of ordered lists, and how sure a mean is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ndcg(gains: ArrayLike, scores: ArrayLike, limit: int) -> float:
    """Normalised discounted cumulative gain of the first `limit` by score, 0 to 1 (Jarvelin and Kekalainen 2002).

    Ties keep the order given. 0 for a list without gain.
    """
    worth, order = np.asarray(gains, dtype=np.float64), np.argsort(-np.asarray(scores), kind="stable")[:limit]
    discounts = 1.0 / np.log2(np.arange(2, limit + 2))
    best = np.sort(worth)[::-1][:limit]
    ideal = float(best @ discounts[: len(best)])
    return float(worth[order] @ discounts[: len(order)]) / ideal if ideal > 0 else 0.0


def interval(values: ArrayLike, *, resamples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of the values (Efron 1979); (0, 0) for none."""
    found: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if not len(found):
        return 0.0, 0.0
    random = np.random.default_rng(seed)
    means = [found[random.integers(0, len(found), len(found))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
