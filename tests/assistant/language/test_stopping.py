"""Stop strings, deadlines and cancels."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import GenerationError
from assistant.language import Generation
from assistant.language.stopping import Limits, Stops

AB = st.text("ab\n", max_size=12)


@given(pieces=st.lists(AB, max_size=8), stop=st.lists(st.text("ab\n", min_size=1, max_size=3), max_size=3))
def test_pieces_cut_like_the_whole(pieces: list[str], stop: list[str]) -> None:
    """However a text is cut into pieces, it ends before the stop string that comes first."""
    whole = "".join(pieces)
    stops = Stops(tuple(stop))
    shown = "".join(stops.push(piece) for piece in pieces) + stops.finish()
    places = [whole.find(each) for each in stop if each in whole]
    assert whole.startswith(shown)
    assert not any(each in shown for each in stop)
    if not places:
        assert shown == whole
    if stops.met:
        assert any(whole[len(shown) :].startswith(each) for each in stop)


def test_only_what_may_become_a_stop_is_held_back() -> None:
    """Text is shown as soon as it can't be the beginning of a stop string."""
    stops = Stops(("END",))
    assert [stops.push(piece) for piece in ("shoe", " E", "N", "V")] == ["shoe", " ", "", "ENV"]


def test_the_deadline_counts_from_the_call() -> None:
    """The time left shrinks with the clock, and is never negative."""
    now = [100.0]
    limits = Limits(Generation(deadline=2.0), lambda: now[0])
    limits.check()
    now[0] = 101.5
    assert limits.left == pytest.approx(0.5)
    assert limits.wait(0.2) == pytest.approx(0.2)
    now[0] = 105.0
    assert limits.left == 0.0
    with pytest.raises(GenerationError, match="2 s"):
        limits.check()


def test_without_limits_nothing_ends() -> None:
    """No deadline and no flag mean no end."""
    limits = Limits(Generation())
    limits.check()
    assert limits.left is None
    assert not limits.cancelled
    flag = threading.Event()
    flag.set()
    assert Limits(Generation(cancel=flag)).cancelled
