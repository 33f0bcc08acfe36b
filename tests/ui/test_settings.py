"""`daogou settings` from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROWS = "id,title,category,brand,price,cost_of_goods_sold\n" + "".join(
    f"k{n},Steel Kettle {n},Kettles,Boil,{30 + n},{20 - n}\n" for n in range(6)
) + "l1,Arc Desk Lamp,Lamps,Lumo,65,\n"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def daogou(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the command with its own data directory, which has the shop `tiny`."""
    home = tmp_path_factory.mktemp("home")
    (home / "feed.csv").write_text(ROWS, encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"DAOGOU_HOME": str(home), "PATH": "/usr/bin:/bin", "COLUMNS": "150", "HOME": str(home)}
        command = [sys.executable, "-c", "from ui.cli import main; main()", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    made = run("import", "tiny", "--catalog", str(home / "feed.csv"), "--embedder", "hashing")
    assert made.returncode == 0, made.stderr
    return run


def test_settings_are_shown_set_and_taken_back(daogou: Run) -> None:
    """Every slider is shown with its range; one that is set is shown so by the next command, until it is taken back."""
    shown = daogou("settings", "tiny")
    assert "balance.exploration" in shown.stdout
    assert "0 to 0.5" in shown.stdout
    assert json.loads(daogou("settings", "tiny", "balance.exploration=0.2", "--json").stdout)["balance"]["exploration"] == 0.2
    assert json.loads(daogou("settings", "tiny", "--json").stdout)["balance"]["exploration"] == 0.2
    assert json.loads(daogou("settings", "tiny", "balance.exploration=", "--json").stdout)["balance"]["exploration"] == 0.1


def test_a_preview_holds_both_slates_and_saves_nothing(daogou: Run) -> None:
    """The slate before and after with receipts that name the rule; the settings stay as they were."""
    ran = daogou("settings", "tiny", "pins.kettle=k5", "--preview", "a kettle | category=kettle", "--limit", "3", "--json")
    assert ran.returncode == 0, ran.stderr
    preview = json.loads(ran.stdout)["preview"]
    assert preview["after"][0]["id"] == "k5"
    assert preview["after"][0]["reason"] == "pinned by the shop for 'kettle'"
    assert preview["before"][0]["id"] != "k5"
    assert json.loads(daogou("settings", "tiny", "--json").stdout)["pins"] == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [("balance.exploration=2", "from 0 to 0.5"), ("pins.kettle=nope", "pins.kettle: nope"), ("bans.brands=Ghost", "bans.brands: Ghost"), ("exploration", "TABLE.NAME=VALUE")],
)
def test_bad_settings_are_one_clear_message(daogou: Run, change: str, says: str) -> None:
    """Out of range, or naming what the shop has not: code 2, one line, no traceback."""
    ran = daogou("settings", "tiny", change)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert says in ran.stderr


def test_a_slider_without_data_says_so(daogou: Run) -> None:
    """Stock has no effect in a shop without stock counts, and the command tells it; margin has costs here."""
    notes = json.loads(daogou("settings", "tiny", "balance.stock=1", "balance.margin=1", "--json").stdout)["notes"]
    assert [note.split(" has")[0] for note in notes] == ["balance.stock"]


def test_a_synonym_of_nothing_says_so(daogou: Run) -> None:
    """What shoppers say is no use where the shop has nothing of the name that it is given."""
    notes = json.loads(daogou("settings", "tiny", "synonyms.zorbles=quuxes", "--json").stdout)["notes"]
    assert [note.split(" has")[0] for note in notes if note.startswith("synonyms.")] == ["synonyms.zorbles"]
    assert json.loads(daogou("settings", "tiny", "synonyms.zorbles=", "--json").stdout)["synonyms"] == {}


def test_policy_needs_a_log(daogou: Run, tmp_path: Path) -> None:
    """A shop without slates, and a log without exploration, are refused with what was expected."""
    ran = daogou("evaluate", "policy", "--shop", "tiny")
    assert ran.returncode == 2
    assert "no slate" in ran.stderr
    log = tmp_path / "log.jsonl"
    log.write_text('{"turn": "a", "slot": 1, "item": "i", "clicked": true, "propensity": 1, "explored": 0}\n')
    ran = daogou("evaluate", "policy", str(log))
    assert ran.returncode == 2
    assert "never explored" in " ".join(ran.stderr.split())
