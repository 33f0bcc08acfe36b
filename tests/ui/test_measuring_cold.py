"""`daogou evaluate cold-start` from outside: one JSON object, exit codes, wrong use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FILMS = "id,title,genres\n" + "\n".join(f"{n},Film {n} ({1980 + n}),{'Drama|Crime' if n % 3 else 'Comedy'}" for n in range(30))
RATINGS = "user,item,rating,timestamp\n" + "\n".join(f"u{n},{n % 30},5,{1_700_000_000 + n}" for n in range(40))


def daogou(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, in a directory of its own."""
    (folder / "films.csv").write_text(FILMS)
    (folder / "ratings.csv").write_text(RATINGS)
    code = "from ui.cli import main; main()"
    environment = {"DAOGOU_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin", "COLUMNS": "120", "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code, "evaluate", "cold-start", *arguments], env=environment, cwd=folder, capture_output=True,
        text=True, timeout=240, check=False,
    )


def test_files_are_measured_and_drawn(tmp_path: Path) -> None:
    """One JSON object with every strategy, and the plot beside it."""
    ran = daogou(tmp_path, "--items", "films.csv", "--interactions", "ratings.csv", "--part", "all", "--plots", "plots", "--json")
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)
    assert set(figures["truthful"]) == {"information", "random", "fixed list", "ranked once", "ahead_by"}
    assert (tmp_path / "plots" / "cold_start.png").exists()


def test_neither_items_nor_a_shop_is_wrong_use(tmp_path: Path) -> None:
    """The message says what was expected; no traceback."""
    ran = daogou(tmp_path)
    assert ran.returncode == 2
    assert "--items FILE" in ran.stderr and "Traceback" not in ran.stderr


def test_a_log_of_other_items_is_wrong_use(tmp_path: Path) -> None:
    """Interactions that name nothing of the catalogue leave nobody to ask."""
    (tmp_path / "other.csv").write_text("user,item,rating,timestamp\nu1,elsewhere,5,1700000000\n")
    ran = daogou(tmp_path, "--items", "films.csv", "--interactions", "other.csv")
    assert ran.returncode == 2
    assert "found no shopper" in " ".join(ran.stderr.split()) and "Traceback" not in ran.stderr
