"""How the words of a query stand in the titles of items: BM25 over a whole catalogue, and the ranker's features of some rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.postings import NO_ROWS, Rows
from retrieval.terms import Term
from retrieval.title_words import RowWords, TitleWords

Scores = NDArray[np.float64]
WORD_FEATURES = (
    "bm25", "share", "hits", "missing", "rarest_missing", "rarest_share", "first_hit", "last_hit", "last_is_head",
    "head_hit", "in_order", "numbers_hit", "numbers", "query_words", "title_words", "title_covered", "mean_place",
    "last_place",
)
"""What `word_features` gives, in its order: shares are 0 to 1, places shares of the title's length. A word that only a value or
the description says counts in part wherever its place does not matter."""
_VALUED, _DESCRIBED = 0.8, 0.4
"""What a word in a value and in the description counts, of a word in the title."""


def lexical_scores(catalogue: Catalogue, terms: Sequence[Term]) -> Scores:
    """BM25 of every item, each of whose words counts once, divided by the query's rarity. Shape: (items,), 0 to about 2.

    Robertson and Zaragoza 2009 with k 1.2 and b 0.75 over titles; a word that only a value or the description tells counts less.
    """
    total, mass = np.zeros(len(catalogue)), 0.0
    weight, titled = np.zeros(len(catalogue), dtype=np.float32), catalogue.title_words[""].saturation
    for term in terms:  # only the rows that say it are touched: there may be a million others
        mass += term.rarity
        described, rows = _rows(term, catalogue.descriptions.phrase), _rows(term, catalogue.titles.phrase)
        valued = catalogue.having(_rows(term, catalogue.values.postings.phrase))
        weight[described], weight[valued], weight[rows] = _DESCRIBED, _VALUED, titled[rows]
        for said in (described, valued, rows):
            total[said] += term.rarity * weight[said]  # a row that stands there twice is counted once
            weight[said] = 0.0
    return total / mass if mass else total


def word_features(catalogue: Catalogue, terms: Sequence[Term], rows: Rows, language: str) -> NDArray[np.float32]:
    """The features of how each row's title says the query's words. Shape: (n, len(WORD_FEATURES))."""
    if not terms or not len(rows):
        return np.zeros((len(rows), len(WORD_FEATURES)), dtype=np.float32)
    titles = _titles(catalogue, language).of(rows)
    marks = [titles.saying(_numbered(term, catalogue)) for term in terms]
    hits = np.array([titles.any(marked) for marked in marks])  # (terms, n)
    places = np.array([titles.first_place(marked) for marked in marks])
    rarity = np.array([term.rarity for term in terms])
    said = np.maximum(hits, _told_elsewhere(catalogue, terms, rows))
    missing = rarity[:, None] * (1.0 - said)
    covered = np.logical_or.reduce(marks)
    numbers = np.array([term.number for term in terms])
    length = titles.lengths
    titled = _titles(catalogue, language).saturation[rows]
    columns = (
        (rarity @ said) * titled, rarity @ said / rarity.sum(), said.mean(axis=0), (1.0 - said).sum(axis=0),
        missing.max(axis=0) / rarity.sum(), np.full(len(rows), rarity.max() / rarity.sum()), said[0], said[-1],
        titles.at_head(marks[-1]), titles.at_head(covered), _in_order(titles, marks),
        said[numbers].mean(axis=0) if numbers.any() else np.full(len(rows), 0.5),
        np.full(len(rows), numbers.sum()), np.full(len(rows), len(terms)), length, titles.count(covered) / length,
        np.where(hits.any(axis=0), (places * hits).sum(axis=0) / np.maximum(hits.sum(axis=0), 1), 1.0),
        np.where(hits.any(axis=0), (places * hits).max(axis=0), 1.0),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _titles(catalogue: Catalogue, language: str) -> TitleWords:
    return catalogue.title_words.get(language, catalogue.title_words[""])


def _numbered(term: Term, catalogue: Catalogue) -> list[tuple[int, ...]]:
    ids = catalogue.titles.ids
    return [tuple(ids[word] for word in writing) for writing in term.writings if all(word in ids for word in writing)]


def _rows(term: Term, of: Callable[[Sequence[str]], Rows]) -> Rows:
    found = [of(writing) for writing in term.writings]
    return np.concatenate(found) if len(found) > 1 else (found[0] if found else NO_ROWS)


def _told_elsewhere(catalogue: Catalogue, terms: Sequence[Term], rows: Rows) -> NDArray[np.float32]:
    """What it counts that a value or the description of each row says each term; 0 where neither does. Shape: (terms, n)."""
    weight = np.zeros(len(catalogue), dtype=np.float32)
    found = []
    for term in terms:
        described = _rows(term, catalogue.descriptions.phrase)
        valued = catalogue.having(_rows(term, catalogue.values.postings.phrase))
        weight[described] = _DESCRIBED
        weight[valued] = _VALUED
        found.append(weight[rows])
        weight[described] = weight[valued] = 0.0
    return np.array(found)


def _in_order(titles: RowWords, marks: Sequence[NDArray[np.bool_]]) -> Scores:
    """The share of the query's neighbouring terms that stand side by side in the title; one half for a single term."""
    if len(marks) < 2:
        return np.full(len(titles.lengths), 0.5)
    inner = np.append(titles.places[1:] != 0, False)
    beside = [titles.any(one & inner & np.append(other[1:], False)) for one, other in pairwise(marks)]
    share: Scores = np.mean(beside, axis=0)
    return share
