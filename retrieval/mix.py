"""What the picks so far leave room for: caps on brands, shelves and sellers, and the mix of kinds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]

_SMOOTHING = 0.01
"""Share of the wanted mix that is added to the slate's, so that the divergence is finite (Steck 2018)."""


class Cap:
    """How many picks of one brand, shelf or seller a slate takes; contenders without one are not counted."""

    def __init__(self, name: str, labels: Sequence[str], most: int) -> None:
        self.name, self.most = ("shelf" if name == "category" else name), max(1, most)
        self.codes, count = numbered(labels)
        self.counts = np.zeros(count + 1, dtype=np.int64)

    def take(self, place: int) -> None:
        self.counts[self.codes[place]] += self.codes[place] >= 0

    def over(self) -> Mask:
        found: Mask = (self.counts >= self.most)[self.codes]
        return found


class Mix:
    """How far the kinds of the picks are from the wanted mix."""

    def __init__(self, kinds: Sequence[str], scores: Floats, interests: Mapping[str, float], *, asked: bool) -> None:
        self.codes, count = numbered(kinds)
        self.counts = np.zeros(count + 1)
        known = self.codes >= 0
        fits = np.bincount(self.codes[known], np.clip(scores, 0.0, 1.0)[known], minlength=count + 1)[: count + 1]
        weights = {self.codes[place]: interests.get(kind, 0.0) for place, kind in enumerate(kinds) if kind}
        given = np.array([max(weights.get(code, 0.0), 0.0) for code in range(count + 1)])
        self.target = given if given.any() else fits
        if (not given.any() and asked) or (self.target > 0).sum() < 2:
            self.target = np.zeros(count + 1)  # the wish itself says which kind, or there is nothing to mix
        else:
            self.target = self.target / self.target.sum()

    def take(self, place: int) -> None:
        self.counts[self.codes[place]] += 1

    def divergences(self) -> Floats:
        """k * KL(target || mix of the picks and this contender, the k-th) in nats, for each contender. Shape: (n,)."""
        size = len(self.counts)
        if not self.target.any():
            return np.zeros(len(self.codes))
        mixes = (self.counts + np.eye(size)) / (self.counts.sum() + 1)  # a row for each kind that may be added
        mixes = (1 - _SMOOTHING) * mixes + _SMOOTHING * self.target
        held = self.target > 0
        by_kind = (self.target[held] * np.log(self.target[held] / mixes[:, held])).sum(axis=1)
        divergences: Floats = (self.counts.sum() + 1) * by_kind[self.codes]
        return divergences


def numbered(labels: Sequence[str]) -> tuple[Codes, int]:
    """Each label as a number, -1 for an empty one, and how many there are."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(label, len(numbers)) if label else -1 for label in labels]
    return np.array(codes, dtype=np.int64), len(numbers)
