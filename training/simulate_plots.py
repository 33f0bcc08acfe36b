"""Pictures of simulated shoppers, as PNG: how soon they find something, and what learning costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from training.regret import Course, bands


def success_plot(result: dict[str, Any], path: Path) -> None:
    """Writes the share of shoppers who found an acceptable item by each turn, overall and by language."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    shares = result["success_by_turn"]
    axes.plot(range(1, len(shares) + 1), shares, marker="o", color="black", label=f"all, n = {result['dialogues']}")
    for name, part in result["by_language"].items():
        axes.plot(range(1, len(shares) + 1), part["success_by_turn"], marker=".", linestyle="--", label=name)
    axes.axhline(result["by_chance_first_slate"], color="grey", linestyle=":", label="a first slate drawn from the right shelf")
    axes.set(xlabel="turn", ylabel="share that found something acceptable", ylim=(0, 1.02), xticks=range(1, len(shares) + 1))
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def regret_plot(courses: Sequence[Course], path: Path, seed: int) -> None:
    """Writes the cumulative regret of each policy by session, with bands of 95 % over shoppers."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for course in courses:
        mean, low, high = bands(course, seed)
        at = np.arange(1, len(mean) + 1)
        axes.plot(at, mean, label=course.policy.name)
        axes.fill_between(at, low, high, alpha=0.15)
    shoppers = courses[0].regret.shape[0] if courses else 0
    axes.set(xlabel="session", ylabel=f"clicks missed so far, a shopper (n = {shoppers})")
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
