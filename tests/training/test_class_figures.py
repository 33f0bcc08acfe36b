"""Figures of ratings and classes obey their definitions, whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.class_figures import accuracy, confusion_of, intervals, macro_f1, mae, reliability, rmse, sentiment_of

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)
STARS = st.lists(st.tuples(st.floats(1, 5), st.floats(1, 5)), min_size=1, max_size=60)


def _columns(pairs, kind=np.int64):
    first, second = zip(*pairs, strict=True)
    return np.array(first, dtype=kind), np.array(second, dtype=kind)


@given(STARS)
def test_the_mean_error_is_at_most_the_root_of_the_mean_square(pairs):
    """0 <= MAE <= RMSE <= 4 between stars, both 0 for what is right."""
    gold, read = _columns(pairs, float)
    assert 0 <= mae(gold, read) <= rmse(gold, read) + 1e-9 <= 4 + 1e-8
    assert rmse(gold, gold) == mae(gold, gold) == 0


@given(PAIRS)
def test_the_confusion_holds_every_row_and_its_diagonal_the_right_ones(pairs):
    """Rows are what was meant, columns what was read; accuracy is the diagonal's share."""
    gold, read = _columns(pairs)
    table = confusion_of(gold, read, 5)
    assert table.sum() == len(pairs)
    assert np.trace(table) / len(pairs) == pytest.approx(accuracy(gold, read))
    assert (table.sum(axis=1) == np.bincount(gold, minlength=5)).all()


@given(PAIRS)
def test_macro_f1_is_the_mean_over_the_classes_that_occur(pairs):
    """It agrees with the definition written out class by class."""
    gold, read = _columns(pairs)
    each = []
    for name in set(gold.tolist()):
        right = sum(g == r == name for g, r in pairs)
        each.append(2 * right / (sum(g == name for g, _ in pairs) + sum(r == name for _, r in pairs)))
    assert macro_f1(gold, read) == pytest.approx(float(np.mean(each)))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80))
def test_calibration_error_lies_between_none_and_one(pairs):
    """Every row is in a bin, and the error is a share."""
    confidence, right = _columns(pairs, float)
    bins, error = reliability(confidence, right.astype(bool))
    assert bins[:, 2].sum() == len(pairs)
    assert 0 <= error <= 1


def test_who_says_seventy_percent_and_is_right_so_often_is_calibrated():
    """The error is the gap between confidence and share that is right."""
    right = np.array([True] * 7 + [False] * 3)
    assert reliability(np.full(10, 0.7), right)[1] == pytest.approx(0)
    assert reliability(np.full(10, 0.95), right)[1] == pytest.approx(0.25)


@pytest.mark.parametrize(("rating", "place"), [(1, 0), (2, 0), (2.4, 0), (3, 1), (3.4, 1), (4, 2), (5, 2)])
def test_stars_are_three_sentiments(rating, place):
    """1 and 2 are negative, 3 neutral, 4 and 5 positive."""
    assert sentiment_of(rating) == place


def test_a_binary_rating_has_no_middle():
    """0 is negative, 1 positive."""
    assert [sentiment_of(rating, binary=True) for rating in (0, 1)] == [0, 2]


def test_intervals_hold_the_figure_and_repeat_with_their_seed():
    """95 % of the resamples lie inside; without rows there are none."""
    right = np.array([1.0, 0.0, 1.0, 1.0] * 20)
    wanted = {"share": lambda at: float(right[at].mean())}
    low, high = intervals(wanted, len(right))["share"]
    assert low < 0.75 < high
    assert intervals(wanted, len(right)) == {"share": (low, high)}
    assert intervals(wanted, 0) == {}
