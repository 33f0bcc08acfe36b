"""Where the ranker's training rows come from: judged pairs."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from retrieval.schema import Query
from retrieval.search import Search
from training.judgements import JudgedQuery, Judgements
from training.ranker import RankingRows

Progress = Callable[[str, int, int], None]


def judged_rows(
    search: Search, judgements: Judgements, *, found: int = 8, drawn: int = 4, seed: int = 0, progress: Progress | None = None
) -> RankingRows:
    """A list a query: its judged products; `found` unjudged ones that search brings up, as ones of no relevance; and `drawn`
    products judged for other queries (in-batch negatives)."""
    chance = random.Random(seed)
    known = set(search.view().catalogue.ids)
    others = [product for query in judgements.queries for product in query.relevance if product in known]
    parts = []
    for number, query in enumerate(judgements.queries):
        judged = [product for product in query.relevance if product in known]
        if len(judged) > 1:
            negatives = _negatives(search, query, found, chance) + chance.sample(others, min(drawn, len(others)))
            negatives = [product for product in dict.fromkeys(negatives) if product not in query.relevance]
            relevance = [judgements.degree(query.relevance[product]) for product in judged] + [0.0] * len(negatives)
            parts.append(_list(search, query.text, judged + negatives, relevance))
        if progress:
            progress("features", number + 1, len(judgements.queries))
    return RankingRows.joined(parts)


def _negatives(search: Search, query: JudgedQuery, count: int, chance: random.Random) -> list[str]:
    if not count:
        return []
    top = [item for item, _ in search.ranked(Query(query.text))[:60] if item not in query.relevance]
    return chance.sample(top, min(count, len(top)))


def _list(search: Search, text: str, ids: Sequence[str], relevance: Sequence[float]) -> RankingRows:
    words, items = search.features(Query(text), ids)
    nothing = np.zeros(len(ids), dtype=np.int64)
    return RankingRows(words, items, nothing, np.array(relevance), np.full(len(ids), np.nan), nothing)
