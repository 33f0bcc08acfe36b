"""The picture of a shop's versions: what each did on lists held back, against the one that it was to replace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from training.adapt_history import Manifest

_COLOURS = {"passed": "tab:green", "refused": "tab:red", "found": "grey"}
_FIGURES = {"ndcg5": "nDCG@5 of lists held back", "click_auc": "AUC of clicks", "kept_ndcg5": "shipped order kept"}


def history_plot(made: Sequence[Manifest], in_force: int | None, path: Path) -> None:
    """Writes a panel a figure: hollow before, full after, green passed and red refused; the version in force has a ring."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for place, (name, title) in enumerate(_FIGURES.items(), 1):
        axes = figure.add_subplot(1, len(_FIGURES), place)
        for version in made:
            before, after = version.figures.get(f"{name}_before"), version.figures.get(f"{name}_after")
            if before is None or after is None:
                continue
            colour, number = _COLOURS[version.decision], version.version
            axes.plot([number, number], [before, after], color=colour, linewidth=1)
            axes.plot(number, before, "o", color=colour, markerfacecolor="white")
            axes.plot(number, after, "o", color=colour)
            if number == in_force:
                axes.plot(number, after, "o", color="black", markersize=12, markerfacecolor="none")
        axes.set(title=title, xlabel="version")
        axes.set_xticks([version.version for version in made])
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
