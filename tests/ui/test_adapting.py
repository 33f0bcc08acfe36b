"""`daogou adapt` from the command line, and beside a server."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import CliRunner

from retrieval.ranking import load_ranker
from retrieval.shop import Shop
from training.adapt_history import History, Manifest, sole_adapter
from training.adapt_settings import set_schedule
from ui.adapting_daily import LOG, adapted_on_schedule, due
from ui.cli import app

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["adapt", *arguments])
    return result.exit_code, result.output


def test_a_shop_without_consent_is_left_as_it_is(small_shop: Shop) -> None:
    """It says what is missing, exit code 0, one JSON object."""
    code, said = _run(str(small_shop.directory), "--json")
    found = json.loads(said)
    assert (code, found["outcome"], found["in_force"]) == (0, "nothing", 0)
    assert "shoppers who agreed" in found["reasons"][0]


def test_the_history_is_shown_drawn_and_gone_back_in(tmp_path: Path) -> None:
    """Versions with figures, as text, JSON and a picture; --rollback serves the one before; then there is none before."""
    history = History(tmp_path)

    def describe(number: int, digest: str) -> Manifest:
        return Manifest(number, 0, NOW, "passed", (), digest, figures={"ndcg5_before": 0.5, "ndcg5_after": 0.6})

    history.promote(history.publish(load_ranker(), describe, lambda folder: None).number)
    code, said = _run(str(tmp_path), "--history", "--plots", str(tmp_path / "plots"))
    assert code == 0
    assert "in force" in said
    assert "ndcg5_after 0.6000" in said
    assert (tmp_path / "plots" / "history.png").stat().st_size > 1000
    assert json.loads(_run(str(tmp_path), "--history", "--json")[1])["versions"][0]["in_force"] is True
    assert json.loads(_run(str(tmp_path), "--rollback", "--json")[1]) == {"from": 1, "in_force": 0}
    assert _run(str(tmp_path), "--rollback")[0] == 2


def test_bad_input_is_told(tmp_path: Path) -> None:
    """An unknown shop, an unknown schedule, a second run: exit code 2 and what is expected."""
    assert _run("no-such-shop-anywhere")[0] == 2
    code, said = _run(str(tmp_path), "--schedule", "hourly")
    assert code == 2
    assert "daily" in said
    with sole_adapter(tmp_path):
        code, said = _run(str(tmp_path), "--rollback")
    assert code == 2
    assert str(os.getpid()) in said
    assert json.loads(_run(str(tmp_path), "--schedule", "weekly", "--json")[1]) == {"schedule": "weekly"}


def test_it_is_due_as_the_merchant_set(tmp_path: Path) -> None:
    """Never by default; daily and weekly by the age of the last log."""
    assert not due(tmp_path, NOW)
    set_schedule(tmp_path, "weekly")
    assert due(tmp_path, NOW)
    log = tmp_path / LOG
    log.touch()
    made = (NOW - timedelta(days=2)).timestamp()
    os.utime(log, (made, made))
    assert not due(tmp_path, NOW)
    set_schedule(tmp_path, "daily")
    assert due(tmp_path, NOW)


def test_a_server_runs_it_when_due_and_stops_it(tmp_path: Path) -> None:
    """The command's output is in the log; one that still runs when the server ends is ended."""
    set_schedule(tmp_path, "daily")
    told = [sys.executable, "-c", "import time; print('re-tuned', flush=True); time.sleep(60)"]
    started = time.monotonic()
    with adapted_on_schedule(tmp_path, told):
        while time.monotonic() - started < 20 and "re-tuned" not in _text(tmp_path / LOG):
            time.sleep(0.05)
    assert "re-tuned" in _text(tmp_path / LOG)
    assert time.monotonic() - started < 30


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
