"""Pictures of an evaluation, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from assistant.schema import INTENTS
from training.metrics import Case, confusion


def confusion_plot(cases: Sequence[Case], path: Path) -> None:
    """Writes the confusion of intents: rows are what was meant, columns what was read."""
    table = confusion(cases)
    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.add_subplot()
    shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(INTENTS)), INTENTS, rotation=45, ha="right")
    axes.set_yticks(range(len(INTENTS)), INTENTS)
    axes.set_xlabel("read")
    axes.set_ylabel("meant")
    for row, column in zip(*table.nonzero(), strict=True):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(table[row, column]), ha="center", va="center", color=colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def learning_curve(losses: Sequence[tuple[int, float]], path: Path) -> None:
    """Writes the training loss over the steps."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([step for step, _ in losses], [loss for _, loss in losses])
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
