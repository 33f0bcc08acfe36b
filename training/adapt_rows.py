"""The rows of a re-tuning: what shoppers taught now, what they did before, and the shipped order as it must not be forgotten."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.ranking import load_ranker
from retrieval.schema import Query
from retrieval.search import Search
from retrieval.shop import Shop
from training.adapt_feedback import Learnable, SeenSlate
from training.adapt_settings import AdaptSettings
from training.ranker import RankingRows
from training.ranker_rows import behaviour_rows

Progress = Callable[[str, int, int], None]
_LATEST = 0.2
"""Share of the lists of behaviour, the newest, that the gate judges by: what is newest later was never learnt before."""
_FRONT, _BEHIND = 8, 4
"""Candidates of a replayed query: the best, and some from further down."""


@dataclass(frozen=True)
class AdaptRows:
    """What a candidate learns from, and what it is judged by. The two share no session and no list."""

    learnt: RankingRows
    held: RankingRows | None
    """Lists of shoppers."""
    replay: RankingRows | None
    """Queries whose order the shipped ranker gave."""
    counts: dict[str, int]
    """Lists by where they come from."""


def adapt_rows(
    shop: Shop, search: Search, taught: Learnable, settings: AdaptSettings, progress: Progress | None = None
) -> AdaptRows:
    """The lists of all sources, parted. Raises StoreError."""
    known = search.view().catalogue.rows
    slates = [slate_list(search, slate, known) for slate in taught.slates if not slate.held_back]
    held = [slate_list(search, slate, known) for slate in taught.slates if slate.held_back]
    done = behaviour_rows(shop, seed=settings.seed, progress=progress)
    earlier, later = _by_time(done) if done is not None else (None, None)
    replayed = list(_replayed(search, shop, settings, progress))
    kept, judged = replayed[len(replayed) // 4 :], replayed[: len(replayed) // 4]
    parts = {"slates": _joined(slates), "behaviour": earlier, "replay": _joined(kept)}
    judges = {"slates held back": _joined(held), "behaviour held back": later, "replay held back": _joined(judged)}
    counts = {name: _count(rows) for name, rows in {**parts, **judges}.items()}
    learnt = RankingRows.joined([rows for rows in parts.values() if rows is not None])
    return AdaptRows(learnt, _joined([judges["slates held back"], later]), judges["replay held back"], counts)


def slate_list(search: Search, slate: SeenSlate, known: Iterable[str]) -> RankingRows | None:
    """The slate as a list: what was taken, what was refused, and what stood above a taken item and was passed over; of the rest
    it is not known how relevant it is. None when the shop sells too little of it any more."""
    shown = [(item, place) for item, place in slate.shown if item in known]
    if len(shown) < 2 or not any(item in slate.said for item, _ in shown):
        return None
    last = max((place for item, place in shown if item in slate.said and slate.said[item].taken), default=-1)
    relevance = [_relevance(slate, item, place, last) for item, place in shown]
    clicked = [float(item in slate.said and slate.said[item].taken) for item, _ in shown]
    text, features = search.features(slate.query, [item for item, _ in shown])
    return RankingRows(
        text, features, np.zeros(len(shown), dtype=np.int64), np.array(relevance), np.array(clicked),
        np.array([place for _, place in shown], dtype=np.int64),
    )


def _relevance(slate: SeenSlate, item: str, place: int, last: int) -> float:
    if item in slate.said:
        return slate.said[item].worth
    return 0.0 if place < last else np.nan


def _replayed(search: Search, shop: Shop, settings: AdaptSettings, progress: Progress | None) -> Iterable[RankingRows]:
    """Queries of shelves and titles with the relevance that the shipped ranker gives: learnt beside what is new, they keep what
    it knew (learning without forgetting, Li and Hoiem 2016)."""
    chance, shipped = random.Random(settings.seed), load_ranker()
    ids = search.view().catalogue.ids
    items = shop.items(chance.sample(list(ids), min(settings.replayed, len(ids))))
    for number, item in enumerate(items):
        words = item.category[-1] if item.category and number % 2 else item.title
        query = Query(words)
        found = [item_id for item_id, _ in search.ranked(query)]
        behind = found[_FRONT:]
        chosen = [*found[:_FRONT], *chance.sample(behind, min(_BEHIND, len(behind)))]
        if progress:
            progress("replay", number + 1, len(items))
        if len(chosen) > 1:
            text, features = search.features(query, chosen)
            nothing, unknown = np.zeros(len(chosen), dtype=np.int64), np.full(len(chosen), np.nan)
            yield RankingRows(text, features, nothing, shipped.rank(text, features).relevant, unknown, nothing)


def _by_time(rows: RankingRows) -> tuple[RankingRows | None, RankingRows | None]:
    """(earlier lists, the latest): they stand in the order of time."""
    lists = int(rows.lists.max()) + 1
    late = rows.lists >= lists - int(lists * _LATEST)
    return rows.of(~late) if not late.all() else None, rows.of(late) if late.any() else None


def _joined(parts: Sequence[RankingRows | None]) -> RankingRows | None:
    found = [part for part in parts if part is not None]
    return RankingRows.joined([_from_zero(part) for part in found]) if found else None


def _from_zero(rows: RankingRows) -> RankingRows:
    """The rows with their lists numbered from 0 without gaps."""
    numbers = np.unique(rows.lists, return_inverse=True)[1].astype(np.int64)
    return RankingRows(rows.text, rows.item, numbers, rows.relevance, rows.clicked, rows.place)


def _count(rows: RankingRows | None) -> int:
    return 0 if rows is None else len(np.unique(rows.lists))
