"""Interactions as histories: order, repeats, weights, and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.histories import histories_of, weight_of
from retrieval.schema import Interaction

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = {"a": 0, "b": 1, "c": 2}


def event(shopper: str, item: str, kind: str = "purchase", hour: int = 0, value: float | None = None) -> Interaction:
    return Interaction(shopper, item, kind, START + timedelta(hours=hour), value)  # type: ignore[arg-type]


def test_the_oldest_comes_first_whatever_the_order_of_the_file() -> None:
    """A history is ordered by time, and shoppers are kept apart."""
    found = histories_of([event("x", "b", hour=2), event("y", "c"), event("x", "a", hour=1)], ROWS)
    assert found.shoppers == ("x", "y")
    assert found.rows.tolist() == [0, 1, 2]
    assert found.starts.tolist() == [0, 2, 3]
    assert found.age.tolist() == [1, 0, 0]


def test_an_item_stands_once_where_it_came_last_with_its_strongest_weight() -> None:
    """Looking again at what was bought does not make it less of a choice."""
    found = histories_of([event("x", "a", "purchase"), event("x", "b", hour=1), event("x", "a", "view", hour=2)], ROWS)
    assert found.rows.tolist() == [1, 0]
    assert found.weights.tolist() == [1.0, 1.0]


def test_a_dislike_outweighs_what_was_before() -> None:
    """Who bought it and then dislikes it does not want it."""
    assert histories_of([event("x", "a"), event("x", "a", "dislike", hour=1)], ROWS).weights.tolist() == [-1.0]


def test_items_that_the_shop_has_not_are_counted_and_left_out() -> None:
    """An interaction with an unknown item does no harm."""
    found = histories_of([event("x", "gone"), event("x", "a")], ROWS)
    assert (found.unknown, found.rows.tolist()) == (1, [0])


def test_kinds_weigh_what_they_cost_the_shopper() -> None:
    """A purchase says more than a cart, a cart more than a click, a click more than a view; a dislike says the opposite."""
    weights = [weight_of(event("x", "a", kind)) for kind in ("dislike", "view", "click", "cart", "like", "purchase")]
    assert weights == sorted(weights)
    assert weights[0] < 0 < weights[1]


def test_a_rating_counts_by_its_stars_and_never_as_nan() -> None:
    """More stars weigh more; a rating without a number weighs like three."""
    weights = [weight_of(event("x", "a", "rating", value=value)) for value in (1.0, 3.0, 5.0, float("nan"), None)]
    assert weights == pytest.approx([0.8, 0.9, 1.0, 0.9, 0.9])


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("abcd"), st.sampled_from(["view", "purchase", "dislike"]), st.integers(0, 5))))
def test_every_history_is_ordered_and_without_repeats(drawn: list[tuple[str, str, str, int]]) -> None:
    """For any log the arrays fit together, times never fall within a history, and no item occurs twice in one."""
    found = histories_of([event(*each) for each in drawn], ROWS)
    assert found.starts[-1] == len(found.rows) == len(found.weights) == len(found.days)
    for start, end in zip(found.starts[:-1], found.starts[1:], strict=True):
        assert len(set(found.rows[start:end].tolist())) == end - start > 0
        assert (np.diff(found.days[start:end]) >= 0).all()
