"""A query as a catalogue understands it, the items worth ranking for it, and what the ranker says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from retrieval.catalogue import Mask
from retrieval.conditions import meeting
from retrieval.features import item_features, price_places, text_features
from retrieval.index import Floats
from retrieval.meaning import Meaning
from retrieval.naming import named_rows
from retrieval.people import grown_up
from retrieval.postings import Rows
from retrieval.ranking import ITEM_FEATURES, Features, Ranked, Ranker
from retrieval.schema import Item, Query, Signal
from retrieval.scoring import Wish, soft_wish, top
from retrieval.terms import Term, terms_of
from retrieval.view import View
from retrieval.word_match import Scores, lexical_scores

_COUNTED = frozenset({"price", "rating", "order", "action", "topic"})
"""Facets whose values are not words of an item."""
_LEXICAL = 3.0
"""Log-odds that BM25 counts while candidates are gathered; the ranker then looks closer."""
ItemsOf = Callable[[Sequence[int]], Mapping[int, Item]]


@dataclass(frozen=True)
class Asked:
    """A query as the catalogue understands it."""

    query: Query
    view: View
    vector: Floats | None
    """Where the query lies; None when it says nothing."""
    terms: tuple[Term, ...]
    wishes: tuple[Wish, ...]
    """The soft wishes that the catalogue can tell of."""
    names: Mapping[Signal, Rows]
    """Items asked for by name."""
    told: Mapping[str, Scores]
    """Item features over the whole catalogue."""

    def missed(self, row: int) -> tuple[Signal, ...]:
        """The soft wishes that an item does not meet."""
        return tuple(wish.meaning.signal for wish in self.wishes if not wish.met[row])


@dataclass(frozen=True)
class Candidates:
    """The items worth showing, in no order."""

    rows: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    cosines: Floats = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    scores: Scores = field(default_factory=lambda: np.empty(0))
    """The ranker's; higher is better. Shape: (n,)."""
    parts: Mapping[str, Scores] = field(default_factory=dict)
    """What words and meaning, and each item feature, add to the scores. Shape of each: (n,)."""


def understand(
    query: Query, view: View, vector: Floats | None, fitting: Mask, items_of: ItemsOf, taste: Scores | None = None
) -> Asked:
    """The query resolved in the catalogue; `fitting` are the items that meet its hard wishes, `taste` is how much every item
    suits the shopper by what shoppers alike chose, at most 1."""
    catalogue, resolve = view.catalogue, view.vocabulary.resolve
    like = catalogue.rows_of(query.like).tolist()
    soft = [resolve(signal) for signal in dict.fromkeys(query.signals) if not signal.hard]
    wishes = tuple(soft_wish(catalogue, m, fitting, like) for m in soft if m.kind not in ("any", "nothing", "name"))
    names = {
        signal: named_rows(signal.value, catalogue, view.vocabulary.spell, items_of)
        for signal in query.signals if signal.wanted and resolve(signal).kind == "name"
    }
    said = [query.text, *(s.value for s in query.signals if s.wanted and s.facet not in _COUNTED)]
    terms = terms_of(" ".join(dict.fromkeys(said)), catalogue, view.vocabulary.spell)
    weighed = [(resolve(signal), weight) for signal, weight in query.remembered]
    remembered = [(soft_wish(catalogue, m, fitting, like), weight) for m, weight in weighed if m.kind in ("value", "number")]
    told = _told(view, wishes, remembered, names, fitting) | ({} if taste is None else {"taste": taste})
    return Asked(query, view, vector, terms, wishes, names, told)


def candidates(asked: Asked, fitting: Mask, ranker: Ranker, also: Sequence[int] = ()) -> Candidates:
    """The fitting items nearest in meaning and best by words, wishes and regard, ranked; `also` are among them."""
    rows, cosines = _gathered(asked, fitting, ranker, also)
    ranked = ranker.rank(*features(asked, rows, cosines))
    return Candidates(rows, cosines, ranked.score, ranked.parts)


def judge(asked: Asked, ranker: Ranker, rows: Rows) -> Ranked:
    """What the ranker says of the rows, whether or not they would be gathered."""
    return ranker.rank(*features(asked, rows, _cosines(asked, rows)))


def features(asked: Asked, rows: Rows, cosines: Floats | None = None) -> tuple[Features, Features]:
    """The text and item features of the rows."""
    near = _cosines(asked, rows) if cosines is None else cosines
    random = asked.view.random_items @ asked.vector if asked.vector is not None else np.empty(0, dtype=np.float32)
    text = text_features(asked.view.catalogue, asked.terms, rows, asked.query.language, near, random)
    return text, item_features(rows, asked.told)


def _told(
    view: View, wishes: Sequence[Wish], remembered: Sequence[tuple[Wish, float]], names: Mapping[Signal, Rows], fitting: Mask
) -> dict[str, Scores]:
    """Item features over the whole catalogue; those that the query gives no reason for are left out."""
    catalogue = view.catalogue
    told: dict[str, Scores] = {
        "rating": catalogue.stars,
        "popularity": view.regard.popularity,
        "price_place": price_places(catalogue, fitting),
    }
    weighed = [*((wish, 1.0) for wish in wishes), *remembered]
    if weighed:
        gains = [w * (0.5 * (wish.met + wish.degree) - (0.0 if wish.meaning.signal.wanted else 1.0)) for wish, w in weighed]
        told["wished"] = np.sum(gains, axis=0)
    children = _for_children(view, wishes)
    if children is not None:
        told["for_children"] = children.astype(np.float64)
    if names:
        told["named"] = np.zeros(len(catalogue))
        for rows in names.values():
            told["named"][rows] = 1.0
    aspects = [phrase for wish in wishes if wish.meaning.signal.wanted for phrase in wish.meaning.phrases]
    if aspects and len(view.regard.items):
        told["praise"] = view.regard.praise(aspects)
    return told


def _for_children(view: View, wishes: Sequence[Wish]) -> Mask | None:
    """The items meant for children, where somebody wishes for a grown-up by name: "my mother" wants no kids' boots."""
    grown = [wish for wish in wishes if wish.meaning.signal.facet == "audience" and grown_up(wish.meaning.signal.value)]
    if not grown:
        return None
    kids: Meaning = view.vocabulary.resolve(Signal("audience", "~", "kids"))
    met = np.logical_or.reduce([wish.met for wish in grown])
    kept: Mask = meeting(view.catalogue, kids).items & ~met
    return kept


def _gathered(asked: Asked, fitting: Mask, ranker: Ranker, also: Sequence[int]) -> tuple[Rows, Floats]:
    """The fitting rows worth ranking with their cosines."""
    view, pool, rows = asked.view, asked.query.pool, np.flatnonzero(fitting)
    rough = _LEXICAL * lexical_scores(view.catalogue, asked.terms)
    for place, name in enumerate(ITEM_FEATURES):
        if name in asked.told and ranker.wide[place, 0]:
            rough += float(ranker.wide[place, 0]) * asked.told[name]
    best = top(rough, rows, pool)
    if asked.vector is None:
        found = np.union1d(best if len(best) else rows[:pool], also).astype(np.int32)
        return found, np.zeros(len(found), dtype=np.float32)
    near, cosines = view.index.nearest(asked.vector, pool, None if len(rows) == len(fitting) else rows)
    further = np.setdiff1d(np.union1d(best, also), near)
    both = np.concatenate((near, further)).astype(np.int32)
    return both, np.concatenate((cosines, _cosines(asked, further))).astype(np.float32)


def _cosines(asked: Asked, rows: Rows) -> Floats:
    if asked.vector is None or not len(rows):
        return np.zeros(len(rows), dtype=np.float32)
    found: Floats = asked.view.index.vectors_of(rows.astype(np.int64)) @ asked.vector
    return found
