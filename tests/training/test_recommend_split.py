"""What is held back, and that a slate never shows what is in the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from retrieval.histories import Histories, histories_of
from retrieval.schema import Interaction
from training.recommend_split import best, leave_out, ndcg, slates_of

AT = datetime(2026, 1, 1, tzinfo=UTC)


def log(**items: str) -> Histories:
    events = [
        Interaction(shopper, item, "purchase", AT + timedelta(hours=hour))
        for shopper, chosen in items.items() for hour, item in enumerate(chosen)
    ]
    return histories_of(events, {letter: row for row, letter in enumerate("abcdefghijklmnop")})


class Upwards:
    """Scores every item by its row."""

    def scores(self, shoppers: np.ndarray) -> np.ndarray:
        return np.tile(np.arange(16.0), (len(shoppers), 1))


def test_the_last_choice_is_asked_and_not_learnt() -> None:
    """The target of each shopper is the newest item, and the training part ends before it."""
    split = leave_out(log(x="abc", y="de"))
    assert split.targets.tolist() == [2, 4]
    assert split.train.rows.tolist() == [0, 1, 3]


def test_tuning_never_sees_the_last_choice() -> None:
    """One further back the last is neither learnt nor asked, and a history of two has nothing left to learn."""
    split = leave_out(log(x="abc", y="de"), back=1)
    assert (split.shoppers.tolist(), split.targets.tolist()) == ([0], [1])
    assert not {2, 4} & set(split.train.rows.tolist())


def test_a_single_choice_is_learnt_and_not_asked() -> None:
    """A shopper with one item tells of that item's popularity only."""
    split = leave_out(log(x="abc", y="d"))
    assert split.shoppers.tolist() == [0]
    assert 3 in split.train.rows


def test_slates_hold_the_best_that_is_not_in_the_history() -> None:
    """Ranking is over all items that the shopper has not chosen, best first."""
    slate = slates_of(leave_out(log(x="pona")), Upwards())[0]
    assert slate.tolist() == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]


def test_equals_keep_the_order_of_the_catalogue_and_short_slates_are_filled_with_minus_one() -> None:
    """Ties are not left to chance."""
    assert best(np.array([[1.0, 1.0, -np.inf, 2.0]]), 4).tolist() == [[3, 0, 1, -1]]


def test_ndcg_is_the_mean_over_all_that_are_asked() -> None:
    """A hit in first place among two shoppers gives one half."""
    assert ndcg(np.array([[4, 5], [6, 7]]), np.array([4, 9])) == 0.5
