"""Accuracy against variety as the diversity slider moves, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure


def front_plot(
    front: Sequence[Mapping[str, float]], chosen: float, peers: Mapping[str, tuple[float, float]], path: Path
) -> None:
    """Writes the line of `front` (diversity, diversity10, ndcg10), the chosen one bold, peers as points (diversity, nDCG)."""
    figure = Figure(figsize=(6.5, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([at["diversity10"] for at in front], [at["ndcg10"] for at in front], marker="o", label="slider")
    for at in front:
        weight = "bold" if at["diversity"] == chosen else "normal"
        place = (at["diversity10"], at["ndcg10"])
        axes.annotate(f"{at['diversity']:g}", place, textcoords="offset points", xytext=(4, 6), fontsize=8, weight=weight)
    for name, (variety, accuracy) in peers.items():
        axes.plot([variety], [accuracy], marker="s", linestyle="none", label=name)
    axes.set(xlabel="intra-list diversity of ten", ylabel="nDCG@10")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
