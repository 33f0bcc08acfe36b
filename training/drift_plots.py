"""Pictures of interests over time, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.dates import date2num
from matplotlib.figure import Figure

from assistant.behaviour import Strength
from assistant.moves import Moves


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


def moves_plot(moved: Moves, path: Path) -> None:
    """Writes two panels: people who turned to each kind, by month, and people who left it or took it up."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    by_month, by_kind = figure.subplots(1, 2)
    told = {(count.key[:7], count.key[8:]): count.people for count in moved.turned_to}
    months, kinds = sorted({month for month, _ in told}), sorted({kind for _, kind in told})
    for kind in kinds:
        by_month.plot(months, [told.get((month, kind), float("nan")) for month in months], "-o", markersize=3, label=kind)
    by_month.set(ylabel="people a month", title=f"Turned to (told from {moved.group} people on)")
    by_month.tick_params(axis="x", rotation=60)
    if kinds:
        by_month.legend(fontsize=8)
    left, taken = ({count.key: count.people for count in counts} for counts in (moved.left, moved.taken_up))
    names = sorted(left.keys() | taken.keys(), key=lambda name: taken.get(name, 0) - left.get(name, 0))
    by_kind.barh(names, [-left.get(name, 0) for name in names], color="tab:gray", label="left")
    by_kind.barh(names, [taken.get(name, 0) for name in names], color="tab:orange", label="taken up")
    by_kind.axvline(0, color="black", linewidth=0.8)
    by_kind.xaxis.set_major_formatter(lambda people, _: f"{abs(people):g}")
    by_kind.set(xlabel="people whose taste moved", title="Left and taken up")
    if names:
        by_kind.legend(fontsize=8)
    else:
        by_kind.set(xticks=[], yticks=[], xlabel=f"no kind that {moved.group} people or more left or took up")
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
