"""`daogou evaluate reviews|service` from outside: one JSON object, exit codes, bad rows and bad files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Ran = subprocess.CompletedProcess[str]
REVIEWS = "text,stars,who\nGreat sound,5,a\nBroke at once,1,b\nIt is a stand,3,c\n,4,d\nbad,nine,e\n"
QUESTIONS = "text,label\n" + "".join(f"where is parcel {n},track\nrefund {n} please,refund\n" for n in range(6))


@pytest.fixture
def daogou(tmp_path: Path) -> Callable[..., Ran]:
    """Runs the command in a process of its own, in a directory of its own."""

    def run(*arguments: str) -> Ran:
        code = "from ui.cli import main; main()"
        environment = {"DAOGOU_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "COLUMNS": "120", "HOME": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-c", code, "evaluate", *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True,
            timeout=240, check=False,
        )

    (tmp_path / "reviews.csv").write_text(REVIEWS)
    (tmp_path / "questions.csv").write_text(QUESTIONS)
    return run


def test_reviews_end_to_end(daogou: Callable[..., Ran], tmp_path: Path) -> None:
    """Figures of the three good rows with baselines; the bad row is told, the empty one counted."""
    ran = daogou(
        "reviews", "reviews.csv", "--text", "text", "--rating", "stars", "--engine", "scripted", "--baselines", "--group", "who",
        "--train", "reviews.csv", "--embedder", "hashing", "--predictions", "p.jsonl", "--json",
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert (report["n"], report["empty"], report["rejected"], report["sentiment_accuracy"]) == (3, 1, 1, 0.3333)
    assert set(report["baselines"]) == {"tfidf", "embedder", "both", "few_shot"}
    assert "row 6, column 'stars': found 'nine'" in ran.stderr
    assert len((tmp_path / "p.jsonl").read_text().splitlines()) == 3


def test_service_end_to_end(daogou: Callable[..., Ran]) -> None:
    """The intent column is found; the figures are one JSON object."""
    ran = daogou("service", "questions.csv", "--train", "questions.csv", "--embedder", "hashing", "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert (report["n"], report["accuracy"], report["oos_recall"]) == (12, 1.0, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reviews", "reviews.csv", "--text", "body", "--rating", "stars"), "expected a column body"),
        (("service", "questions.csv", "--train", "reviews.csv"), "intent or category or label"),
        (("messages", "reviews.csv"), "no labelled message"),
        (("service", "questions.csv"), "found neither, expected --router FOLDER or --train FILE"),
        (("service", "questions.csv", "--router", "."), "found no card"),
    ],
    ids=["column", "intent column", "messages", "no router", "empty router"],
)
def test_bad_input_is_one_clear_message(daogou: Callable[..., Ran], arguments: tuple[str, ...], said: str) -> None:
    """Code 2, what was found and expected, no traceback."""
    ran = daogou(*arguments, "--json")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
