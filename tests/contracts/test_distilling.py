"""A larger model as teacher, over real HTTP: what it says becomes training rows, and nothing is paid for twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.errors import GenerationError
from assistant.language import Generation, generate
from assistant.language.openai_engine import OpenAIModel, Server
from assistant.language.tiny import make_tiny
from assistant.prompts import TEACH_SYSTEM
from assistant.schema import Message
from training.distilling import read_review_texts, shots_of, teach_messages, teach_reviews
from training.drafts import Unlabelled
from training.examples import DATA, read_messages, usable
from training.paid_answers import PaidAnswers
from training.reviews import read_labelled_reviews
from ui.measuring import train_app

SAID = {
    "a red tent under 90": "recommend | category=tent | color~red | price<=90",
    "没有蓝色的吗": "refine | color~蓝色",
    "a lamp": "recommend | category=chandelier",
    "hello": "I am a helpful assistant!",
    "where is 4417": "order | action=track | order=4417",
}
ROWS = [Unlabelled(f"u{n}", "zh" if "蓝" in text else "en", text) for n, text in enumerate(SAID)]


def _say(body: dict[str, Any]) -> str:
    asked = body["messages"][-1]["content"].splitlines()[-1]
    if asked.startswith("review: "):
        return 'rating=2 | strap~broke "the strap never broke"' if "lie" in asked else 'rating=4 | sound~crisp "crisp sound"'
    return SAID[asked.removeprefix("message: ")]


@pytest.fixture
def teacher_at(faulty_server: Any, tmp_path: Path) -> Any:
    """Opens the teacher anew, as another run of the command does; one request at a time."""
    faulty_server.say = _say

    def opened(name: str = "teacher") -> PaidAnswers:
        server = Server(faulty_server.url, name, longest_wait=0.01, attempts=1, parallel=1)
        return PaidAnswers(OpenAIModel(server), tmp_path / "answers.jsonl")

    return opened


def _asked(server: Any) -> list[str]:
    """The messages that the server was asked about, without the probes."""
    return [body["messages"][-1]["content"].rpartition(": ")[2] for body in server.bodies if len(body["messages"]) > 2]


def test_what_stands_in_the_message_is_kept(teacher_at: Any, faulty_server: Any, tmp_path: Path) -> None:
    """Readings become training rows; an invented value, and an answer that is no reading, are left out and counted."""
    taught = teach_messages(teacher_at(), ROWS)
    assert [row["gold"] for row in taught.rows] == [SAID[text] for text in ("a red tent under 90", "没有蓝色的吗", "where is 4417")]
    assert taught.left_out == {"no reading": 2}
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in taught.rows), "utf-8")
    assert len(usable(list(read_messages(path, pytest.fail)), pytest.fail)) == 3
    assert _asked(faulty_server).count("a lamp") == 2  # the engine asks once more for an answer within its grammar


def test_no_answer_is_paid_for_twice(teacher_at: Any, faulty_server: Any, tmp_path: Path) -> None:
    """A run that the server ends goes on where it stopped; an answer cut off in the file is asked for again, and no other."""
    teach_messages(teacher_at(), ROWS[:2])
    faulty_server.statuses = [500] * 9
    with pytest.raises(GenerationError, match="500"):
        teach_messages(teacher_at(), ROWS)
    faulty_server.statuses = []
    cache = tmp_path / "answers.jsonl"
    cache.write_bytes(cache.read_bytes()[:-9])
    faulty_server.bodies.clear()
    whole = teach_messages(teacher_at(), ROWS)
    assert sorted(set(_asked(faulty_server))) == sorted({"没有蓝色的吗", "a lamp", "hello", "where is 4417"})
    faulty_server.bodies.clear()
    assert teach_messages(teacher_at(), ROWS) == whole
    assert faulty_server.bodies == []


def test_another_teacher_is_asked_itself(teacher_at: Any, faulty_server: Any) -> None:
    """Answers belong to the model that gave them, and to the prompt that they answer."""
    teach_messages(teacher_at(), ROWS[:1])
    faulty_server.bodies.clear()
    teach_messages(teacher_at("other"), ROWS[:1])
    teach_messages(teacher_at(), ROWS[:1], (((), "a mug", "recommend | category=mug"),))
    assert len(_asked(faulty_server)) == 2


def test_the_teacher_is_told_the_notation(teacher_at: Any, faulty_server: Any) -> None:
    """The prompt has the rules, then examples of every intent in both languages, the same for every message."""
    rows = [row for name in ("en_c", "zh_c", "en_f", "zh_f") for row in read_messages(DATA / "messages" / f"{name}.jsonl", pytest.fail)]
    shots = shots_of(rows)
    assert {line.split(" | ")[0] for _, _, line in shots} == {row.intent for row in rows if not row.history}
    assert shots == shots_of(rows)
    teach_messages(teacher_at(), ROWS[:2], shots)
    first, second = (body["messages"] for body in faulty_server.bodies[-2:])
    assert first[0]["content"] == TEACH_SYSTEM
    assert first[:-1] == second[:-1] and len(first) > 2 * len(shots)


def test_reviews_with_quotes_that_stand_there(teacher_at: Any, tmp_path: Path) -> None:
    """A quote that is not the reviewer's is outside the grammar, so that the review is left out."""
    taught = teach_reviews(teacher_at(), ["Really crisp sound here", "a lie about a strap"])
    assert [row["gold"] for row in taught.rows] == ['rating=4 | sound~crisp "crisp sound"']
    assert taught.left_out == {"no reading": 1}
    path = tmp_path / "reviews.jsonl"
    path.write_text(json.dumps(taught.rows[0]) + "\n", "utf-8")
    assert len(list(read_labelled_reviews(path, pytest.fail))) == 1
    (tmp_path / "texts.jsonl").write_text('{"text": "很好"}\nplain words\n{"body": 1}\n...\n', "utf-8")
    bad: list[Any] = []
    assert list(read_review_texts(tmp_path / "texts.jsonl", bad.append)) == ["很好", "plain words"]
    assert [each.line for each in bad] == [3]


def test_single_answers_pass_through(teacher_at: Any) -> None:
    """The wrapped model still is a language model."""
    assert generate(teacher_at(), (Message("user", "message: 没有蓝色的吗"),), Generation()) == "refine | color~蓝色"


def test_the_command_writes_training_rows(faulty_server: Any, asked: Path) -> None:
    """From unlabelled lines to training rows and counts of what was left out; a double is not asked for."""
    found = _run(asked, faulty_server.url, "--data-only")
    assert found["kept"] == 5 and found["adapters"] == []
    assert found["left_out"] == {"labelled already, or double": 1, "read: no reading": 2}
    assert sorted(path.name for path in (asked / "out").iterdir()) == ["answers.jsonl", "messages.jsonl", "reviews.jsonl"]


def test_the_command_trains_an_adapter_a_task(faulty_server: Any, asked: Path) -> None:
    """By the ordinary recipe, with cards that say what they are for; a second run asks nothing more."""
    make_tiny(asked / "home" / "models" / "tiny")
    (asked / "toy.toml").write_text("rank = 2\nepochs = 1\nbatch = 2\ncheckpoints = 1\nmax_tokens = 2000\n", "utf-8")
    _run(asked, faulty_server.url, "--data-only")
    faulty_server.bodies.clear()
    found = _run(asked, faulty_server.url, "--no-shipped", "--model", "tiny", "--config", str(asked / "toy.toml"))
    assert not _asked(faulty_server)
    assert [json.loads((Path(path) / "card.json").read_text())["tasks"] for path in found["adapters"]] == [["read"], ["review"]]


@pytest.fixture
def asked(faulty_server: Any, tmp_path: Path) -> Path:
    """A folder with messages, one of them twice, and a review; the server answers them."""
    faulty_server.say = _say
    (tmp_path / "asked.txt").write_text("\n".join([*SAID, "A  lamp"]) + "\n", "utf-8")
    (tmp_path / "said.txt").write_text("Really crisp sound here\nA crisp sound, and loud\n", "utf-8")
    return tmp_path


def test_one_row_is_too_few_to_learn_from(faulty_server: Any, asked: Path) -> None:
    """It is said before anything is trained, with the cure."""
    (asked / "said.txt").write_text("Really crisp sound here\n", "utf-8")
    with pytest.raises(AssertionError, match=r"(?s)found one row for review.*--shipped"):
        _run(asked, faulty_server.url, "--no-shipped", "--model", "tiny")


def _run(folder: Path, url: str, *more: str) -> dict[str, Any]:
    asked = ["--unlabelled", str(folder / "asked.txt"), "--reviews", str(folder / "said.txt")]
    ran = CliRunner().invoke(
        train_app, ["distill", str(folder / "out"), "--base-url", url, *asked, "--json", *more], env={"DAOGOU_HOME": str(folder / "home")},
        catch_exceptions=False,
    )
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found
