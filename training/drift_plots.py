"""Pictures of interests over time, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.dates import date2num
from matplotlib.figure import Figure

from assistant.behaviour import Strength


def trade_off(points: Sequence[tuple[str, float, float]], path: Path) -> None:
    """Writes recall of the new interest over forgetting of the old one; `points` are (way, forgetting, recall)."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.add_subplot()
    for name in dict.fromkeys(way for way, _, _ in points):
        mine = sorted((forgotten, new) for way, forgotten, new in points if way == name)
        axes.plot([x for x, _ in mine], [y for _, y in mine], "." if name == "daogou" else "-o", markersize=4, label=name)
    axes.set(xlabel="forgetting of the old interest", ylabel="recall@10 of the new interest, mean after 1, 3 and 10 acts")
    axes.legend(fontsize=8)
    _save(figure, path)


def timeline_plot(points: Sequence[Strength], path: Path, title: str = "") -> None:
    """Writes how strong each interest was over time, the strongest now on top of the legend."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    latest = {point.value: point.strength for point in sorted(points, key=lambda p: p.at)}
    for value in sorted(latest, key=lambda v: -latest[v]):
        mine = sorted((point.at, point.strength) for point in points if point.value == value)
        axes.plot(date2num([at for at, _ in mine]), [strength for _, strength in mine], label=value)
    axes.xaxis_date()
    axes.set(ylim=(0, 1), ylabel="strength", title=title)
    axes.legend(fontsize=8)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
