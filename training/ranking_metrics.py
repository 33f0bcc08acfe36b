"""Figures of ordered lists and of probabilities, and how sure a mean is."""

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


def area_under_curve(scores: NDArray[np.float64], clicked: NDArray[np.float64]) -> float | None:
    """The chance that a clicked candidate scores above one that was not (Mann-Whitney)."""
    known = np.isfinite(clicked)
    positive, negative = scores[known & (clicked > 0.5)], np.sort(scores[known & (clicked <= 0.5)])
    if not len(positive) or not len(negative):
        return None
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.mean() / (2 * len(negative)))


def best_temperature(odds: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """The divisor of the log-odds with the least cross-entropy, among 49 from 1/4 to 4; 1 where nothing is labelled."""
    known = np.isfinite(labels)
    if not known.any():
        return 1.0
    grid = np.geomspace(0.25, 4.0, 49)
    scaled = odds[known] / grid[:, None]
    losses = (np.logaddexp(0.0, scaled) - labels[known] * scaled).mean(axis=1)
    return float(grid[int(losses.argmin())])


def calibration_error(chances: NDArray[np.float64], labels: NDArray[np.float64], bins: int = 10) -> float | None:
    """Expected calibration error, 0 to 1 (Naeini et al. 2015), over the known labels; None where none is."""
    known = np.isfinite(labels)
    if not known.any():
        return None
    place = np.minimum((chances[known] * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    gaps = np.bincount(place, chances[known], minlength=bins) - np.bincount(place, labels[known], minlength=bins)
    return float(np.abs(gaps).sum() / counts.sum())
