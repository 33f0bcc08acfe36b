"""A comparison as a table in Markdown and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

Result = Mapping[str, Any]
_HEADS = (
    "", "examples", "intent", "signal F1", "en", "zh", "hard errors per 100", "rating RMSE", "trained weights", "seconds",
    "memory, GB", "ms a message",
)


def table(results: Sequence[Result]) -> str:
    """The lines of the comparison, in their order. `memory` is the most that the process held while it trained."""
    lines = [_row(_HEADS), _row(["---"] * len(_HEADS))]
    for each in results:
        read = each["messages"]
        languages = read["by_language"]
        low, high = read["intervals"]["signal_f1"]
        lines.append(_row([
            each["name"], each.get("examples", "-"), f"{read['intent_accuracy']:.3f}",
            f"{read['signal_f1']:.3f} ({low:.3f} to {high:.3f})",
            *(f"{languages[name]['signal_f1']:.3f}" if name in languages else "-" for name in ("en", "zh")),
            f"{read['hard_errors_per_100']:.1f}", f"{each['rating_rmse']:.2f}" if "rating_rmse" in each else "-",
            f"{each['weights']:,}" if "weights" in each else "-", f"{each['seconds']:.0f}" if "seconds" in each else "-",
            f"{each['train_peak_mb'] / 1024:.1f}" if "train_peak_mb" in each else "-", f"{read['ms_median']:.0f}",
        ]))
    return "\n".join(lines) + "\n"


def draw(results: Sequence[Result], path: Path) -> None:
    """Writes the picture: signal F1 of every line with its 95 % interval beside the seconds that it took, and below the curve
    of LoRA over the number of examples."""
    figure = Figure(figsize=(10, 0.36 * len(results) + 5), layout="constrained")
    bars, curve = figure.subplots(2, 1, height_ratios=[0.36 * len(results), 4])
    for place, each in enumerate(results):
        read = each["messages"]
        low, high = read["intervals"]["signal_f1"]
        bars.plot([low, high], [place, place], color="#9db4c0", linewidth=5, solid_capstyle="butt")
        bars.plot(read["signal_f1"], place, "o", color="#22577a")
        told = f"{read['signal_f1']:.2f}" + (f", {each['seconds']:.0f} s" if "seconds" in each else "")
        bars.text(high + 0.008, place, told, va="center", fontsize=8)
    bars.set_yticks(range(len(results)), [each["name"] for each in results], fontsize=8)
    bars.invert_yaxis()
    bars.set_xlim(0, 1)
    bars.set_xlabel("signal F1, 95 % interval")
    points = sorted(((each["examples"], each) for each in curve_of(results)), key=lambda point: point[0])
    for language in ("en", "zh"):
        shown = [(count, each["messages"]["by_language"][language]["signal_f1"]) for count, each in points]
        curve.plot(*zip(*shown, strict=True), marker="o", label=language)
    curve.set_xscale("log")
    curve.set_xticks([count for count, _ in points], [f"{count:,}" for count, _ in points])
    curve.minorticks_off()
    curve.set_xlabel("examples learnt from")
    curve.set_ylabel("signal F1")
    curve.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def curve_of(results: Sequence[Result]) -> list[Result]:
    """The lines that differ from plain LoRA in the number of examples alone."""
    plain = next((each for each in results if each["name"] == "lora"), None)
    return [each for each in results if plain and each["name"].startswith("lora") and _alike(each, plain)]


def _alike(one: Result, other: Result) -> bool:
    """True when both have the same base, way and settings."""
    cells = [dict(each["order"]["cell"]) for each in (one, other)]
    return all(cells[0][key] == cells[1][key] for key in ("base", "way", "recipe"))


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
