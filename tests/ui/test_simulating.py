"""`daogou simulate` from outside: one JSON object in each of its ways, exit codes, wrong use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROWS = [
    f"k{n},Kettle {chr(65 + n)},Home > Kettles,{20 + 9 * n},{'steel' if n % 2 else 'glass'},{('tea', 'travel', 'family')[n % 3]}" for n in range(8)
]
FEED = "\n".join(["id,title,category,price,material,use", *_ROWS, *(row.replace("k", "l", 1).replace("Kettle", "Lamp") for row in _ROWS)])
ACTS = "shopper_id,item_id,kind,at\n" + "\n".join(
    f"s{n},{'kl'[n % 2]}{(n + step) % 8},{'purchase' if step == 5 else 'view'},2026-03-{step + 1:02d}T10:00:00Z"
    for n in range(6) for step in range(6)
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a shop that has histories and one that has none."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "feed.csv").write_text(FEED)
    (folder / "acts.csv").write_text(ACTS)
    feed = ("--catalog", str(folder / "feed.csv"), "--embedder", "hashing", "--json")
    assert daogou(folder, "import", "lively", *feed, "--interactions", str(folder / "acts.csv")).returncode == 0
    assert daogou(folder, "import", "quiet", *feed).returncode == 0
    return folder


def daogou(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    code = "from ui.cli import main; main()"
    environment = {"DAOGOU_HOME": str(home), "PATH": "/usr/bin:/bin", "COLUMNS": "120", "HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, cwd=home, capture_output=True, text=True, timeout=240, check=False,
    )


def test_dialogues_are_measured_drawn_and_written(home: Path) -> None:
    """From held-back histories, read as meant: one JSON object, a plot, a line a dialogue."""
    ran = daogou(
        home, "simulate", "lively", "--engine", "scripted", "--held-back", "3", "--shoppers", "4", "--turns", "3", "--plots", "plots",
        "--predictions", "said.jsonl", "--json",
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["dialogues"], found["reader"]) == (4, "as meant") and "last 3 acts" in found["tastes_from"]
    assert len(found["success_by_turn"]) == 3 and set(found["intervals"]) >= {"success_rate", "turns_to_success"}
    assert (home / "plots" / "turns_to_success.png").exists()
    assert len((home / "said.jsonl").read_text("utf-8").splitlines()) == 4


def test_regret_of_a_shop_without_histories(home: Path) -> None:
    """Tastes come from the shelves, and it is said so; every policy has its curve."""
    ran = daogou(home, "simulate", "quiet", "--sessions", "2", "--shoppers", "2", "--policies", "explore, random", "--plots", "plots", "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert "from the shelves" in found["tastes_from"] and found["shoppers"] == 2
    assert [len(found["policies"][name]["curve"]) for name in ("explore", "random")] == [2, 2]
    assert (home / "plots" / "regret.png").exists()


@pytest.mark.parametrize(("arguments", "told"), [
    (("lively", "--held-back", "9"), "found no shopper with 18 acts"),
    (("lively", "--sessions", "2", "--policies", "thompson"), "expected explore"),
    (("lively", "--sessions", "2", "--poison", "0.01"), "expected one of them"),
    (("nowhere",), "no shop at"),
])
def test_wrong_use_is_told(home: Path, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2, what was found and expected, no traceback."""
    ran = daogou(home, "simulate", *arguments)
    assert ran.returncode == 2
    assert told in " ".join(ran.stderr.replace("│", " ").split()) and "Traceback" not in ran.stderr
