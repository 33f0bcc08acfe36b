"""Pictures of interests over time, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure


def trade_off(points: Sequence[tuple[str, float, float]], path: Path) -> None:
    """Writes recall of the new interest over forgetting of the old one; `points` are (way, forgetting, recall)."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.add_subplot()
    for name in dict.fromkeys(way for way, _, _ in points):
        mine = sorted((forgotten, new) for way, forgotten, new in points if way == name)
        axes.plot([x for x, _ in mine], [y for _, y in mine], "." if name == "daogou" else "-o", markersize=4, label=name)
    axes.set(xlabel="forgetting of the old interest", ylabel="recall@10 of the new interest, mean after 1, 3 and 10 acts")
    axes.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
