"""Hand-written explanations (signals and facts -> one sentence) as training examples."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.prompts import writing_prompt
from retrieval.schema import Signal
from training.examples import DATA, BadRow, Example

EXPLANATIONS = DATA / "explanations"
"""Sentences over the demo shop's items, and (`_b`) over those of invented shops of many kinds, written for this project."""


def read_explanations(path: Path, on_error: Callable[[BadRow], None]) -> Iterator[Example]:
    """The rows `{language, title, facts, wishes, text}` of a JSON Lines file; a bad line goes to `on_error`."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            wishes = tuple(Signal.parse(wish) for wish in row["wishes"])
            prompt = writing_prompt(row["language"], row["title"], tuple(row["facts"]), wishes)
            yield Example(f"{path.stem}{number}", prompt, str(row["text"]))
        except KeyError as error:
            on_error(BadRow(path.name, number, f"no key {error}", "Give language, title, facts, wishes and text."))
        except (ValueError, TypeError) as error:
            on_error(BadRow(path.name, number, str(error), "Mend the line, or leave it out with --skip-bad."))
