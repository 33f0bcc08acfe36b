"""The two-task ranker's training."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.ranking import ITEM_FEATURES, TEXT_FEATURES, load_ranker
from training.ranker import RankerDataError, RankerRecipe, RankingRows, fit_ranker
from training.ranking_metrics import calibration_error

LISTS, LENGTH = 200, 6
QUICK = RankerRecipe(hidden=(8, 4), epochs=25, lists=16, learning_rate=0.02, dropout=0.0, patience=25, prior_pull=0.002)


def _rows(seed: int = 0, *, relevance: bool = True, clicks: bool = False) -> RankingRows:
    """Lists whose relevance follows the likeness, and whose clicks follow the popularity and the place."""
    random = np.random.default_rng(seed)
    count = LISTS * LENGTH
    text = random.standard_normal((count, len(TEXT_FEATURES))).astype(np.float32)
    item = np.zeros((count, len(ITEM_FEATURES)), dtype=np.float32)
    item[:, ITEM_FEATURES.index("popularity")] = random.random(count)
    place = np.tile(np.arange(LENGTH), LISTS)
    wanted = 1 / (1 + np.exp(-2 * text[:, TEXT_FEATURES.index("likeness")].astype(float)))
    chance = 1 / (1 + np.exp(-(4 * item[:, ITEM_FEATURES.index("popularity")] - 2.0 - 0.5 * place)))
    unknown = np.full(count, np.nan)
    return RankingRows(
        text, item, np.repeat(np.arange(LISTS), LENGTH), wanted if relevance else unknown,
        (random.random(count) < chance).astype(float) if clicks else unknown, place,
    )


def test_it_learns_what_is_relevant() -> None:
    """On lists held back the learnt order is far better than chance, and the probabilities are calibrated."""
    ranker, figures = fit_ranker(_rows(), QUICK)
    assert figures.ndcg5 is not None and figures.ndcg5 > 0.9
    assert figures.relevance_error is not None and figures.relevance_error < 0.1
    assert ranker.click_share == 0.0


def test_it_learns_clicks_beside_their_place() -> None:
    """Clicks teach the click task; that lower places are clicked less is not held against the items there."""
    ranker, figures = fit_ranker(_rows(clicks=True), QUICK)
    assert figures.click_auc is not None and figures.click_auc > 0.65
    assert ranker.click_share == 0.5
    weight = ranker.wide[ITEM_FEATURES.index("popularity")]
    assert weight[1] > load_ranker().wide[ITEM_FEATURES.index("popularity")][1]


def test_few_clicks_leave_the_prior_nearly_as_it_was() -> None:
    """Features that the rows never show keep their prior weight."""
    start = load_ranker()
    ranker, _ = fit_ranker(_rows(relevance=False, clicks=True), QUICK, start)
    place = ITEM_FEATURES.index("wished")
    assert np.allclose(ranker.wide[place], start.wide[place], atol=0.05)


def test_the_same_seed_gives_the_same_ranker() -> None:
    """Training is a function of rows, recipe and seed."""
    one, _ = fit_ranker(_rows(), QUICK)
    two, _ = fit_ranker(_rows(), QUICK)
    assert all(np.array_equal(a, b) for (a, _), (b, _) in zip(one.layers, two.layers, strict=True))


def test_rows_that_teach_nothing_are_refused() -> None:
    """No label, too few lists, NaN features: each is named with its cure."""
    rows = _rows()
    with pytest.raises(RankerDataError, match="no label"):
        _rows(relevance=False)
    with pytest.raises(RankerDataError, match="at least 5"):
        fit_ranker(rows.of(rows.lists < 3), QUICK)
    with pytest.raises(RankerDataError, match="no finite numbers"):
        RankingRows(np.full_like(rows.text, np.nan), rows.item, rows.lists, rows.relevance, rows.clicked, rows.place)
    with pytest.raises(RankerDataError, match="found no lists"):
        RankingRows.joined([])


def test_calibration_error_is_the_gap_between_said_and_seen() -> None:
    """Chances that come true as often as they say have no error; sure and wrong has the whole."""
    assert calibration_error(np.array([0.5, 0.5]), np.array([0.0, 1.0])) == 0.0
    assert calibration_error(np.array([1.0, 1.0]), np.array([0.0, 0.0])) == 1.0
    assert calibration_error(np.array([1.0]), np.array([np.nan])) is None
