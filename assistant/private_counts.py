"""Counts under differential privacy, by OpenDP; an extra: `pip install daogou[privacy]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import opendp.prelude as dp

dp.enable_features("contrib")


DELTA = 1e-6
"""The most that the chance may be with which a key that one person alone said is told."""


@dataclass(frozen=True, slots=True)
class Release:
    """Counts with noise, and what is promised of them."""

    counts: dict[str, int]
    threshold: int
    """Noisy count from which a key is told: the group, or more where the noise is so wide that `DELTA` asks for it."""
    delta: float


def private_counts(counts: Mapping[str, int], group: int, epsilon: float, each: int) -> Release:
    """The counts with discrete Laplace noise, of the keys whose noisy count reaches the threshold.

    One person changes at most `each` counts, each by 1; the noise has scale `each / epsilon`.
    """
    domain = dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T="i64"))
    space = domain, dp.l01inf_distance(dp.absolute_distance(T="i64"))
    threshold = group
    while True:
        release = dp.m.make_laplace_threshold(*space, scale=each / epsilon, threshold=threshold)
        spent, delta = release.map((each, each, 1))
        if delta <= DELTA:
            break
        threshold += 1
    if spent > epsilon * (1 + 1e-9):
        raise AssertionError(f"the mechanism spends {spent}, expected at most {epsilon}")
    return Release({str(key): int(count) for key, count in release(dict(counts)).items()}, threshold, float(delta))
