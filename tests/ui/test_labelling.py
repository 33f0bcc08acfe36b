"""`daogou train suggest|label` from outside: JSON Lines, counts, and errors that name the cure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from training.examples import DATA, read_messages
from ui.measuring import train_app


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Three messages, one of them twice, one line that is none."""
    path = tmp_path / "asked.jsonl"
    path.write_text('a wee lantern for the porch\n{"message": "第二个太贵", "shown": ["A", "B"]}\nA WEE lantern for the porch\nmy zebra rug\n{"no": 1}\n', "utf-8")
    return path


def _train(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(train_app, [*arguments, "--engine", "scripted"], env={"DAOGOU_HOME": str(tmp_path / "home")})


def test_suggest_lists_what_is_not_labelled(asked: Path, tmp_path: Path) -> None:
    """Neither a double nor what is labelled already is listed; every line has the message, the draft and the score."""
    known = tmp_path / "known.jsonl"
    known.write_text('{"id": "k", "language": "en", "message": "My zebra  rug", "gold": "recommend | category=rug"}\n', "utf-8")
    ran = _train(tmp_path, "suggest", str(asked), "--labelled", str(known), "--embedder", "hashing")
    assert ran.exit_code == 0, ran.output
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(row["message"], row["draft"], row["score"]) for row in rows] == [
        ("a wee lantern for the porch", "recommend", None), ("第二个太贵", "recommend", None),
    ]
    assert rows[1]["shown"] == ["A", "B"]
    assert "line 5: no key 'message'" in ran.stderr and "tells no probabilities" in ran.stderr


def test_suggest_as_one_object(asked: Path, tmp_path: Path) -> None:
    """With --json one object on standard output, no more suggestions than asked for."""
    told: dict[str, Any] = json.loads(_train(tmp_path, "suggest", str(asked), "--count", "1", "--embedder", "hashing", "--json").stdout)
    assert (len(told["suggestions"]), told["messages"], told["labelled_or_double"]) == (1, 4, 1)


def test_label_writes_training_rows(asked: Path, tmp_path: Path) -> None:
    """What is kept can be learnt from; what is not is counted by its reason."""
    out = tmp_path / "own.jsonl"
    told = json.loads(_train(tmp_path, "label", str(asked), str(out), "--sure", "0", "--json").stdout)
    assert (told["kept"], told["left_out"]) == (3, {"labelled already, or double": 1})
    assert [row.gold for row in read_messages(out, pytest.fail)] == ["recommend"] * 3
    told = json.loads(_train(tmp_path, "label", str(asked), str(out), "--json").stdout)
    assert told["left_out"]["confidence not told by this engine"] == 3


def test_a_file_without_a_message_is_refused(tmp_path: Path) -> None:
    """What was found and what was expected; exit code 2."""
    path = tmp_path / "none.jsonl"
    path.write_text('{"text": "hello"}\n', "utf-8")
    ran = _train(tmp_path, "label", str(path), str(tmp_path / "out.jsonl"))
    assert ran.exit_code == 2
    assert "found no message in" in " ".join(ran.stderr.replace("│", " ").split())


@pytest.mark.parametrize("part", ["validation", "test"])
def test_what_measures_is_never_labelled(part: str, tmp_path: Path) -> None:
    """Messages that the shipped figures are measured on get no labels to learn from."""
    own, out = tmp_path / "asked.jsonl", tmp_path / "own.jsonl"
    own.write_bytes((DATA / part / "en.jsonl").read_bytes())
    told = json.loads(_train(tmp_path, "label", str(own), str(out), "--sure", "0", "--json").stdout)
    assert told["kept"] == 0
    assert set(told["left_out"]) == {"labelled already, or double"}
