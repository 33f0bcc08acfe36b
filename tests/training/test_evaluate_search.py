"""Measuring search against judgements."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import FeedError
from retrieval.search import Search
from retrieval.shop import Shop
from training.evaluate_search import evaluate_search
from training.judgements import read_judgements, read_products
from training.ranker import RankerRecipe, fit_ranker
from training.ranker_rows import judged_rows
from training.ranking_metrics import interval, ndcg
from training.search_baselines import peers

JUDGED = "query_id,query,product_id,relevance\n" + "".join(
    f"{number},{query},{product},{relevance}\n"
    for number, (query, grades) in enumerate({
        "glass kettle": {"k2": 3, "k1": 2, "k3": 2, "l1": 1, "l2": 1}, "desk lamp": {"l2": 3, "l1": 2, "k1": 1, "k2": 1, "k5": 1},
        "mini kettle": {"k4": 3, "k1": 2, "k5": 1, "l2": 1, "l1": 1}, "whisper kettle": {"k3": 3, "k2": 2, "k4": 2, "l1": 1, "l2": 1},
        "grand kettle": {"k5": 3, "k1": 2, "k2": 2, "l1": 1, "l2": 1}, "lamp": {"l2": 3, "l1": 3, "k1": 1, "k2": 1, "k3": 1},
    }.items())
    for product, relevance in grades.items()
)


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    path = tmp_path / "judged.csv.gz"
    path.write_bytes(gzip.compress(JUDGED.encode(), mtime=0))
    return path


def test_search_is_measured_beside_its_peers(small_shop: Shop, judged: Path, tmp_path: Path) -> None:
    """The figures are shares with their intervals, peers are measured on the same queries, and each query can be read."""
    search = Search(small_shop)
    titles = [item.title for item in small_shop.all_items()]
    result = evaluate_search(search, read_judgements(judged), peers=peers(titles, {}), predictions=tmp_path / "p.jsonl")
    assert result["queries"] == 6
    assert result["ndcg5_judged"] > result["baselines"]["random"]["ndcg5_judged"]
    low, high = result["intervals"]["ndcg5_judged"]
    assert low <= result["ndcg5_judged"] <= high
    assert result["recall50"] == 1.0
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert lines[0]["input"] == "glass kettle" and lines[0]["predicted"][0] == "k2"


def test_judged_pairs_train_a_ranker(small_shop: Shop, judged: Path) -> None:
    """Rows come from the search itself: judged products, and others as ones of no relevance."""
    rows = judged_rows(Search(small_shop), read_judgements(judged), coarse=1.0)
    assert len(np.unique(rows.lists)) == 12
    assert set(rows.relevance.tolist()) == {0.0, 0.5, 1.0}
    _, figures = fit_ranker(rows, RankerRecipe(epochs=2))
    assert figures.lists == 2


def test_missing_columns_and_bad_rows_are_named(tmp_path: Path) -> None:
    """A table without a needed column is refused with what it has; a row without a number is reported with its line."""
    bad = tmp_path / "bad.csv"
    bad.write_text("query,product_id\nboots,1\n")
    with pytest.raises(FeedError, match="relevance"):
        read_judgements(bad)
    bad.write_text("query,product_id,relevance\nboots,1,good\nboots,2,3\n")
    found = read_judgements(bad)
    assert [error.row for error in found.rejected] == [2]
    bad.write_text("product_id,title\n1,Boots\n2,\n")
    rejected: list = []
    assert [item.id for item in read_products(bad, rejected)] == ["1"]
    assert [error.row for error in rejected] == [3]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 12))
def test_the_ideal_order_has_an_ndcg_of_one(gains: list[int], limit: int) -> None:
    """Ordered by gain the figure is 1, or 0 where there is none to gain; any order lies between."""
    best = ndcg(gains, gains, limit)
    assert best == pytest.approx(1.0 if any(gains) else 0.0)
    assert 0.0 <= ndcg(gains, [-gain for gain in gains], limit) <= best + 1e-9


def test_the_interval_holds_the_mean() -> None:
    """The bootstrap interval of a mean lies around it and is the same each time."""
    values = [0.0, 1.0] * 50
    low, high = interval(values)
    assert low < 0.5 < high
    assert interval(values) == (low, high)
