"""Labelled questions to a shop's help pages -> examples: the passage and sentence that answer, or "can't answer"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.passages import Answer, answer_line, quotable
from assistant.prompts import service_prompt
from training.examples import DATA, BadRow, Example

SERVICE = DATA / "service"


def read_answers(path: Path, on_error: Callable[[BadRow], None]) -> Iterator[Example]:
    """The examples of a JSON Lines file with id, question, passages, answer and quote; a bad line goes to `on_error`."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield _example(json.loads(line))
        except KeyError as error:
            on_error(BadRow(path.name, number, f"no key {error}", "Give id, question, passages, answer (or null) and quote."))
        except (ValueError, TypeError, IndexError) as error:
            on_error(BadRow(path.name, number, str(error), "Mend the line, or leave it out with --skip-bad."))


def _example(row: dict[str, object]) -> Example:
    given = row["passages"]
    if not isinstance(given, list) or not given:
        raise ValueError(f"found passages {given!r}, expected a list with at least one")
    passages = tuple(" ".join(str(each).split()) for each in given)
    place, quote = row["answer"], " ".join(str(row["quote"]).split())
    answer = None
    if place is not None:
        answer = Answer(int(str(place)), quote)
        if quote not in quotable(passages[answer.passage]):
            raise ValueError(f"the quote {quote!r} is no sentence of passage {place}")
    return Example(str(row["id"]), service_prompt(str(row["question"]), passages), answer_line(answer))
