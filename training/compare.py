"""`daogou train compare`: ways of tuning, bases and numbers of labels side by side, on the same examples.

Every cell is tuned and read in a process of its own (`compare_cell`), so that its memory is its own and a stopped comparison
goes on with the cells that are missing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from training.recipes import DataError, Stars
from training.ways import WAYS, Way

UNTUNED = ("zero-shot", "few-shot")
CURVE = (250, 1000, 4000)
"""Numbers of examples at which the learning curve is drawn; the last point is all there are."""
RATED = 0.2
"""Share of the examples that are ratings of reviews, where there is a table of them."""
ADVERSARIAL = 0.3
"""Length of the step against the embeddings; Gemma's of one token have a length of 1.5."""


class CellFailed(Exception):
    """A cell's process ended badly; the text has its last words."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the comparison."""

    name: str
    base: str
    way: Way | None
    """None tunes nothing."""
    examples: int
    """How many are learnt from, or 0 for all there are."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """Fields of `Recipe` that differ from the usual."""
    shots: bool = False
    """Of an untuned model: worked examples stand in its prompt."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What every cell learns from and is measured on."""

    home: Path
    """Where model files lie."""
    messages: tuple[Path, ...]
    """Files of labelled messages; every tenth row of each measures, the others are learnt from."""
    tests: tuple[Path, ...]
    """Files of labelled messages that only measure."""
    stars: Stars | None = None
    rated: int = 200
    """Reviews that only measure."""
    kept: int = 60
    """Of the held-back tenth, as many measure."""
    seed: int = 7


def cells(base: str, other: str, examples: int, ways: Sequence[Way] = WAYS, curve: Sequence[int] = CURVE) -> list[Cell]:
    """The lines of the table: untuned, every way, what is added to LoRA, the other base, and more or fewer examples."""
    shots = [Cell(name, base, None, 0, shots=name == "few-shot") for name in UNTUNED]
    tuned = [Cell(way, base, way, examples) for way in ways]
    added = [
        Cell("lora, adversarial", base, "lora", examples, {"adversarial": ADVERSARIAL}),
        Cell("lora, no smoothing", base, "lora", examples, {"label_smoothing": 0.0}),
        Cell("lora, smoothing 0.1", base, "lora", examples, {"label_smoothing": 0.1}),
        Cell(f"lora, {other}", other, "lora", examples),
    ]
    fewer = [Cell(f"lora, {number or 'all'} examples", base, "lora", number) for number in (*curve, 0) if number != examples]
    return [*shots, *tuned, *added, *fewer]


def compare(
    wanted: Sequence[Cell], ground: Ground, out: Path, on_cell: Callable[[str, int, int], None] = lambda name, done, of: None,
) -> list[dict[str, Any]]:
    """The figures of every cell, in order; those that lie in `out` already are taken from there. Raises CellFailed, DataError.

    `out/CELL/result.json` has them one by one, with what they were made of: a cell whose settings changed is done again.
    """
    for path in (*ground.messages, *ground.tests):
        if not path.is_file():
            raise DataError(f"{path} is not there; expected labelled messages")
    found = []
    for number, cell in enumerate(wanted):
        on_cell(cell.name, number, len(wanted))
        found.append(_cell(cell, ground, out / cell.name.replace(", ", "-").replace(" ", "_")))
    on_cell("", len(wanted), len(wanted))
    return found


def order(cell: Cell, ground: Ground) -> dict[str, Any]:
    """The cell and its ground as JSON, which its process is given."""
    told: dict[str, Any] = json.loads(json.dumps({"cell": asdict(cell), "ground": asdict(ground)}, default=str))
    return told


def read_order(told: dict[str, Any]) -> tuple[Cell, Ground]:
    """What `order` wrote."""
    ground = dict(told["ground"])
    stars = ground.pop("stars")
    paths = {name: tuple(map(Path, ground.pop(name))) for name in ("messages", "tests")}
    rated = Stars(**{**stars, "path": Path(stars["path"])}) if stars else None
    return Cell(**told["cell"]), Ground(**{**ground, **paths, "home": Path(ground["home"]), "stars": rated})


def _cell(cell: Cell, ground: Ground, folder: Path) -> dict[str, Any]:
    made = folder / "result.json"
    asked = order(cell, replace(ground, home=ground.home.resolve()))
    if made.exists() and (known := json.loads(made.read_text(encoding="utf-8")))["order"] == asked:
        return dict(known)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "order.json").write_text(json.dumps(asked), encoding="utf-8")
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            [sys.executable, "-m", "training.compare_cell", str(folder)], stdout=log, stderr=subprocess.STDOUT, check=False,
            cwd=Path(__file__).parents[1],
        )
    if done.returncode:
        last = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise CellFailed(f"{cell.name} ended with exit code {done.returncode}: {' '.join(last)}. Its log is {folder / 'log.txt'}")
    return dict(json.loads(made.read_text(encoding="utf-8")))
