"""A label that the model gave itself is kept when it is sure, stands in the message, and holds after a harmless change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.language.bulk import Written
from assistant.language.scripted import ScriptedModel
from assistant.notation import parse
from training.drafts import Unlabelled, write_rows
from training.examples import Labelled, read_messages, usable
from training.self_training import label


class Reader(ScriptedModel):
    """Takes the last word for the category, but for kettles, which it takes for a use; sure unless the message says maybe."""

    def __init__(self) -> None:
        super().__init__(lambda messages, how: _line(messages[-1].text))

    def write_all(self, prompts: Sequence[Any], hows: Sequence[Any]) -> Iterator[tuple[int, Written]]:
        for place, written in super().write_all(prompts, hows):
            text = prompts[place][-1].text
            sure = 0.5 if "maybe" in text else 0.99
            yield place, Written(written.text, {}, "cut off" if "endless" in text else "", (sure, sure))


def _line(text: str) -> str:
    words = re.findall(r"[a-z]+", text.rpartition("message: ")[2])
    value = "invented" if "lie" in words else words[-1]
    return f"recommend | {'use~' if 'kettle' in value else 'category='}{value}"


def _rows(*texts: str) -> list[Unlabelled]:
    return [Unlabelled(f"u{n}", "en", text) for n, text in enumerate(texts)]


def test_every_reason_is_counted() -> None:
    """Unreadable, unsure, invented: each is left out and told; what is sure and steady stays."""
    found = label(Reader(), _rows("i want a lamp", "show me a sofa", "maybe a tent", "an endless rug", "lie about a rug"))
    assert [row.message for row in found.kept] == ["i want a lamp", "show me a sofa"]
    assert found.left_out == {"not sure": 1, "unreadable": 1, "a value that does not stand in the message": 1}


def test_another_reading_of_the_changed_message_is_left_out() -> None:
    """A reader whose reading hangs on the value itself, not on the words around it, contradicts itself."""
    kettles = [Labelled(f"k{n}", "en", f"a {c}kettle", *parse(f"recommend | category={c}kettle")) for n, c in enumerate("abcdefghijklmnopqrst")]
    found = label(Reader(), _rows("i want a lamp"), usable(kettles, pytest.fail))
    assert found.kept == ()
    assert found.left_out == {"another reading when read again": 1}


def test_what_is_kept_is_training_data(tmp_path: Path) -> None:
    """The rows are read back as labelled messages, all usable."""
    found = label(Reader(), _rows("i want a lamp", "show me a sofa"))
    write_rows(found.rows(), tmp_path / "own" / "labels.jsonl")
    rows = list(read_messages(tmp_path / "own" / "labels.jsonl", pytest.fail))
    assert [row.gold for row in usable_rows(rows)] == ["recommend | category=lamp", "recommend | category=sofa"]


def usable_rows(rows: list[Labelled]) -> list[Labelled]:
    assert len(usable(rows, pytest.fail)) == len(rows)
    return rows


def test_an_engine_that_tells_nothing_is_not_believed() -> None:
    """Without probabilities nothing is sure, unless no sureness is asked for."""
    silent = ScriptedModel(lambda messages, how: _line(messages[-1].text))
    assert label(silent, _rows("i want a lamp")).left_out == {"confidence not told by this engine": 1}
    assert len(label(silent, _rows("i want a lamp"), sure=0.0).kept) == 1
