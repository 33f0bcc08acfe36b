"""Figures of slates against what can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from training.recommend_figures import Asked, Yardstick, diversity, figures, gini, per_shopper

LABELS = np.array([[1, 0], [1, 0], [0, 1], [0.5, 0.5]] * 5)


def yardstick() -> Yardstick:
    vectors = LABELS / np.linalg.norm(LABELS, axis=1, keepdims=True)
    return Yardstick(np.array([8, 4, 2, 0] * 5), 8, sparse.csr_array(vectors), "categories", sparse.csr_array(LABELS))


def slates(*rows: list[int]) -> np.ndarray:
    found = np.full((len(rows), 10), -1, dtype=np.int64)
    for number, row in enumerate(rows):
        found[number, : len(row)] = row
    return found


def test_hits_count_by_their_place() -> None:
    """First place gives 1, third 1/2 of nDCG and 1/3 of the reciprocal rank, a miss 0."""
    asked = Asked(np.array([0, 2, 7]), np.full((3, 2), 0.5))
    found = per_shopper(slates([0, 1, 2], [0, 1, 2], [0, 1, 2]), asked, yardstick())
    assert found["hr10"].tolist() == [1, 1, 0]
    assert found["ndcg10"].tolist() == pytest.approx([1, 0.5, 0])
    assert found["mrr10"].tolist() == pytest.approx([1, 1 / 3, 0])


def test_diversity_is_the_mean_distance_of_the_pairs() -> None:
    """Alike items give 0, items without a common label 1, one item alone 0."""
    vectors = yardstick().vectors
    assert diversity(np.array([0, 1]), vectors) == pytest.approx(0)
    assert diversity(np.array([0, 2]), vectors) == pytest.approx(1)
    assert diversity(np.array([0, 1, 2]), vectors) == pytest.approx(2 / 3)
    assert diversity(np.array([0, -1]), vectors) == 0


def test_novelty_is_in_bits_and_finite_for_items_that_nobody_chose() -> None:
    """Known to all is 0 bits, to half of the shoppers 1; to nobody counts like to one."""
    asked = Asked(np.array([9, 9, 9]), np.full((3, 2), 0.5))
    assert per_shopper(slates([0], [1], [3]), asked, yardstick())["novelty10"].tolist() == pytest.approx([0, 1, 3])


def test_calibration_is_zero_for_the_shoppers_own_mix() -> None:
    """KL is 0 where slate and history have one mix, and grows to log 100 where the slate lacks all of it."""
    asked = Asked(np.array([9, 9]), np.array([[0.5, 0.5], [1.0, 0.0]]))
    found = per_shopper(slates([0, 2], [2, 6]), asked, yardstick())["calibration10"]
    assert found[0] == pytest.approx(0, abs=1e-9)
    assert found[1] == pytest.approx(math.log(100))


def test_gini_tells_even_from_uneven() -> None:
    """Every item once is 0; one of four items alone is 3/4."""
    assert gini(np.array([[0, 1, 2, 3]]), 4) == pytest.approx(0)
    assert gini(np.array([[2, -1], [2, -1]]), 4) == pytest.approx(0.75)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.integers(0, 99))
def test_figures_stay_in_their_ranges(shoppers: int, seed: int) -> None:
    """Whatever is shown, shares are shares, and an interval holds its figure's neighbourhood."""
    chance = np.random.default_rng(seed)
    shown = np.stack([chance.permutation(20)[:10] for _ in range(shoppers)])
    found = figures(shown, Asked(chance.integers(0, 20, shoppers), chance.dirichlet([1, 1], shoppers)), yardstick(), seed)
    for name in ("hr10", "ndcg10", "mrr10", "coverage10", "diversity10", "gini"):
        assert 0 <= found[name] <= 1  # type: ignore[operator]
        low, high = found["intervals"][name]  # type: ignore[index]
        assert low <= high
    assert found["calibration10"] >= -1e-9  # type: ignore[operator]
