"""What a shopper reads of what is remembered of her, in chat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assistant.memory_card import age, entries
from assistant.schema import Interest, Profile, Reading
from assistant.smalltalk import on_memory
from retrieval.schema import Signal

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RED = Interest(Signal("color", "~", "red"), 0.9, "stated", NOW - timedelta(days=3), term="long", sentence="I like red")
KETTLE = Interest(Signal("category", "=", "kettle"), 1.0, "message", NOW, 1, sentence="a kettle")
BOTH = Profile((RED, KETTLE))


def _ask(*signals: str, intent: str = "memory", language: str = "en") -> Reading:
    return Reading(intent, language, tuple(map(Signal.parse, signals)), "said")  # type: ignore[arg-type]


def test_every_interest_says_where_it_comes_from() -> None:
    """"What do you know about me?" lists the lasting ones with sentence, age and surety, and those of the session."""
    text = on_memory(_ask(), BOTH, BOTH, NOW).text
    assert "**red** (sure, 3 days ago; you asked me to remember: “I like red”)" in text
    assert "In this conversation I hold: kettle" in text
    chinese = on_memory(_ask(language="zh"), BOTH, BOTH, NOW).text
    assert "3天前" in chinese and "“I like red”" in chinese


def test_only_what_was_asked_for_is_shown() -> None:
    """"What do you know about my colours: red?" shows that one."""
    text = on_memory(_ask("topic=show", "color~red"), BOTH, BOTH, NOW).text
    assert "red" in text and "kettle" not in text


def test_forgetting_tells_what_is_gone_and_never_more() -> None:
    """What was held is told as forgotten, what was not is told as not held, and all is all."""
    without = Profile((KETTLE,))
    assert on_memory(_ask("topic=forget", "color~red"), BOTH, without, NOW).text == "Forgotten: red."
    assert on_memory(_ask("topic=forget", "color~blue"), BOTH, BOTH, NOW).text == "I don't hold that: blue."
    assert on_memory(_ask("topic=forget"), BOTH, Profile(), NOW).text == "Everything I remembered of you is forgotten."
    assert on_memory(_ask("topic=forget"), Profile(), Profile(), NOW).text == "I hold no wishes of yours so far."


def test_what_is_held_twice_is_told_once() -> None:
    """An interest of the session that is also a lasting one is told as lasting."""
    again = Interest(RED.signal, 0.7, "message", NOW, 2, sentence="red again")
    assert [entry.lasting for entry in entries(Profile((RED, again)), "en", NOW)] == [True]


def test_a_long_list_is_cut_and_says_so() -> None:
    """The surest eight are listed, and how many more there are."""
    many = tuple(Interest(Signal("feature", "~", f"f{n}"), 0.3, "click", NOW, term="long") for n in range(12))
    text = on_memory(_ask(), Profile(), Profile(many), NOW).text
    assert text.count("**f") == 8
    assert "4 more" in text


@given(st.integers(-10_000, 10_000))
def test_ages_are_words_whatever_the_clock(days: int) -> None:
    """A moment of the future is today; every age says something in both languages."""
    found = age(NOW - timedelta(days=days), NOW, "en")
    assert found == ("today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago")
    assert age(NOW - timedelta(days=days), NOW, "zh")
