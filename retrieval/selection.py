"""The n-th highest of many numbers, exactly, without looking at most of them twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SMALL = 8_192
"""Numbers up to which one partition is as fast."""
_SAMPLE = 2_048
_SPARE = 8
"""Places that the bound from the sample is lower than it need be on average, so that it seldom has to be thrown away."""


def nth_highest(values: NDArray[np.floating[Any]], n: int) -> float:
    """The n-th highest of the values, 1 <= n <= len(values), none of which is NaN.

    A bound that twice as many are expected to reach is read off a systematic sample; only what reaches it is partitioned. Where
    fewer than n do, all are (after Floyd and Rivest 1975).
    """
    if len(values) > _SMALL and 8 * n < len(values):
        sample = values[:: len(values) // _SAMPLE]
        place = 2 * n * len(sample) // len(values) + _SPARE
        bound = _nth(sample, place)
        above = values[values > bound]
        if len(above) >= n:
            return _nth(above, n)
        if np.count_nonzero(values >= bound) >= n:
            return bound
    return _nth(values, n)


def _nth(values: NDArray[np.floating[Any]], n: int) -> float:
    place = len(values) - n
    return float(np.partition(values, place)[place])
