"""How well fitting items suit the soft wishes, and how well their words are those of the query: arrays over rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue, Mask
from retrieval.columns import NumberColumn
from retrieval.conditions import meeting
from retrieval.meaning import Meaning
from retrieval.postings import Rows
from retrieval.text import HAN, stems

Scores = NDArray[np.float64]
_GOOD_SHARE = 0.4
"""The share of the fitting items, from the right end, that counts as `cheap`, `big` or `light`."""
_COMMON = frozenset("for with and or of in on to is it i my me need want something some please looking show buy good".split())


@dataclass(frozen=True)
class ScoringSettings:
    """What a candidate's score is made of."""

    dense: float = 0.6
    """Weight of the likeness of meaning, brought to 0..1 among the candidates."""
    lexical: float = 0.6
    """Weight of the share of the query's words, by rarity, that stand in the item. On 150 judged product searches over titles
    dense alone gives nDCG@10 .859 over the judged pairs, words alone .858, any weight from 0.2 to 1.2 here .861 to .865."""
    soft: float = 0.8
    """What a met soft wish adds, and half of it by degree; a negative one that is not met takes as much."""
    rating: float = 0.05
    """What five stars add over one."""


DEFAULT_SCORING = ScoringSettings()


@dataclass(frozen=True)
class Wish:
    """A soft wish over the whole catalogue."""

    meaning: Meaning
    met: Mask
    degree: Scores
    """0 to 1: how far an item goes towards the wish."""


def soft_wish(catalogue: Catalogue, meaning: Meaning, fitting: Mask, like: Sequence[int]) -> Wish:
    """A soft wish tried on every item; relative wishes against the `like` rows where there are some, else against what fits."""
    if meaning.kind == "relative":
        return _relative(catalogue, meaning, fitting, like)
    met = meeting(catalogue, meaning).items
    if meaning.kind == "price" and meaning.measure is not None and meaning.signal.op == "~":
        target = max(meaning.measure.amounts[0], 1.0)
        with np.errstate(divide="ignore"):
            distance = np.abs(np.log(np.maximum(catalogue.prices, 1) / target))
        return Wish(meaning, met, np.where(catalogue.prices >= 0, np.exp(-distance / 0.5), 0.0))
    return Wish(meaning, met, met.astype(np.float64))


def _columns(catalogue: Catalogue, meaning: Meaning, fitting: Mask) -> list[NumberColumn]:
    """Of the columns that the wish may mean, those of the dimension that most fitting items have: litres for kettles."""
    assert meaning.measure is not None
    columns = [catalogue.numbers[name] for name in meaning.measure.columns]
    known = {column.name: int(fitting[column.rows].sum()) for column in columns}
    most = max(columns, key=lambda column: known[column.name])
    return [column for column in columns if column.dimension == most.dimension]


def lexical_scores(catalogue: Catalogue, text: str) -> Scores:
    """The share of the text's words, weighed by rarity, that each item says: fully in its title, less in a value or the
    description. Shape: (items,), 0 to 1."""
    total, mass = np.zeros(len(catalogue)), 0.0
    for words in query_phrases(text):
        titles = catalogue.titles.phrase(words)
        valued = catalogue.having(catalogue.values.postings.phrase(words))
        described = catalogue.descriptions.phrase(words)
        held = max(len(titles), len(valued), len(described))
        rarity = float(np.log(1 + len(catalogue) / (1 + held)))
        mass += rarity
        if not held:
            continue
        weight = np.zeros(len(catalogue), dtype=np.float32)
        weight[described] = 0.4
        weight[valued] = 0.8
        weight[titles] = 1.0
        total += rarity * weight
    return total / mass if mass else total


def query_phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of a query that say something: single words, and pairs of Chinese characters."""
    words = stems(text)
    single = [(word,) for word in words if not HAN.match(word) and word not in _COMMON]
    pairs = [(a, b) for a, b in pairwise(words) if HAN.match(a) and HAN.match(b)]
    return tuple(dict.fromkeys([*single, *pairs]))


def top(scores: Scores, rows: Rows, count: int) -> Rows:
    """The rows with the highest positive scores among `rows`, in no order."""
    mine = scores[rows]
    positive = rows[mine > 0]
    if len(positive) <= count:
        return positive
    kept = np.argpartition(-scores[positive], count)[:count]
    return positive[kept]


def _relative(catalogue: Catalogue, meaning: Meaning, fitting: Mask, like: Sequence[int]) -> Wish:
    values = _numbers(catalogue, meaning)
    if meaning.measure is not None and meaning.measure.columns:
        columns = _columns(catalogue, meaning, fitting)
        measure = replace(meaning.measure, dimension=columns[0].dimension, columns=tuple(c.name for c in columns))
        meaning = replace(meaning, measure=measure)
    direction = meaning.direction if meaning.signal.wanted else -meaning.direction
    known = fitting & ~np.isnan(values)
    reference = values[list(like)] if like else np.empty(0)
    reference = reference[~np.isnan(reference)]
    among = np.sort(direction * values[known])
    degree = np.zeros(len(catalogue))
    if len(among) > 1:  # the share of the other fitting items that lie behind
        degree[known] = np.minimum(np.searchsorted(among, direction * values[known], side="left") / (len(among) - 1), 1.0)
    if len(reference):
        edge = reference.max() if direction > 0 else reference.min()
        with np.errstate(invalid="ignore"):
            met = known & (values > edge if direction > 0 else values < edge)
        return Wish(meaning, met, np.where(met, 0.5 + 0.5 * degree, 0.0))
    met = known & (degree >= 1.0 - _GOOD_SHARE) if len(among) > 1 else known
    return Wish(meaning, met, degree)


def _numbers(catalogue: Catalogue, meaning: Meaning) -> Scores:
    """The number of each item that a relative wish compares, the greatest where it has several; NaN where unknown."""
    assert meaning.measure is not None
    if meaning.measure.dimension == "price":
        return np.where(catalogue.prices >= 0, catalogue.prices, np.nan)
    if meaning.measure.dimension == "rating":
        return catalogue.ratings.astype(np.float64)
    found = np.full(len(catalogue), np.nan)
    for column in (catalogue.numbers[name] for name in meaning.measure.columns):
        best = np.full(len(catalogue), -np.inf)
        np.maximum.at(best, column.rows, column.values)
        found = np.fmax(found, np.where(np.isinf(best), np.nan, best))
    return found
