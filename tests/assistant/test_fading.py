"""Strength that adds up, fades, and gives way to what was stated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.fading import STRONGEST, HalfLives, fade, join, mass_of, strength_of
from assistant.schema import Interest
from retrieval.schema import Signal

NOW = datetime(2026, 3, 1, tzinfo=UTC)
moments = st.integers(-900, 900).map(lambda days: NOW + timedelta(days=days))
strengths = st.floats(0.0, STRONGEST)
interests = st.builds(
    Interest,
    st.builds(Signal, st.sampled_from(["category", "color"]), st.sampled_from(["~", "!~"]), st.sampled_from(["red", "blue"])),
    strengths, st.sampled_from(["message", "review", "click", "purchase", "stated"]), moments, term=st.just("long"),
    pinned=st.booleans(),
)


def interest(line: str, strength: float = 0.5, source: str = "click", days: int = 0, **more: object) -> Interest:
    return Interest(Signal.parse(line, "profile"), strength, source, NOW + timedelta(days=days), term="long", **more)  # type: ignore[arg-type]


def test_half_of_the_evidence_is_left_after_a_half_life() -> None:
    """After one half-life the evidence behind an interest, not its strength, is halved."""
    (held,) = fade([interest("color~red", 0.75)], NOW + timedelta(days=10), HalfLives({"color": 10.0}, {}))
    assert held.strength == pytest.approx(0.5)
    assert held.since == NOW


@settings(deadline=None)
@given(interests, st.integers(0, 400), st.integers(0, 400))
def test_fading_in_steps_is_fading_at_once(held: Interest, first: int, second: int) -> None:
    """A profile that is faded at every visit ends as one that is faded once."""
    start = held.at
    there = fade(fade([held], start + timedelta(days=first)), start + timedelta(days=first + second))
    at_once = fade([held], start + timedelta(days=first + second))
    assert [i.strength for i in there] == pytest.approx([i.strength for i in at_once])


@settings(deadline=None)
@given(interests, moments)
def test_fading_never_strengthens(held: Interest, now: datetime) -> None:
    """Whatever the clock says, an interest gets no stronger by waiting, and a pinned one stays."""
    for after in fade([held], now):
        assert after.strength <= held.strength + 1e-12
        assert not held.pinned or after == held


@settings(deadline=None)
@given(interests, interests)
def test_joining_does_not_depend_on_the_order(one: Interest, other: Interest) -> None:
    """Events that arrive out of order give what they give in order; an event twice counts once."""
    assert [(i.signal, i.at, i.source) for i in join([one], [other])] == [(i.signal, i.at, i.source) for i in join([other], [one])]
    assert [i.strength for i in join([one], [other])] == pytest.approx([i.strength for i in join([other], [one])])
    assert join([one], [one]) == join([], [one])


@settings(deadline=None)
@given(st.lists(strengths, min_size=1, max_size=50))
def test_evidence_adds_up_with_diminishing_returns(given_strengths: list[float]) -> None:
    """Each piece adds something, never more than it is worth alone, and nothing becomes certain."""
    together = strength_of(sum(map(mass_of, given_strengths)))
    assert max(given_strengths) - 1e-9 <= together <= STRONGEST
    assert together <= sum(given_strengths) + 1e-9


@pytest.mark.parametrize(
    ("held", "new", "expected"),
    [
        (interest("color!~red", 0.3, "stated"), interest("color~red", 0.9, "purchase", 5), "color!~red"),
        (interest("color~red", 0.9, "purchase", 5), interest("color!~red", 0.3, "stated"), "color!~red"),
        (interest("color~red", 0.9, "click"), interest("color!~red", 0.1, "click", 5), "color!~red"),
        (interest("color~red", 0.9, "click", pinned=True), interest("color!~red", 0.9, "click", 5), "color~red"),
        (interest("color~red", 0.9, "stated"), interest("color!~red", 0.9, "stated", 5), "color!~red"),
    ],
)
def test_contradictions(held: Interest, new: Interest, expected: str) -> None:
    """A stated or pinned wish outranks an inferred one; between equals the newer replaces."""
    assert [str(i.signal) for i in join([held], [new])] == [expected]
