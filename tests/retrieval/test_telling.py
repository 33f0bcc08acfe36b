"""What an answer is expected to tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.telling import answer_shares, expected_gain, relevance, told

EVEN = np.full(4, 0.25)
HALVES = np.array([[True, True, False, False], [False, False, True, True]])


def test_a_question_that_halves_the_candidates_tells_one_bit() -> None:
    """Who always answers and is never mistaken halves what is possible."""
    assert expected_gain(EVEN, HALVES, undecided=0.0) == pytest.approx(1.0)


def test_shoppers_without_a_preference_cost_their_share() -> None:
    """An answer that is given by seven of ten tells seven tenths of it."""
    assert expected_gain(EVEN, HALVES, undecided=0.3) == pytest.approx(0.7)


def test_few_items_need_no_further_narrowing() -> None:
    """What parts four candidates in two tells nothing to somebody who looks through four, and less to one who looks at three."""
    assert expected_gain(EVEN, HALVES, undecided=0.0, enough=4) == 0.0
    assert expected_gain(EVEN, HALVES, undecided=0.0, enough=3) == pytest.approx(2 - np.log2(3))


def test_what_all_candidates_share_tells_nothing() -> None:
    """A value that every candidate has, or several that every one has, part nothing."""
    assert expected_gain(EVEN, np.ones((1, 4), dtype=bool), undecided=0.2) == pytest.approx(0.0)
    assert expected_gain(EVEN, np.ones((3, 4), dtype=bool), undecided=0.0) == pytest.approx(0.0)


def test_an_answer_raises_what_has_it() -> None:
    """After an answer its items stand above the others, and a little chance of a mistaken tap stays."""
    after = told(EVEN, HALVES, 0, undecided=0.2, error=0.1)
    assert after[0] == after[1] > after[2] == after[3] > 0
    assert after.sum() == pytest.approx(1.0)


def test_an_answer_that_was_impossible_changes_nothing() -> None:
    """No weight is lost when the model of answers is contradicted."""
    holds = np.array([[False] * 4, [True] * 4])
    assert (told(EVEN, holds, 0, undecided=0.0, error=0.0) == EVEN).all()


def test_relevance_is_even_without_scores_and_falls_with_them() -> None:
    """Equal scores give equal shares; a sharper fall moves more to the best."""
    assert relevance(np.zeros(5), 2.0) == pytest.approx(np.full(5, 0.2))
    mild, sharp = (relevance(np.array([1.0, 0.0]), sharpness)[0] for sharpness in (0.5, 4.0))
    assert 0.5 < mild < sharp < 1.0
    assert len(relevance(np.empty(0), 1.0)) == 0


@given(
    st.integers(1, 5), st.integers(1, 30), st.floats(0.0, 0.9), st.floats(0.0, 0.9), st.integers(0, 2**31),
)
def test_answers_are_probabilities_and_tell_no_more_than_there_is(
    choices: int, count: int, undecided: float, error: float, seed: int
) -> None:
    """Shares add up to 1 for each item; the gain lies between 0 and the entropy of the candidates and of the answers."""
    chance = np.random.default_rng(seed)
    holds = chance.random((choices, count)) < 0.4
    weights = chance.dirichlet(np.ones(count))
    assert answer_shares(holds, undecided, error).sum(axis=0) == pytest.approx(np.ones(count))
    entropy = float(-(weights[weights > 0] * np.log2(weights[weights > 0])).sum())
    gain = expected_gain(weights, holds, undecided)
    assert 0.0 <= gain <= min(entropy, np.log2(choices + 1)) + 1e-9
