"""One cell of the comparison, in its own process: `python -m training.compare_cell FOLDER` does what FOLDER/order.json says."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import random
import resource
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assistant.language.adapters import base_sha256, check_adapter
from assistant.language.local import LocalModel
from assistant.language.onnx_engine import open_onnx
from assistant.language.onnx_folder import onnx_folder
from assistant.language.presets import model_folder, preset_named
from training.class_figures import rmse
from training.compare import RATED, Cell, Ground, read_order
from training.evaluate_messages import read_all
from training.evaluate_reviews import read_table
from training.examples import Example, Labelled, example, hold_out, read_messages, usable
from training.finetune import Recipe, Task, Trained, train_task
from training.metrics import score
from training.prefixed import open_prefixed
from training.reviews import stars_example
from training.text_tables import Rated, Table, read_rated

TASKS = ("read", "review")
_FIGURES = ("intent_accuracy", "signal_f1", "signal_f1_value", "hard_errors_per_100", "ms_median", "n")


def run(cell: Cell, ground: Ground, room: Path) -> dict[str, Any]:
    """The figures of the cell; `room` is for what is made on the way."""
    learnt, kept = _messages(ground)
    rated, reviews = _reviews(ground)
    base = model_folder(preset_named(cell.base), ground.home)
    report: dict[str, Any] = {"name": cell.name, "base": cell.base, "way": cell.way or "untuned"}
    report |= {"threads": torch.get_num_threads()}
    trained = None
    if cell.way is not None:
        recipe = Recipe(**{"base": cell.base, "way": cell.way, "epochs": 1, "checkpoints": 1, "seed": ground.seed, **cell.recipe})
        chosen = draw(learnt, rated, cell.examples, ground.seed)
        begun = time.perf_counter()
        trained = train_task(recipe, base, room, Task(TASKS, chosen, [], _hash(chosen)))
        report |= {
            "examples": trained.examples, "weights": trained.weights, "seconds": round(time.perf_counter() - begun, 1),
            "learning_rate": recipe.peak, "train_peak_mb": _peak_mb(),
        }
        gc.collect()  # what has been tuned is not to lie in memory beside what is built from it
    model = _open(cell, ground, base, trained)
    cases = read_all(model, kept, progress=_tell)
    report["messages"] = _told(score(cases, seed=ground.seed))
    if reviews is not None:
        read = read_table(reviews.rows, model, aspects=0).readings
        stars = np.array([row.rating for row in reviews.rows])
        report["rating_rmse"] = round(rmse(stars, np.array([each.expected for each in read])), 4)
        report["rated"] = len(reviews.rows)
    report["cases"] = [[case.id, case.language] for case in cases]
    return {**report, "peak_mb": _peak_mb()}


def draw(messages: Sequence[Example], rated: Sequence[Example], wanted: int, seed: int) -> list[Example]:
    """`wanted` examples, a fifth of them ratings when there are some, fewer ones being part of more; 0 takes all."""
    if not wanted:
        chosen = [*messages, *rated[: round(len(messages) * RATED)]]
    else:
        stars = min(round(wanted * RATED), len(rated))
        chosen = [*messages[: wanted - stars], *rated[:stars]]
    random.Random(seed).shuffle(chosen)
    return chosen


def _messages(ground: Ground) -> tuple[list[Example], list[Labelled]]:
    """(examples in a drawn order, messages to measure with)."""
    rows = [row for path in ground.messages for row in read_messages(path, lambda bad: None)]
    learnt, held = hold_out(rows)
    chance = random.Random(ground.seed)
    chance.shuffle(learnt)
    tests = [row for path in ground.tests for row in read_messages(path, lambda bad: None)]
    measured = [*tests, *chance.sample(held, min(ground.kept, len(held)))]
    return [example(each) for each in usable(learnt, lambda bad: None)], measured


def _reviews(ground: Ground) -> tuple[list[Example], Table[Rated] | None]:
    """(ratings in a drawn order, the table to measure with)."""
    if ground.stars is None:
        return [], None
    table = read_rated(ground.stars.path, ground.stars.text, ground.stars.rating)
    kept = table.sample(ground.rated, ground.seed)
    measured = {row.row for row in kept.rows}
    rest = [row for row in table.rows if row.row not in measured]
    random.Random(ground.seed).shuffle(rest)
    return [stars_example(f"r{row.row}", row.text, row.rating) for row in rest], kept


def _open(cell: Cell, ground: Ground, base: Path, trained: Trained | None) -> LocalModel:
    """The cell's model as the product would open it: in 4 bits."""
    languages = preset_named(cell.base).languages
    if trained is None:
        folder = onnx_folder(base, base_sha256(base), None, ground.home)
        tasks: dict[str | None, Path] = {None: folder, **({} if cell.shots else dict.fromkeys(TASKS, folder))}
        return open_onnx(cell.base, tasks, languages)
    if cell.way == "prefix":
        plain = onnx_folder(base, base_sha256(base), None, ground.home)
        return open_prefixed(cell.base, plain, trained.adapter, frozenset(TASKS))
    if cell.way == "full":
        whole = onnx_folder(trained.adapter, base_sha256(trained.adapter), None, trained.adapter.parent, reads=True)
    else:
        adapter = check_adapter(trained.adapter, base_sha256(base))
        whole = onnx_folder(base, base_sha256(base), adapter, trained.adapter.parent)
    return open_onnx(cell.base, dict.fromkeys((*TASKS, None), whole), languages)


def _told(figures: dict[str, Any]) -> dict[str, Any]:
    """What the table needs of the figures."""
    kept = {name: figures[name] for name in _FIGURES}
    by_language = {language: {name: each[name] for name in _FIGURES} for language, each in figures["by_language"].items()}
    return {**kept, "by_language": by_language, "intervals": figures["intervals"]}


def _hash(examples: Sequence[Example]) -> str:
    return hashlib.sha256("\n".join(f"{each.prompt[-1].text}\t{each.target}" for each in examples).encode()).hexdigest()


def _peak_mb() -> int:
    """Most memory that this process has held, MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _tell(done: int, of: int) -> None:
    if done % 50 == 0 or done == of:
        print(f"read {done} of {of}", flush=True)  # noqa: T201 - the log of the cell


def main(folder: Path) -> None:
    """Reads the order, writes result.json, and leaves only the adapter of what was made."""
    asked = json.loads((folder / "order.json").read_text(encoding="utf-8"))
    cell, ground = read_order(asked)
    room = folder / "run"
    shutil.rmtree(room, ignore_errors=True)  # half a cell is done again: its seconds and memory are to be those of a whole one
    result = {"order": asked, **run(cell, ground, room)}
    made = folder / "result.json.new"
    made.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(made, folder / "result.json")
    for part in ("checkpoints", "models", "model", "raw"):
        shutil.rmtree(room / part, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
