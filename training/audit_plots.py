"""Pictures of an audit: exposure by repeats, and how well members are told from others, as PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from training.membership import FALSE_RATES

CHANCE = 1.44
"""Bits of exposure that a secret has on average which was never seen: 1 / ln 2."""
_SIGNS = {"loss": "by loss", "against_base": "by loss against the base's"}


def exposure_plot(figures: Mapping[str, Any], path: Path) -> None:
    """Writes the exposure of every secret and the mean, by how often it was planted."""
    by_repeats = figures["by_repeats"]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    for place, told in enumerate(by_repeats.values()):
        axes.plot([place] * len(told["each"]), told["each"], "o", color="tab:blue", alpha=0.3)
    means = [told["mean"] for told in by_repeats.values()]
    around = [[abs(told["interval"][side] - told["mean"]) for told in by_repeats.values()] for side in (0, 1)]
    axes.errorbar(range(len(means)), means, yerr=around, marker="D", color="tab:red", capsize=4, label="mean")
    axes.axhline(CHANCE, color="grey", linestyle="--", label="never seen")
    axes.axhline(figures["most"], color="grey", linestyle=":", label=f"likeliest of {figures['alternatives'] + 1:,}")
    axes.set_xticks(range(len(means)), list(by_repeats))
    axes.set(xlabel="times planted", ylabel="exposure (bits)")
    axes.legend()
    _save(figure, path)


def roc_plot(figures: Mapping[str, Any], path: Path) -> None:
    """Writes the ROC curves of membership by either sign."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    for sign, words in _SIGNS.items():
        told = figures[sign]
        axes.plot(FALSE_RATES, told["roc"], label=f"{words}: AUC {told['auc']:.3f}")
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--")
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="others taken for members", ylabel="members found")
    axes.legend(loc="lower right")
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
