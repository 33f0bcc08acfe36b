"""The bars of the memory panel."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

from assistant.behaviour import Strength
from ui.memory_timeline import timeline_html


def row(value: str, *strengths: float) -> list[Strength]:
    return [Strength(datetime(2026, month, 28, tzinfo=UTC), "category", value, s) for month, s in enumerate(strengths, 1)]


def test_bars_are_named_for_those_who_can_not_see_them() -> None:
    """Each row says its months and strengths in words, in either language; the picture is well-formed."""
    english = timeline_html(row("hiking boots", 0.0, 0.5, 0.9), "en")
    assert "hiking boots: Jan 0 of 5, Feb 3 of 5, Mar 5 of 5" in english
    assert "1月0/5，2月3/5，3月5/5" in timeline_html(row("靴子", 0.0, 0.5, 0.9), "zh")
    drawn = ElementTree.fromstring(f"<div>{english}</div>")
    assert [int(rect.attrib["height"]) for rect in drawn.iter("rect")] == [2, 17, 31]


def test_words_of_the_shopper_are_never_markup() -> None:
    """A value is shown as text, in the row and in its name."""
    html = timeline_html(row("<img src=x onerror=alert(1)> '\"", 0.5, 0.5), "en")
    assert "<img" not in html
    assert "&lt;img" in html


def test_nothing_to_compare_draws_nothing() -> None:
    """No interests, or interests of this month alone, have no history."""
    assert timeline_html([], "en") == ""
    assert timeline_html(row("tent", 0.0, 0.4), "en") == ""
