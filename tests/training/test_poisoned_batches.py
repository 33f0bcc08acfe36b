"""Planted feedback lifts nothing, and what is counted of it is what happened."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from retrieval.shop import Shop
from training.adapt_settings import AdaptSettings
from training.poisoned_batches import Batches, Tried, told, try_batches

from .test_simulate import dump

TRIED = Tried(0, 0.01, "spread", 6, 6, "promoted", place=4, place_clean=4, place_before=4)
SETTINGS = AdaptSettings(fewest_slates=5, replayed=6, turns=6, passes=1, margin=0.2, forgetting=0.2, riser=0.5)


def test_planted_feedback_lifts_nothing(small_ground: Shop) -> None:
    """Of a batch with 5 % planted, in a day or over the month, neither moves its item up; the shop stays as it is."""
    before = dump(small_ground)
    tried = list(try_batches(small_ground, Batches((0.05,), 1, shoppers=15, settings=SETTINGS)))
    assert [(each.style, each.planted) for each in tried] == [("burst", 3), ("spread", 3)]
    assert all(0 <= each.learnt <= each.planted for each in tried)
    assert not any(each.lifted for each in tried)
    assert dump(small_ground) == before


@pytest.mark.parametrize(("changed", "lifted"), [
    ({}, False), ({"place": 3}, True), ({"place": 3, "outcome": "refused"}, False), ({"place": 3, "place_clean": 2}, False),
    ({"place": 3, "place_before": 3}, False),
])
def test_lifted_is_higher_than_without_what_was_planted(changed: dict[str, object], lifted: bool) -> None:
    """And than before, by a version that is in force; what honest clicks do is no success of an attack."""
    assert replace(TRIED, **changed).lifted is lifted  # type: ignore[arg-type]


def test_counts_are_by_share_and_style() -> None:
    """A refused batch promoted nothing; one promoted without planted rows learnt nothing planted."""
    figures = told([TRIED, replace(TRIED, outcome="refused"), replace(TRIED, learnt=0, place=1), replace(TRIED, style="burst")])
    spread = next(row for row in figures["poisoned"] if row["style"] == "spread")
    assert (spread["batches"], spread["promoted"], spread["promoted_with_planted_rows"], spread["lifted"]) == (3, 2, 1, 1)
    assert figures["lifted"] == 1 and len(json.loads(json.dumps(figures))["batches"]) == 4
