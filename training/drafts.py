"""Messages that nobody has labelled, and what a model makes of many of them at once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from assistant.errors import ModelMissing
from assistant.grammar import reading_grammar
from assistant.language import Generation, LanguageModel
from assistant.language.bulk import BulkModel, Written
from assistant.notation import fold, parse, tidy
from assistant.numerals import normalise
from assistant.prompts import reading_prompt
from assistant.safety import clean, language_of, says_something
from assistant.schema import Message
from retrieval.feeds.source import open_source
from training.examples import DATA, BadRow, Labelled, read_messages

_LONGEST = 400
"""Characters of a message."""
_LONGEST_LINE = 96
"""Tokens of a reading, as in `assistant.reading`."""
Progress = Callable[[int, int], None]
"""(done, of)."""
Prompt = Callable[[str, tuple[str, ...], tuple[Message, ...]], tuple[Message, ...]]
"""The prompt of a normalised message with the titles on the screen and what was said before."""
_CURE = "Give a message as text, or an object with message and, if need be, id, language, shown and history."


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A message without a gold reading."""

    id: str
    language: str
    message: str
    shown: tuple[str, ...] = ()
    history: tuple[Message, ...] = ()

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """Equal for messages that are one and the same to the reader: white space, case and plurals aside."""
        return fold(normalise(self.message).text), self.shown


@dataclass(frozen=True, slots=True)
class Draft:
    """What a model reads in a message."""

    asked: Unlabelled
    line: str
    """The reading in the line notation; not whole when there is a problem."""
    shares: tuple[float, ...] = ()
    """As in `Written`: how sure the model was of each of its choices; empty when the engine does not tell."""
    problem: str = ""

    @property
    def confidence(self) -> float | None:
        """The geometric mean of the shares, 0 to 1; None when the engine does not tell.

        It is the length-normalised probability of the line, by whose lack messages are chosen for labelling in Shen et al. 2018.
        """
        if not self.shares:
            return None
        return math.exp(sum(math.log(max(share, 1e-12)) for share in self.shares) / len(self.shares))

    def labelled(self) -> Labelled:
        """The message with this reading as its gold. Raises ValueError for a line that is none."""
        if self.problem:
            raise ValueError(self.problem)
        intent, signals = parse(self.line)
        tidied = tuple(replace(signal, value=tidy(signal.value)) for signal in signals)
        asked = self.asked
        return Labelled(asked.id, asked.language, asked.message, intent, tidied, asked.shown, asked.history)


def read_unlabelled(path: Path, on_error: Callable[[BadRow], None]) -> Iterator[Unlabelled]:
    """The messages of a file: JSON Lines with `message` and, if need be, id, language, shown and history, or one message a line.

    A bad line goes to `on_error`. Raises FeedError for a file that is absent, empty or no text.
    """
    with open_source(path) as source:
        lines = "".join(source.chunks).split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line) if line.lstrip().startswith("{") else {"message": line}
            yield _unlabelled(row, f"{path.name.split('.')[0]}-{number}")
        except KeyError as error:
            on_error(BadRow(path.name, number, f"no key {error}", _CURE))
        except (ValueError, TypeError) as error:
            on_error(BadRow(path.name, number, str(error), _CURE))


def read_drafts(
    model: LanguageModel, rows: Sequence[Unlabelled], progress: Progress = lambda done, of: None, prompt: Prompt | None = None
) -> Iterator[tuple[int, Draft]]:
    """(place, draft) of every message in the order in which they end; close the iterator to stop.

    The grammar is that of the product's own reading, and so is the prompt where none is given. Raises ModelMissing for an engine
    without `write_all`.
    """
    if not isinstance(model, BulkModel):
        raise ModelMissing(f"{model.name} writes one answer at a time; expected an engine with `write_all`")
    texts = [normalise(row.message).text for row in rows]
    hows = [
        Generation(_LONGEST_LINE, reading_grammar(text, row.shown), "read", stop=("\n",))
        for text, row in zip(texts, rows, strict=True)
    ]
    asked = prompt or partial(reading_prompt, tuned="read" in model.tuned)
    prompts = [asked(text, row.shown, row.history) for text, row in zip(texts, rows, strict=True)]
    for done, (place, written) in enumerate(model.write_all(prompts, hows), 1):
        yield place, _draft(rows[place], written)
        progress(done, len(rows))


def all_drafts(
    model: LanguageModel, rows: Sequence[Unlabelled], progress: Progress = lambda done, of: None, prompt: Prompt | None = None
) -> list[Draft]:
    """The drafts in the order of the messages. Raises ModelMissing."""
    return [draft for _, draft in sorted(read_drafts(model, rows, progress, prompt), key=lambda pair: pair[0])]


def distinct(rows: Sequence[Unlabelled], known: Sequence[Labelled] = ()) -> list[Unlabelled]:
    """The messages without those that are labelled already, each once."""
    seen = {unlabelled(row).key for row in known}
    kept: list[Unlabelled] = []
    for row in rows:
        if row.key not in seen:
            seen.add(row.key)
            kept.append(row)
    return kept


def shipped_labels(part: Literal["messages", "validation", "test"]) -> list[Labelled]:
    """The labelled messages that come with the program: those to train on, to validate on, or to test with."""
    return [row for path in sorted((DATA / part).glob("*.jsonl")) for row in read_messages(path, lambda bad: None)]


def unlabelled(row: Labelled) -> Unlabelled:
    """The message without its gold."""
    return Unlabelled(row.id, row.language, row.message, row.shown, row.history)


def message_row(row: Unlabelled | Labelled) -> dict[str, object]:
    """The message as an object of a JSON Lines file, without the keys that hold nothing."""
    history = [{"role": turn.role, "text": turn.text} for turn in row.history]
    told = {"id": row.id, "language": row.language, "shown": list(row.shown), "history": history, "message": row.message}
    return {key: value for key, value in told.items() if value}


def write_rows(rows: Sequence[dict[str, object]], path: Path) -> None:
    """The objects as JSON Lines; the folder is made when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _draft(row: Unlabelled, written: Written) -> Draft:
    return Draft(row, written.text.strip(), written.shares, written.problem)


def _unlabelled(row: dict[str, object], name: str) -> Unlabelled:
    cleaned = clean(str(row["message"]), _LONGEST)
    if cleaned.note:
        raise ValueError(f"the message is longer than {_LONGEST} characters")
    if not says_something(cleaned.text):
        raise ValueError("the message says nothing")
    shown, history = row.get("shown", ()), row.get("history", ())
    if not isinstance(shown, list | tuple) or not isinstance(history, list | tuple):
        raise ValueError("shown and history must be lists")
    turns = tuple(Message(turn["role"], str(turn["text"])) for turn in history)
    language = str(row.get("language") or language_of(cleaned.text))
    return Unlabelled(str(row.get("id") or name), language, cleaned.text, tuple(map(str, shown)), turns)
