"""Unlabelled messages are read from any file, drafted in bulk as the product reads, and none twice."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelMissing
from assistant.language.scripted import ScriptedReader
from assistant.reading import read_message
from training.drafts import Draft, Unlabelled, all_drafts, distinct, message_row, read_unlabelled, unlabelled
from training.examples import BadRow, Labelled, read_messages
from training.self_training import labelled_row


def test_text_and_objects_are_read(tmp_path: Path) -> None:
    """A line is a message, or an object with more; the language is told by the script; a bad line is named with its cure."""
    path = tmp_path / "asked.jsonl"
    path.write_text('a tent for two\n\n{"message": "第二个", "shown": ["A", "B"], "id": "x"}\n{"text": "no"}\n{oops\n???\n', "utf-8")
    bad: list[BadRow] = []
    rows = list(read_unlabelled(path, bad.append))
    assert [(row.id, row.language, row.message, row.shown) for row in rows] == [
        ("asked-1", "en", "a tent for two", ()), ("x", "zh", "第二个", ("A", "B")),
    ]
    assert [each.line for each in bad] == [4, 5, 6]
    assert "message" in bad[0].found and "Give a message" in bad[0].cure


def test_drafts_are_what_the_product_reads() -> None:
    """Prompt, grammar and tidying agree with the product's own reading."""
    model = ScriptedReader({"a red tent": "recommend | category=a tent | color~red"})
    (draft,) = all_drafts(model, [Unlabelled("a", "en", "A red tent")])
    reading, _ = read_message("A red tent", model=model)
    assert (draft.labelled().intent, [str(each) for each in draft.labelled().signals]) == (
        reading.intent, [str(each) for each in reading.signals],
    )


def test_confidence_is_the_geometric_mean() -> None:
    """A long line is not less sure than a short one of the same shares; untold is None, not sure."""
    asked = Unlabelled("a", "en", "hi")
    short, long = Draft(asked, "chat", (0.5,)), Draft(asked, "chat", (0.25, 1.0) * 3)
    assert math.isclose(short.confidence or 0, 0.5) and math.isclose(long.confidence or 0, 0.5)
    assert Draft(asked, "chat").confidence is None
    with pytest.raises(ValueError, match="cut off"):
        Draft(asked, "chat", problem="cut off").labelled()


def test_doubles_and_labelled_messages_go() -> None:
    """White space and case make no other message, other titles on the screen do."""
    known = [Labelled("k", "en", "A tent", "recommend", ())]
    rows = [Unlabelled(str(n), "en", text, shown) for n, (text, shown) in enumerate(
        [("a  TENT", ()), ("a lamp", ()), ("A lamp", ()), ("a lamp", ("Lamp",))],
    )]
    assert [row.id for row in distinct(rows, known)] == ["1", "3"]


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    """What is written in the training format is read again equal, screen and history included."""
    row = '{"id": "a", "language": "en", "shown": ["X"], "history": [{"role": "user", "text": "hi"}], "message": "1 please", "gold": "feedback | item~1"}'
    path = tmp_path / "m.jsonl"
    path.write_text(row + "\n", "utf-8")
    (labelled,) = read_messages(path, pytest.fail)
    assert labelled_row(labelled)["gold"] == "feedback | item~1"
    assert unlabelled(labelled).history == labelled.history
    assert "gold" not in message_row(unlabelled(labelled))


def test_an_engine_without_bulk_is_refused() -> None:
    """The error says what was found and what was expected."""

    class Single:
        name, tuned, languages = "single", frozenset[str](), frozenset[str]()

        def stream(self, messages: Any, how: Any) -> Any:
            raise NotImplementedError

    with pytest.raises(ModelMissing, match="single writes one answer at a time"):
        all_drafts(Single(), [Unlabelled("a", "en", "hi")])
