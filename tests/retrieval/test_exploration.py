"""Chances of a Thompson draw, and the counts that it rests on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.exploration import Clicks, chances, context_of, posteriors, slot_chances
from retrieval.schema import Signal


@given(st.lists(st.tuples(st.floats(0.1, 50), st.floats(0.1, 50)), min_size=1, max_size=30), st.integers(0, 9))
def test_chances_add_up_to_one(parameters: list[tuple[float, float]], seed: int) -> None:
    """Every item's chance is a share of the tickets, all together one, the same for the same seed."""
    alpha, beta = np.array(parameters).T
    found = chances(alpha, beta, [seed])
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    assert (found == chances(alpha, beta, [seed])).all()


def test_a_surer_better_item_is_drawn_more() -> None:
    """Equal posteriors are drawn about equally often; one with the higher click rate nearly always."""
    even = np.mean([chances(np.full(2, 3.0), np.full(2, 9.0), [seed]) for seed in range(50)], axis=0)
    assert even == pytest.approx([0.5, 0.5], abs=0.05)
    assert chances(np.array([80.0, 8.0]), np.array([20.0, 92.0]), [0])[0] > 0.95


def test_what_happened_elsewhere_moves_the_belief_and_not_its_sureness() -> None:
    """Clicks in another context raise the mean; only those in this one make the posterior narrower."""
    clicks = Clicks({"a": {"kettle": (100, 30)}, "b": {"lamp": (100, 30)}})
    alpha, beta = posteriors(clicks, ["a", "b", "c"], "kettle", np.array([0.5, 0.5, 0.5]))
    means = alpha / (alpha + beta)
    assert means[0] == pytest.approx(0.3, abs=0.02)
    assert means[1] > means[2]
    assert (alpha + beta).tolist() == [110, 10, 10]


def test_a_better_score_is_a_higher_belief() -> None:
    """Before any click the ranker's order is the order of the means."""
    alpha, beta = posteriors(Clicks(), ["a", "b", "c"], "", np.array([0.0, 0.5, 1.0]))
    assert (np.diff(alpha / (alpha + beta)) > 0).all()


def test_impressions_are_counted_by_context() -> None:
    """Each impression counts once, a click beside it; the rate leans on what was seen."""
    clicks = Clicks.counted([("kettle", "a", True), ("kettle", "a", False), ("lamp", "a", False), ("kettle", "b", False)])
    assert clicks.counts["a"] == {"kettle": (2, 1), "lamp": (1, 0)}
    assert clicks.rate == pytest.approx((1 + 1) / (10 + 4))


def test_more_clicks_than_impressions_are_refused() -> None:
    """Counts that cannot be are an error where they are made."""
    with pytest.raises(ValueError, match="3 clicks of 2 impressions"):
        Clicks({"a": {"": (2, 3)}})


@given(st.floats(0, 0.5), st.integers(1, 20))
def test_slots_share_out_the_exploration(share: float, limit: int) -> None:
    """The chances add up to the share of the slots, and lie on the last ones."""
    found = slot_chances(share, limit)
    assert found.sum() == pytest.approx(share * limit)
    assert (np.diff(found) >= 0).all()


def test_the_context_is_the_kind_that_is_wished_for() -> None:
    """The first wanted category, as bare words; nothing without one."""
    assert context_of([Signal("price", "<=", "60"), Signal("category", "=", "Running Shoes")]) == "running shoe"
    assert context_of([Signal("category", "!=", "boots")]) == ""
