"""`daogou evaluate recommend`: the last choice of every shopper, by time, ranked among all items that she has not chosen.

Ours learns its weights inside the training part; its diversity slider, and the settings of the peers, are tuned on the last but
one choice with the last one out of sight. Then all are fitted on everything but the last.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from retrieval.histories import Histories
from retrieval.wheels import Progress
from training.recommend_figures import SLATE, Asked, Yardstick, figures, per_shopper
from training.recommend_model import SLIDERS, Ours, Pools, chosen_slider, fit_ours, pools_of
from training.recommend_split import Split, leave_out, slates_of
from training.recommend_tables import Measured
from training.text_tables import TooFewRows


def _silent(phase: str, done: int, total: int | None) -> None:
    """No progress is shown."""


def evaluate_recommend(
    measured: Measured, *, baselines: bool = False, cold: bool = False, predictions: Path | None = None,
    plots: Path | None = None, seed: int = 0, progress: Progress = _silent,
) -> dict[str, object]:
    """The figures of `evaluate recommend`, `baselines` and `cold` where they are wanted. Raises TooFewRows."""
    split, tuning = leave_out(measured.histories), leave_out(measured.histories, back=1)
    if not len(split.shoppers):
        raise TooFewRows("found no shopper with two items, expected some: leave-last-out asks for the last from those before")
    yardstick, asked = yardstick_of(measured, split.train), asked_of(measured, split)
    progress("fitting", 0, 2)
    slider = _tuned_slider(measured, tuning, seed)
    progress("fitting", 1, 2)
    ours = fit_ours(measured, split.train, seed)
    pools = pools_of(split, ours, yardstick.vectors)
    progress("fitting", 2, 2)
    slates = pools.slates(slider)
    report = {
        **figures(slates, asked, yardstick, seed), "items": len(measured.ids), "diversity_by": yardstick.alike_by,
        "model": _told(ours, slider), "by_score": figures(pools.slates(0.0), asked, yardstick, seed),
    }
    if baselines:
        report["baselines"] = dict(_baselines(measured, split, tuning, asked, yardstick, seed, progress))
    if cold:
        from training.recommend_cold import cold_items, cold_shoppers

        report["cold"] = {"shoppers": cold_shoppers(measured, seed), "items": cold_items(measured, seed)}
    if plots is not None:
        report["front"] = _front(pools, asked, yardstick, report, plots)
    if predictions is not None:
        lines = prediction_lines(measured, split, slates, ours)
        predictions.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return report


def yardstick_of(measured: Measured, train: Histories) -> Yardstick:
    """What slates are held against: label vectors where labels are known, else who chose the items."""
    shares = measured.label_shares()
    if measured.described:
        table, alike_by = shares.sign(), "categories"
    else:
        ones = np.ones(len(train.rows))
        table, alike_by = sparse.csr_array((ones, (train.rows, train.owners)), shape=(len(measured.ids), len(train))), "shoppers"
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    unit = sparse.csr_array(sparse.diags_array(1.0 / np.maximum(lengths, 1e-9)) @ table)
    chosen_by = np.bincount(train.rows[train.weights > 0], minlength=len(measured.ids))
    return Yardstick(chosen_by, len(train), unit, alike_by, shares)


def asked_of(measured: Measured, split: Split) -> Asked:
    """The targets, and the mix of labels of each shopper's training history."""
    train = split.train
    ones = np.ones(len(train.rows))
    table = sparse.csr_array((ones, (train.owners, train.rows)), shape=(len(train), len(measured.ids)))
    mix = (table @ measured.label_shares()).toarray()[split.shoppers]
    return Asked(split.targets, mix / np.maximum(mix.sum(axis=1, keepdims=True), 1e-9))


def _tuned_slider(measured: Measured, tuning: Split, seed: int) -> float:
    """The diversity slider, chosen on the last but one choices; 0 when no history is long enough."""
    if not len(tuning.shoppers):
        return 0.0
    return chosen_slider(tuning, fit_ours(measured, tuning.train, seed), yardstick_of(measured, tuning.train))


def _told(ours: Ours, slider: float) -> dict[str, Any]:
    settings = ours.model.settings
    weights = {part: round(weight, 4) for part, weight in settings.shares.items()}
    return {"weights": weights, "near_fade": settings.near_fade, "diversity": slider}


def _baselines(
    measured: Measured, split: Split, tuning: Split, asked: Asked, yardstick: Yardstick, seed: int, progress: Progress
) -> Iterator[tuple[str, dict[str, object]]]:
    """(name, figures with the setting that was tuned) of every peer."""
    from training.recommend_baselines import PEERS, feasible, tuned

    items = len(measured.ids)
    for peer in PEERS:
        if not feasible(peer, measured.histories, items):
            continue
        setting = tuned(peer, tuning, items, seed, progress)[0] if len(tuning.shoppers) else next(peer.settings())
        slates = slates_of(split, peer.fit(split.train, items, setting, seed))
        yield peer.name, {**figures(slates, asked, yardstick, seed), "setting": setting}


def _front(pools: Pools, asked: Asked, yardstick: Yardstick, report: dict[str, Any], plots: Path) -> list[dict[str, float]]:
    """Accuracy and variety as the slider moves, also drawn as `accuracy_diversity.png`."""
    from training.recommend_plots import front_plot

    front = []
    for slider in SLIDERS:
        found = per_shopper(pools.slates(slider), asked, yardstick)
        names = ("hr10", "ndcg10", "diversity10", "calibration10")
        front.append({"diversity": slider, **{name: round(float(found[name].mean()), 4) for name in names if name in found}})
    peers = {name: (peer["diversity10"], peer["ndcg10"]) for name, peer in report.get("baselines", {}).items()}
    front_plot(front, report["model"]["diversity"], peers, plots / "accuracy_diversity.png")
    return front


def prediction_lines(measured: Measured, split: Split, slates: np.ndarray, ours: Ours) -> Iterator[str]:
    """One JSON object a shopper: the end of her history, what she chose, the slate with the share of each part."""
    train, ids = split.train, measured.ids
    for shopper, target, slate in zip(split.shoppers.tolist(), split.targets.tolist(), slates, strict=True):
        rows, weights = train.of(shopper)
        parts = ours.model.affinity(rows, weights, at=train.newest(shopper)).parts
        shown = [int(row) for row in slate if row >= 0]
        place = shown.index(target) + 1 if target in shown else None
        yield json.dumps({
            "user": train.shoppers[shopper], "history": [ids[row] for row in rows[-SLATE:]], "gold": ids[target],
            "predicted": [
                {"id": ids[row], **{part: round(float(values[row]), 4) for part, values in parts.items()}} for row in shown
            ],
            "place": place,
        }, ensure_ascii=False)
