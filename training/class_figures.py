"""Figures of ratings and classes: errors, accuracy, macro-F1, calibration, and their bootstrap intervals. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
"""Classes by number, or places in a list."""
SENTIMENTS = ("negative", "neutral", "positive")
RESAMPLES = 1000


def sentiment_of(rating: float, *, binary: bool = False) -> int:
    """The place in SENTIMENTS: 1 and 2 stars are negative, 3 neutral, 4 and 5 positive; a binary rating is 0 or 1."""
    if binary:
        return 2 if rating >= 1 else 0
    return 0 if rating < 2.5 else 1 if rating < 3.5 else 2


def rmse(gold: Floats, expected: Floats) -> float:
    """Root of the mean squared error, in stars."""
    return float(np.sqrt(np.mean((gold - expected) ** 2)))


def mae(gold: Floats, expected: Floats) -> float:
    """Mean absolute error, in stars."""
    return float(np.mean(np.abs(gold - expected)))


def accuracy(gold: Places, read: Places) -> float:
    """Share of rows whose class is right."""
    return float(np.mean(gold == read))


def macro_f1(gold: Places, read: Places) -> float:
    """Mean F1 over the classes that occur in `gold`."""
    width = int(max(gold.max(), read.max())) + 1
    meant, said = np.bincount(gold, minlength=width), np.bincount(read, minlength=width)
    right = np.bincount(gold[gold == read], minlength=width)
    occurs = meant > 0
    return float(np.mean(2 * right[occurs] / (meant + said)[occurs]))


def confusion_of(gold: Places, read: Places, width: int) -> Places:
    """How often each class (row) was read as each (column). Shape: (width, width)."""
    return np.bincount(gold * width + read, minlength=width * width).reshape(width, width)


def reliability(confidence: Floats, right: NDArray[np.bool_], bins: int = 10) -> tuple[Floats, float]:
    """(confidence, share that is right, rows) of each bin that holds rows, and the expected calibration error.

    ECE = sum over bins of rows in bin / rows * |share right - mean confidence|. Shape: (filled bins, 3).
    """
    if not len(confidence):
        return np.zeros((0, 3)), 0.0
    places = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    rows = np.bincount(places, minlength=bins).astype(float)
    filled = rows > 0
    means = np.bincount(places, weights=confidence, minlength=bins)[filled] / rows[filled]
    shares = np.bincount(places, weights=right.astype(float), minlength=bins)[filled] / rows[filled]
    error = float((rows[filled] / len(confidence) * np.abs(shares - means)).sum())
    return np.column_stack([means, shares, rows[filled]]), error


def intervals(
    figures: Mapping[str, Callable[[Places], float]], n: int, *, resamples: int = RESAMPLES, seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals of figures of drawn places; every figure sees the same draws. Empty without rows."""
    if not n:
        return {}
    chance = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in figures}
    for _ in range(resamples):
        places = chance.integers(0, n, size=n)
        for name, figure in figures.items():
            drawn[name].append(figure(places))
    return {name: _interval(values) for name, values in drawn.items()}


def _interval(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)
