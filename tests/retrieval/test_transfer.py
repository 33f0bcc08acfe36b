"""Liking in one part of the shop as a prior in the others."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.transfer import residuals, transfer

TASTE, BOOTS, LAMPS = np.eye(3, 6, dtype=np.float32)
VECTORS = np.array([BOOTS + TASTE, BOOTS - TASTE, LAMPS + TASTE, LAMPS - TASTE], dtype=np.float32)
KINDS = np.array([0, 0, 1, 1])


def test_a_taste_goes_over_to_another_kind() -> None:
    """Who likes the boots in a taste gets the lamp in that taste before the other."""
    rest = residuals(VECTORS, KINDS)
    prior = transfer(rest[:1], np.ones(1), rest[2:])
    assert prior == pytest.approx([1.0, -1.0])


def test_what_was_disliked_turns_the_prior_round() -> None:
    """A weight below 0 leads away."""
    rest = residuals(VECTORS, KINDS)
    assert transfer(rest[:1], -np.ones(1), rest[2:]) == pytest.approx([-1.0, 1.0])


def test_without_a_history_all_are_equal() -> None:
    """No history, or one that cancels out, says nothing; nor does the only item of a kind."""
    rest = residuals(VECTORS, KINDS)
    assert (transfer(rest[:0], np.empty(0), rest) == 0).all()
    assert transfer(rest[:2], np.ones(2), rest) == pytest.approx(np.zeros(4))
    assert (residuals(VECTORS[:1], KINDS[:1]) == 0).all()
