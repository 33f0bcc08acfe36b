"""Labelled messages -> (prompt, target) pairs, through the prompts that inference uses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant import grammar, notation, prompts
from assistant.amounts import amounts
from assistant.numerals import normalise
from assistant.schema import Intent, Message
from retrieval.feeds.source import open_source
from retrieval.schema import Signal

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line of a training file that can't be used."""

    file: str
    line: int
    found: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.found}. {self.cure}"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with its gold reading."""

    id: str
    language: str
    message: str
    intent: Intent
    signals: tuple[Signal, ...]
    shown: tuple[str, ...] = ()
    history: tuple[Message, ...] = ()
    file: str = ""

    @property
    def gold(self) -> str:
        return notation.format_line(self.intent, self.signals)


@dataclass(frozen=True, slots=True)
class Mark:
    """A signal's place in the text; `start` is -1 for a value that is not copied (an item number, a topic)."""

    signal: Signal
    start: int = -1
    end: int = -1
    suffix: str = ""
    """What follows the copied words in the value: a currency."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A normalised message with the place of every gold value, so that text and gold can be changed together."""

    id: str
    language: str
    text: str
    intent: Intent
    marks: tuple[Mark, ...]
    shown: tuple[str, ...] = ()
    history: tuple[Message, ...] = ()

    def substitute(self, start: int, end: int, words: str) -> Marked:
        """The same message with `text[start:end]` replaced, every mark moved along."""
        shift = len(words) - (end - start)

        def moved(mark: Mark) -> Mark:
            if mark.start < 0 or mark.end <= start:
                return mark
            if mark.start >= end:
                return replace(mark, start=mark.start + shift, end=mark.end + shift)
            return replace(mark, end=mark.end + shift)

        return replace(self, text=self.text[:start] + words + self.text[end:], marks=tuple(map(moved, self.marks)))

    @property
    def target(self) -> str:
        """The line to write: closed classes first, then the values in the order of the text, as they stand there."""
        ordered = sorted(self.marks, key=lambda mark: mark.start)
        signals = [
            replace(m.signal, value=self.text[m.start : m.end] + m.suffix) if m.start >= 0 else m.signal for m in ordered
        ]
        return notation.format_line(self.intent, signals)


@dataclass(frozen=True, slots=True)
class Example:
    """What the model sees and what it must write."""

    id: str
    prompt: tuple[Message, ...]
    target: str
    stars: float | None = None
    """The rating that stands at the first digit of the target; learnt with a loss of its own."""
    sentiment: int | None = None
    """Negative 0, neutral 1, positive 2, at the place of the first digit; with a loss of its own too."""
    open: bool = False
    """The target is only the beginning of the answer: that it ends there is not learnt."""


def read_messages(path: Path, on_error: Callable[[BadRow], None]) -> Iterator[Labelled]:
    """The labelled messages of a JSON Lines file (the format of evaluation files), gzipped or not; a bad line goes to `on_error`.

    Raises FeedError for a file that is absent, empty or no text.
    """
    with open_source(path) as source:
        lines = "".join(source.chunks).split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _labelled(json.loads(line), path.name)
        except KeyError as error:
            on_error(BadRow(path.name, number, f"no key {error}", "Give id, language, message and gold."))
        except (ValueError, TypeError) as error:
            on_error(BadRow(path.name, number, str(error), "Mend the line, or leave it out with --skip-bad."))


def mark(labelled: Labelled) -> Marked:
    """The message normalised, its gold values found in it. Raises ValueError for a value that does not stand there."""
    text = normalise(labelled.message).text
    places: dict[str, list[tuple[int, int]]] = {}
    for start, end in grammar.spans(text):
        places.setdefault(notation.fold(text[start:end]), []).append((start, end))
    marks = tuple(_mark(signal, text, places, labelled.shown) for signal in labelled.signals)
    return Marked(labelled.id, labelled.language, text, labelled.intent, marks, labelled.shown, labelled.history)


def example(marked: Marked) -> Example:
    """The prompt and target of a marked message."""
    return Example(marked.id, prompts.reading_prompt(marked.text, marked.shown, marked.history), marked.target)


def hold_out(rows: Sequence[Labelled], every: int = 10) -> tuple[list[Labelled], list[Labelled]]:
    """(for training, for validation): every n-th row of each file is kept back."""
    seen: dict[str, int] = {}
    kept: list[Labelled] = []
    rest: list[Labelled] = []
    for row in rows:
        seen[row.file] = seen.get(row.file, 0) + 1
        (kept if seen[row.file] % every == 0 else rest).append(row)
    return rest, kept


def usable(rows: Iterable[Labelled], on_error: Callable[[BadRow], None]) -> list[Marked]:
    """The rows whose gold can be copied out of the message; the others go to `on_error`."""
    found: list[Marked] = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(mark(row))
        except ValueError as error:
            on_error(BadRow(row.file, number, f"{row.id}: {error}", "A value is one contiguous piece of the message."))
    return found


def _labelled(row: dict[str, object], file: str) -> Labelled:
    intent, signals = notation.parse(str(row["gold"]))
    shown, history = row.get("shown", ()), row.get("history", ())
    if not isinstance(shown, list | tuple) or not isinstance(history, list | tuple):
        raise ValueError("shown and history must be lists")
    turns = tuple(Message(turn["role"], str(turn["text"])) for turn in history)
    message = str(row["message"])
    if not message.strip():
        raise ValueError("the message is empty")
    return Labelled(
        str(row["id"]), str(row["language"]), message, intent, signals, tuple(str(title) for title in shown), turns, file,
    )


def _mark(signal: Signal, text: str, places: dict[str, list[tuple[int, int]]], shown: tuple[str, ...]) -> Mark:
    if signal.facet in ("topic", "action") or (signal.facet == "item" and signal.value.isdigit() and shown):
        return Mark(signal)
    number, _, code = signal.value.partition(" ")
    if signal.facet in ("price", "rating", "order") and re.fullmatch(r"[\d.,]+|\S*\d\S*", number):
        return _mark_number(signal, text, number, code)
    found = places.get(notation.fold(signal.value))
    if found is None:
        if signal.facet == "brand" and any(notation.fold(signal.value) in notation.fold(title) for title in shown):
            return Mark(signal)
        raise ValueError(f"{signal} does not stand in the message")
    start, end = min(found, key=lambda place: abs(place[1] - place[0] - len(signal.value)))
    return Mark(signal, start, end)


def _mark_number(signal: Signal, text: str, number: str, code: str) -> Mark:
    places = list(re.finditer(rf"(?<![\d.]){re.escape(number.lower())}(?![\d]|\.\d)", text))
    suffix = f" {code}" if signal.facet == "price" and re.fullmatch("[A-Z]{3}", code) else ""
    if not places or (signal.facet == "order" and " " in signal.value):
        at = text.find(signal.value.lower())
        if at >= 0:
            return Mark(signal, at, at + len(signal.value))
        if signal.facet == "price" and signal.value in amounts(text):
            return Mark(signal)
        raise ValueError(f"{signal} does not stand in the message")
    return Mark(signal, places[-1].start(), places[-1].end(), suffix)
