"""`daogou evaluate recommend` from outside: the keys of its JSON, its files, exit codes and bad rows."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Ran = subprocess.CompletedProcess[str]
KEYS = {"users", "hr10", "ndcg10", "mrr10", "coverage10", "diversity10", "novelty10", "calibration10", "gini", "intervals"}


@pytest.fixture
def daogou(tmp_path: Path) -> Callable[..., Ran]:
    """Runs the command in a process of its own, beside a log of sixty shoppers of two tastes."""

    def run(*arguments: str) -> Ran:
        code = "from ui.cli import main; main()"
        environment = {"DAOGOU_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "COLUMNS": "120", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, "-c", code, "evaluate", "recommend", *arguments], env=environment, cwd=tmp_path, capture_output=True,
            text=True, timeout=280, check=False,
        )

    chance = random.Random(0)
    lines = ["user,item,rating,timestamp"]
    for shopper in range(60):
        half = range(15) if shopper % 2 else range(15, 30)
        lines += [f"u{shopper},i{item},{chance.randint(1, 5)},{1_600_000_000 + 60 * place}" for place, item in enumerate(chance.sample(half, 6))]
    (tmp_path / "log.csv").write_text("\n".join([*lines, "u1,i1,nine,1600000000"]) + "\n")
    items = ["id,title,genres"] + [f"i{item},{'Red tea' if item < 15 else 'Blue cup'} {item},{'Tea|Drink' if item < 15 else 'Cup|Drink'}" for item in range(30)]
    (tmp_path / "items.csv").write_text("\n".join(items) + "\n")
    (tmp_path / "one.csv").write_text("user,item,rating,timestamp\nu,i,5,1600000000\n")
    return run


def test_recommend_end_to_end(daogou: Callable[..., Ran], tmp_path: Path) -> None:
    """One JSON object with every key; a bad row is told and the rest goes on."""
    ran = daogou("--interactions", "log.csv", "--items", "items.csv", "--predictions", "p.jsonl", "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report.keys() >= KEYS
    assert report["users"] == 60
    assert report["diversity_by"] == "categories"
    assert len((tmp_path / "p.jsonl").read_text().splitlines()) == 60
    assert "found 'nine'" in ran.stderr


def test_without_items_variety_is_told_by_shoppers(daogou: Callable[..., Ran]) -> None:
    """No labels: diversity from who chose the items, and no calibration."""
    ran = daogou("--interactions", "log.csv", "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert (report["diversity_by"], report["calibration10"]) == ("shoppers", None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--interactions", "none.csv"), "none.csv"),
        (("--interactions", "items.csv"), "a column such as"),
        (("--interactions", "one.csv"), "no shopper with two items"),
    ],
)
def test_what_cannot_be_measured_is_told(daogou: Callable[..., Ran], arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2 and one message without a traceback."""
    ran = daogou(*arguments)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
