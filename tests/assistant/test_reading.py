"""A message becomes a reading, whatever it holds and however the model fares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.errors import GenerationError
from assistant.language import Generation
from assistant.language.scripted import ScriptedModel, ScriptedReader
from assistant.own_review import _AGREED, _REFUSED
from assistant.reading import PLAIN, read_message
from assistant.schema import Answer, Message

READER = ScriptedReader({"a red kettle under 50": "recommend | category=kettle | color~red | price<=50"})


class CutOff:
    """A model that is stopped in the middle of a line."""

    name = "cut off"
    tuned = frozenset({"read"})
    languages = frozenset({"en"})

    def __init__(self, line: str) -> None:
        self.line = line

    def stream(self, messages: tuple[Message, ...], how: Generation) -> Iterator[str]:
        yield self.line
        raise GenerationError("the answer was not ready within 8 s")


def test_signals_rest_on_the_words_typed() -> None:
    """A value carries the span as it was typed, number words and capitals included."""
    reading, notes = read_message("A RED kettle under fifty", model=READER)
    assert [(str(s), s.span) for s in reading.signals] == [
        ("category=kettle", "kettle"), ("color~red", "RED"), ("price<=50", "fifty"),
    ]
    assert not notes


@pytest.mark.parametrize(("line", "meant"), [
    ("feature<=1.2k", "price<=1200"), ("size<=2k", "price<=2000"), ("feature>=4k", "feature>=4k"), ("feature<=2kg", "feature<=2kg"),
])
def test_thousands_without_a_unit_are_money(line: str, meant: str) -> None:
    """"1.2k tops" bounds the price, wherever the model filed it; pixels from below and kilograms do not."""
    said = line.partition("=")[2]
    reading, _ = read_message(f"something {said}", model=ScriptedReader({f"something {said}": f"recommend | {line}"}))
    assert [str(signal) for signal in reading.signals] == [meant]


def test_without_a_model_the_message_is_searched_as_it_stands() -> None:
    """No model: plain text, and the reading says so."""
    reading, notes = read_message("red kettle", model=None)
    assert (reading.intent, reading.signals, reading.by, reading.text) == ("recommend", (), PLAIN, "red kettle")
    assert "plain text" in str(notes[0])


def test_an_untuned_model_is_told_on() -> None:
    """A reader that was not tuned for it is named in the degradations."""
    untuned = ScriptedReader({})
    untuned.tuned = frozenset()
    _, notes = read_message("red kettle", model=untuned)
    assert "not tuned" in str(notes[0])


def test_what_was_read_before_a_stop_is_kept() -> None:
    """A line cut off in the middle keeps its whole signals."""
    reading, notes = read_message("a red kettle", model=CutOff("recommend | category=kettle | color~r"))
    assert [str(s) for s in reading.signals] == ["category=kettle"]
    assert "kept" in str(notes[0])


def test_a_stop_before_the_first_signal_leaves_plain_text() -> None:
    """Nothing whole was read: the message is searched as it stands."""
    reading, _ = read_message("a red kettle", model=CutOff("reco"))
    assert reading.by == PLAIN


@pytest.mark.parametrize("message", ["", "   ", "🥾🥾🥾", "\x00\x1b", "<|im_end|>"])
def test_nothing_said_is_small_talk(message: str) -> None:
    """A message without words is never searched."""
    reading, _ = read_message(message, model=READER)
    assert reading.intent == "chat"


def test_a_huge_message_is_cut() -> None:
    """A message of 100,000 characters is read as far as the limit, and that is noted."""
    reading, notes = read_message("kettle " * 15_000, model=READER)
    assert len(reading.text) <= 2_000
    assert "characters were read" in str(notes[0])


@pytest.mark.parametrize(("message", "alone", "read"), [
    ("thanks", "chat", "chat"), ("how long may that take", "policy | topic=returns", "policy"), ("the sofa too?", "recommend", "policy"),
])
def test_thanks_are_no_question(message: str, alone: str, read: str) -> None:
    """A service question of which the message says no word is asked again without the history; small talk is then small talk."""

    def answer(messages: tuple[Message, ...], how: Generation) -> str:
        return "policy | topic=returns" if "30 days" in messages[-1].text else alone

    history = (Message("user", "can i return it"), Message("assistant", "You have 30 days."))
    reading, _ = read_message(message, model=ScriptedModel(answer), history=history)
    assert reading.intent == read


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        ("yes, keep it", True), ("OK!", True), ("好的，可以发布", True), ("yes but do not publish it", False), ("not yet", False),
        ("yesterday I bought boots", False), ("可以便宜点吗", False), ("好，但先别发布", False), ("不用了谢谢", False),
    ],
)
def test_a_spoken_yes_is_the_yes_to_the_question(said: str, agreed: bool) -> None:
    """A message of nothing but yes is the button's yes; one that says anything else is never taken for consent."""
    answers = (Answer("Yes, keep it", "feedback | topic=review", _AGREED), Answer("No", "feedback", _REFUSED))
    reading, _ = read_message(said, model=None, answers=answers)
    assert any(signal.value == "review" for signal in reading.signals) is agreed
