"""Pictures of an evaluation, as PNG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from assistant.schema import INTENTS
from training.class_figures import Floats, Places, confusion_of, reliability
from training.metrics import Case, confusion

STARS = ("1", "2", "3", "4", "5")


def confusion_plot(cases: Sequence[Case], path: Path) -> None:
    """Writes the confusion of intents: rows are what was meant, columns what was read."""
    _confusion(confusion(cases), INTENTS, path)


def rating_confusion(gold: Floats, read: Places, path: Path) -> None:
    """Writes the confusion of the stars 1 to 5; a gold rating between two is taken to the nearer."""
    stars = np.clip(np.floor(gold + 0.5), 1, 5).astype(np.int64)
    _confusion(confusion_of(stars - 1, read - 1, len(STARS)), STARS, path)


def _confusion(table: Places, names: Sequence[str], path: Path) -> None:
    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.add_subplot()
    shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("read")
    axes.set_ylabel("meant")
    for row, column in zip(*table.nonzero(), strict=True):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(table[row, column]), ha="center", va="center", color=colour)
    _save(figure, path)


def reliability_plot(confidence: Floats, right: NDArray[np.bool_], path: Path, width: int = 10) -> None:
    """Writes how often decisions of each confidence are right in `width` bins, the expected calibration error in the title."""
    bins, error = reliability(confidence, right, width)
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--")
    axes.plot(bins[:, 0], bins[:, 1], marker="o")
    for mean, share, rows in bins:
        axes.annotate(f"{rows:.0f}", (mean, share), textcoords="offset points", xytext=(4, -10), fontsize=7)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="confidence", ylabel="share that is right")
    axes.set_title(f"expected calibration error {error:.3f}, n = {len(confidence):,}")
    _save(figure, path)


def learning_curve(losses: Sequence[tuple[int, float]], path: Path, checked: Sequence[tuple[int, float]] = ()) -> None:
    """Writes the training loss over the steps, with the validation loss where it was taken."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([step for step, _ in losses], [loss for _, loss in losses], label="training")
    if checked:
        axes.plot([step for step, _ in checked], [loss for _, loss in checked], marker="o", label="validation")
        axes.legend()
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    _save(figure, path)


def logged_losses(run: Path) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """(training, validation) losses by step of a training run, from the state in its newest checkpoint. Raises ValueError."""
    states = [path for path in run.rglob("trainer_state.json") if path.parent.name.rpartition("-")[2].isdigit()]
    if not states:
        raise ValueError(f"found no checkpoint-*/trainer_state.json under {run}, expected the directory of a training run")
    newest = max(states, key=lambda path: int(path.parent.name.rpartition("-")[2]))
    try:
        logged = json.loads(newest.read_text(encoding="utf-8"))["log_history"]
        found = [
            [(int(entry["step"]), float(entry[key])) for entry in logged if key in entry] for key in ("loss", "eval_loss")
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{newest} can't be read ({error!r}), expected a state of transformers' Trainer") from error
    return found[0], found[1]


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
