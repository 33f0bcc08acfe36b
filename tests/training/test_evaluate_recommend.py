"""`evaluate recommend` in one process: what it reports, and that nothing held back is learnt."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.evaluate_recommend import evaluate_recommend, yardstick_of
from training.recommend_figures import diversity
from training.recommend_model import fit_ours, pools_of
from training.recommend_split import leave_out
from training.recommend_tables import Measured, read_measured
from training.recommend_words import content_of
from training.text_tables import TooFewRows

KEYS = {"users", "hr10", "ndcg10", "mrr10", "coverage10", "diversity10", "novelty10", "calibration10", "gini", "intervals"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Sixty shoppers of two tastes, each of whom writes of what she chose; columns as other sites call them."""
    folder = tmp_path_factory.mktemp("log")
    chance = random.Random(0)
    log, reviews = ["userId,movieId,rating,timestamp"], ["reviewerID,asin,reviewText,overall,unixReviewTime"]
    for shopper in range(60):
        for place, item in enumerate(chance.sample(range(15) if shopper % 2 else range(15, 30), 6)):
            log.append(f"u{shopper},i{item},{chance.randint(1, 5)},{1_600_000_000 + 60 * place}")
            reviews.append(f"u{shopper},i{item},word{shopper}x{item} fine,4,{1_600_000_000 + 60 * place}")
    items = ["movieId,title,genres"] + [f"i{item},{'Red tea' if item < 15 else 'Blue cup'} {item},{'Tea|Drink' if item < 15 else 'Cup|Drink'}" for item in range(30)]
    for name, lines in (("log", log), ("reviews", reviews), ("items", items)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return read_measured(folder / "log.csv", folder / "items.csv", folder / "reviews.csv")


@pytest.fixture(scope="module")
def report(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Everything measured at once."""
    folder = tmp_path_factory.mktemp("out")
    return evaluate_recommend(measured, baselines=True, cold=True, predictions=folder / "p.jsonl", plots=folder), folder


def test_ours_and_every_peer_have_every_figure(report: tuple[dict[str, Any], Path]) -> None:
    """The keys of the command's JSON, for ours, by score alone, and for each peer with the setting it was tuned to."""
    found, _ = report
    assert found.keys() >= KEYS
    assert found["by_score"].keys() >= KEYS
    assert set(found["baselines"]) == {"popularity", "item_knn", "ease", "als", "bpr"}
    assert all(peer.keys() >= {*KEYS, "setting"} for peer in found["baselines"].values())
    assert (found["users"], found["diversity_by"]) == (60, "categories")
    assert sum(found["model"]["weights"].values()) == pytest.approx(1, abs=1e-3)


def test_two_tastes_are_told_apart(report: tuple[dict[str, Any], Path]) -> None:
    """With nine items of her taste left and ten slots, every shopper's target is on a slate by score, cold shoppers' too."""
    found, _ = report
    assert found["by_score"]["hr10"] == 1.0
    assert found["cold"]["shoppers"]["ours"]["hr10"] > found["cold"]["shoppers"]["popularity"]["hr10"]


def test_picture_and_predictions_are_written(report: tuple[dict[str, Any], Path]) -> None:
    """The front is drawn, and a line a shopper tells the slate with the parts of its scores, nothing of her history among it."""
    found, folder = report
    assert (folder / "accuracy_diversity.png").stat().st_size > 5000
    assert [at["diversity"] for at in found["front"]] == sorted(at["diversity"] for at in found["front"])
    lines = [json.loads(line) for line in (folder / "p.jsonl").read_text().splitlines()]
    assert len(lines) == 60
    assert not any(set(line["history"]) & {shown["id"] for shown in line["predicted"]} for line in lines)
    assert {"near", "trend"} <= lines[0]["predicted"][0].keys()


def test_the_target_of_a_shopper_changes_nothing_that_is_learnt(measured: Measured) -> None:
    """With other last choices, and other words written beside them, training part, words and scores stay to the bit."""
    histories = measured.histories
    rows = histories.rows.copy()
    last = histories.starts[1:] - 1
    rows[last] = [next(item for item in range(30) if item not in histories.of(number)[0]) for number in range(len(histories))]
    words = {(number, int(row)): "spoiler" for number, row in enumerate(rows[last])}
    other = replace(measured, histories=replace(histories, rows=rows), reviewed={**measured.reviewed, **words})
    first, second = leave_out(measured.histories).train, leave_out(other.histories).train
    mine, yours = content_of(measured, first), content_of(other, second)
    assert mine is not None
    assert yours is not None
    assert np.array_equal(mine, yours)
    shoppers = np.arange(5)
    assert np.array_equal(fit_ours(measured, first).scores(shoppers), fit_ours(other, second).scores(shoppers))


def test_a_higher_slider_gives_more_varied_slates(measured: Measured) -> None:
    """Slates change with the slider, from the order by score to the greatest variety, and none repeats an item."""
    split = leave_out(measured.histories)
    yardstick = yardstick_of(measured, split.train)
    pools = pools_of(split, fit_ours(measured, split.train), yardstick.vectors)
    varied = [np.mean([diversity(slate, yardstick.vectors) for slate in pools.slates(slider)]) for slider in (0.0, 0.5, 0.9)]
    assert varied[0] <= varied[1] <= varied[2]
    assert varied[0] < varied[2]
    assert all(len(set(slate.tolist())) == 10 for slate in pools.slates(0.9))


def test_too_little_is_told(measured: Measured) -> None:
    """Without a shopper of two items there is nothing to hold back."""
    lonely = measured.histories.kept(measured.histories.age == 0)
    with pytest.raises(TooFewRows, match="no shopper with two items"):
        evaluate_recommend(replace(measured, histories=lonely))
