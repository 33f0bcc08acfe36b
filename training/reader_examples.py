"""Readings that shoppers confirmed, as labelled messages for the reader, with nothing in them that could name a person.

A reading is confirmed when something of the slate that it led to was taken, nothing of it was refused, and the next message of
the session takes nothing of it back. What may name a person is told by what it is not: a message is used only when every word of
it is known to the shop's catalogue or to the shipped messages, and no number has more than four digits. A name that is also such
a word ("Rose", or Chinese characters that are words by themselves) is not told apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from assistant.reading import BUTTON, PLAIN
from assistant.safety import clean, speaks_to_a_machine
from assistant.schema import Reading, Turn
from retrieval.schema import Item, Signal
from retrieval.text import tokens
from training.adapt_feedback import Learnable
from training.examples import Labelled, usable

_LONGEST = 400
_LONG_NUMBER = re.compile(r"\d(?:[\s().-]?\d){4,}")
_NOT_READ = frozenset({BUTTON, PLAIN, ""})


def confirmed(taught: Learnable, known: frozenset[str]) -> tuple[Labelled, ...]:
    """The confirmed readings of the turns that may be learnt from; `known` are the words that name nobody."""
    sessions: dict[str, list[Turn]] = {}
    for turn in taught.turns:
        sessions.setdefault(turn.session_id, []).append(turn)
    told = {slate.turn: [each.taken for each in slate.said.values()] for slate in taught.slates}
    found = []
    for turns in sessions.values():
        ordered = sorted(turns, key=lambda turn: turn.number)
        for turn, after in zip(ordered, [*ordered[1:], None], strict=True):
            answers = told.get(turn.id, [])
            taken_back = after is not None and takes_back(turn.reading, after.reading)
            if answers and all(answers) and not taken_back and turn.number == 1 and _was_read(turn):
                found += _labelled(turn, known)
    return tuple(found)


def takes_back(earlier: Reading, later: Reading) -> bool:
    """True when the later message turns a wish of the earlier one round, lifts it, or names another kind of product while it
    still refines: the earlier one was read wrongly, or the shopper thought better of it."""
    return any(_against(old, new, later.intent == "refine") for old in earlier.signals for new in later.signals)


def _against(old: Signal, new: Signal, refines: bool) -> bool:
    same = old.value.casefold() == new.value.casefold()
    if old.facet != new.facet:
        return same
    turned = same and old.wanted != new.wanted
    renamed = refines and old.facet == "category" and not same
    return turned or renamed or new.value in ("any", "不限", "无所谓")


def known_words(items: Iterable[Item], messages: Iterable[Labelled]) -> frozenset[str]:
    """Every word of the catalogue and of the messages."""
    texts = [message.message for message in messages]
    for item in items:
        texts += [item.title, item.brand, item.description, *item.category]
        texts += [value for attribute in item.attributes for value in (attribute.name, *attribute.values)]
        texts += [words for each in item.translations for words in (each.title, each.description, *each.category)]
    return frozenset(word for text in texts for word in tokens(text))


def names_nobody(text: str, known: frozenset[str]) -> bool:
    """True for a text of known words without a long number, an address, or words to a machine."""
    if "@" in text or _LONG_NUMBER.search(text) or speaks_to_a_machine(text):
        return False
    return all(word in known or word.isdecimal() for word in tokens(text))


def write_messages(messages: Sequence[Labelled], path: Path) -> None:
    """The messages in the format that `daogou train adapter` reads. Erasing a shopper takes her lines out."""
    rows: Iterable[Mapping[str, str]] = (
        {"id": each.id, "language": each.language, "message": each.message, "gold": each.gold} for each in messages
    )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _was_read(turn: Turn) -> bool:
    """True when a model read the message as a request for products, without trouble."""
    read = turn.reading.by not in _NOT_READ and not any(each.step == "read" for each in turn.degraded)
    return read and turn.reading.intent == "recommend" and bool(turn.reading.signals)


def _labelled(turn: Turn, known: frozenset[str]) -> list[Labelled]:
    """The message as an example; none when it may name somebody, or a value does not stand in it."""
    text = clean(turn.message, _LONGEST)
    row = Labelled(turn.id, turn.reading.language, text.text, turn.reading.intent, turn.reading.signals, file="feedback")
    return [row] if not text.note and names_nobody(text.text, known) and usable([row], lambda _: None) else []
