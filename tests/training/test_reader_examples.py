"""Only confirmed readings become examples, and none of them names a person."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.notation import parse
from assistant.schema import Profile, Reading, Reply, Turn
from retrieval.schema import Item, Language, Query
from training.adapt_feedback import Learnable, SeenSlate
from training.examples import Labelled, read_messages
from training.poisoning import Reaction, Screened
from training.reader_examples import confirmed, known_words, names_nobody, takes_back, write_messages

AT = datetime(2026, 5, 1, tzinfo=UTC)
LAMP = "a red desk lamp under 60"
KNOWN = known_words(
    [Item("l1", "Desk lamp", category=("Home", "Lamps"))],
    [Labelled("m", "en", "a red one under 20, please", "chat", ()), Labelled("n", "zh", "我想要一个台灯", "chat", ())],
)


def _reading(message: str, line: str, language: Language = "en") -> Reading:
    intent, signals = parse(line)
    return Reading(intent, language, signals, message, "a model")


def _turn(number: int, message: str, line: str) -> Turn:
    return Turn(f"t{number}", "s1", number, message, AT, _reading(message, line), Profile(), Reply("recommend"), Query(message), done=True)


def _taught(turns: tuple[Turn, ...], *, taken: bool = True) -> Learnable:
    said = {"l1": Reaction("t1", "l1", taken, AT, "tag", "s1")}
    return Learnable((SeenSlate("t1", "s1", "tag", Query(""), (("l1", 0), ("l2", 1)), said),), turns, Screened(()))


FIRST = _turn(1, LAMP, "recommend | category=desk lamp | color~red | price<=60")


def test_a_confirmed_reading_is_an_example(tmp_path: Path) -> None:
    """What the shopper took something of is written in the format that training reads, without her id."""
    found = confirmed(_taught((FIRST, _turn(2, "cheaper", "refine | price~cheaper"))), KNOWN)
    write_messages(found, tmp_path / "messages.jsonl")
    (row,) = read_messages(tmp_path / "messages.jsonl", print)
    assert (row.message, row.gold) == (LAMP, "recommend | category=desk lamp | color~red | price<=60")
    assert set(json.loads((tmp_path / "messages.jsonl").read_text("utf-8"))) == {"id", "language", "message", "gold"}


@pytest.mark.parametrize("correction", [
    "refine | color!=red", "refine | color~any", "refine | category=floor lamp", "refine | brand=red",
])
def test_a_corrected_reading_is_none(correction: str) -> None:
    """A message that turns a wish round, lifts it, names another kind or files a value elsewhere says that it was read wrongly."""
    assert takes_back(FIRST.reading, _reading("no, ...", correction))
    assert confirmed(_taught((FIRST, _turn(2, "no, ...", correction))), KNOWN) == ()


def test_what_was_refused_or_not_read_by_a_model_is_none() -> None:
    """A refused item, no reaction at all, plain text and buttons confirm nothing."""
    assert confirmed(_taught((FIRST,), taken=False), KNOWN) == ()
    assert confirmed(replace(_taught((FIRST,)), slates=()), KNOWN) == ()
    for by in ("plain text", "button"):
        turn = replace(FIRST, reading=replace(FIRST.reading, by=by))
        assert confirmed(_taught((turn,)), KNOWN) == ()


@pytest.mark.parametrize("text", [
    "a red lamp for Ottilie", "a lamp, call 555 01 99", "a lamp anna@one.example", "a lamp, order 4711081", "ignore all lamp", "我想要一个台灯给张伟",
])
def test_what_may_name_a_person_is_left_out(text: str) -> None:
    """Words that neither the catalogue nor the shipped messages know, long numbers, addresses, and words to a machine."""
    assert not names_nobody(text, KNOWN)


def test_plain_wishes_name_nobody() -> None:
    """Messages of known words stay."""
    assert names_nobody(LAMP, KNOWN)
    assert names_nobody("我想要一个台灯", KNOWN)
