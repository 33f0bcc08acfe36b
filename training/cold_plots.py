"""The picture of a cold start: recall by the number of answers, a line a strategy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from training.evaluate_cold_start import QUESTIONS, STRATEGIES


def cold_start_plot(result: dict[str, Any], path: Path) -> None:
    """Writes recall after 0, 1 and 2 answers with its intervals, truthful answers beside mistaken ones."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    panes = figure.subplots(1, 2, sharey=True)
    for axes, name in zip(panes, ("truthful", "with_errors"), strict=True):
        for shift, strategy in enumerate(STRATEGIES):
            found = result[name][strategy]
            places = [answers + 0.04 * (shift - 1.5) for answers in range(QUESTIONS + 1)]
            margins = [[abs(mean - end) for mean, end in zip(found["recall"], ends, strict=True)]
                       for ends in zip(*found["intervals"], strict=True)]
            axes.errorbar(places, found["recall"], yerr=margins, marker="o", capsize=2, label=strategy)
        axes.set(xlabel="answers", xticks=range(QUESTIONS + 1), title=name.replace("_", " "))
    panes[0].set_ylabel(f"recall@{result['limit']}, n = {result['shoppers']:,}")
    panes[1].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
