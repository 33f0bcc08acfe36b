"""Search against what people judged: nDCG over the judged pairs, and what of it a search of the whole catalogue finds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from retrieval.schema import Query
from retrieval.search import Search
from training.judgements import JudgedQuery, Judgements
from training.ranking_metrics import interval, ndcg
from training.search_baselines import Scorer

Progress = Callable[[str, int, int], None]
_DEEP = 50


@dataclass(frozen=True, slots=True)
class QueryFigures:
    """What one query gave; None where it can't tell."""

    query: str
    judged: dict[str, float]
    """Product -> score, over the judged ones."""
    found: tuple[str, ...]
    """The first 50 of the whole catalogue."""
    ms: float
    ndcg5_judged: float | None = None
    ndcg10_judged: float | None = None
    recall10: float | None = None
    recall50: float | None = None
    ndcg10: float | None = None


FIGURES = ("ndcg5_judged", "ndcg10_judged", "recall10", "recall50", "ndcg10")


def evaluate_search(
    search: Search, judgements: Judgements, *, peers: Mapping[str, Scorer] | None = None, predictions: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Mean figures with 95 % bootstrap intervals, as `daogou evaluate search --json` shows them.

    nDCG over the judged pairs has the gain 2^(relevance - least relevance) - 1 and counts queries with at least five judged
    products and a spread of at least 1. Recall and nDCG@10 over the whole catalogue count products of the highest relevance;
    most of the catalogue is not judged, so they are lower bounds. Milliseconds are of the whole search, embedding included.
    """
    known = search.view().catalogue.rows
    figures = []
    for number, query in enumerate(judgements.queries):
        judged = search.judged(Query(query.text), [product for product in query.relevance if product in known])
        started = time.perf_counter()
        found = tuple(product for product, _ in search.ranked(Query(query.text))[:_DEEP])
        figures.append(_figures(query, judgements, judged, found, (time.perf_counter() - started) * 1000))
        if progress:
            progress("search", number + 1, len(judgements.queries))
    if predictions:
        write_predictions(predictions, judgements, figures)
    result = summed(figures)
    if peers is not None:
        result["baselines"] = {name: summed(_of_peer(name, peer, search, judgements, progress)) for name, peer in peers.items()}
    return result


def summed(figures: Sequence[QueryFigures]) -> dict[str, Any]:
    """The means over the queries that can tell, and their intervals."""
    result: dict[str, Any] = {"queries": len(figures)}
    intervals = {}
    for name in FIGURES:
        values = [value for each in figures if (value := getattr(each, name)) is not None]
        result[name] = float(np.mean(values)) if values else None
        intervals[name] = interval(values)
    result["ms_median"] = median(each.ms for each in figures) if figures else None
    return {**result, "intervals": intervals}


def _of_peer(
    name: str, peer: Scorer, search: Search, judgements: Judgements, progress: Progress | None
) -> list[QueryFigures]:
    catalogue = search.view().catalogue
    figures = []
    for number, query in enumerate(judgements.queries):
        started = time.perf_counter()
        scores = peer(query.text)
        top = np.argpartition(-scores, min(_DEEP, len(scores) - 1))[:_DEEP]
        found = tuple(catalogue.ids[row] for row in top[np.argsort(-scores[top], kind="stable")])
        ms = (time.perf_counter() - started) * 1000
        judged = {product: float(scores[catalogue.rows[product]]) for product in query.relevance if product in catalogue.rows}
        figures.append(_figures(query, judgements, judged, found, ms))
        if progress:
            progress(name, number + 1, len(judgements.queries))
    return figures


def _figures(
    query: JudgedQuery, judgements: Judgements, judged: dict[str, float], found: tuple[str, ...], ms: float
) -> QueryFigures:
    gains = {product: 2.0 ** (query.relevance[product] - judgements.low) - 1.0 for product in judged}
    best = {product for product, relevance in query.relevance.items() if relevance >= judgements.high}
    told: dict[str, float] = {}
    if query.tells and len(judged) > 1:
        ordered = ([gains[product] for product in judged], list(judged.values()))
        told = {"ndcg5_judged": ndcg(*ordered, 5), "ndcg10_judged": ndcg(*ordered, 10)}
    if best:
        told |= {f"recall{depth}": len(best & set(found[:depth])) / len(best) for depth in (10, 50)}
        hits = [1.0 if product in best else 0.0 for product in found]
        missing = [1.0] * (len(best) - int(sum(hits)))
        order = [*range(len(found), 0, -1), *([-1.0] * len(missing))]
        told["ndcg10"] = ndcg(hits + missing, order, 10)
    return QueryFigures(query.text, judged, found, ms, **told)


def write_predictions(path: Path, judgements: Judgements, figures: Sequence[QueryFigures]) -> None:
    """One JSON line a query: its text, the judged relevance, our scores of the judged, and what was found."""
    with path.open("w", encoding="utf-8") as file:
        for query, each in zip(judgements.queries, figures, strict=True):
            row = {
                "input": query.text, "gold": query.relevance, "scores": each.judged, "predicted": each.found[:10],
                **{name: getattr(each, name) for name in FIGURES},
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
