"""The n-th highest is what sorting says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.selection import nth_highest


@given(st.integers(1, 30_000), st.floats(0, 1), st.sampled_from(("normal", "ties", "sorted", "peak")), st.integers(0, 99))
def test_it_is_what_sorting_says(size: int, share: float, kind: str, seed: int) -> None:
    """For any number of values, ties, order and n; a peak between two sampled values too."""
    values = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    if kind == "ties":
        values = np.round(values)
    elif kind == "sorted":
        values = np.sort(values)
    elif kind == "peak":
        values[1 : max(size // 10, 1) : 2] += 100
    n = 1 + int(share * (size - 1))
    assert nth_highest(values, n) == np.sort(values)[size - n]


@pytest.mark.parametrize("n", [1, 200, 6_000])
def test_of_many(n: int) -> None:
    """A hundred thousand values, from the first to where a partition of all is as good."""
    values = np.random.default_rng(1).standard_normal(100_000)
    assert nth_highest(values, n) == np.sort(values)[-n]
