"""How well fitting items suit the soft wishes: arrays over rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue, Mask
from retrieval.columns import NumberColumn
from retrieval.conditions import meeting
from retrieval.meaning import Meaning
from retrieval.postings import Rows
from retrieval.selection import nth_highest

Scores = NDArray[np.float64]
_GOOD_SHARE = 0.4
"""The share of the fitting items, from the right end, that counts as `cheap`, `big` or `light`."""


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


def top(scores: Scores, rows: Rows, count: int) -> Rows:
    """The rows with the highest positive scores among `rows`, in no order."""
    mine = scores[rows] if len(rows) < len(scores) else scores
    positive = int(np.count_nonzero(mine > 0))
    if positive <= count or not count:
        return rows[mine > 0][:count]
    least = nth_highest(mine, count)
    surely, perhaps = np.flatnonzero(mine > least), np.flatnonzero(mine == least)
    return rows[np.concatenate((surely, perhaps[: count - len(surely)]))]


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
    degree, several = np.zeros(len(catalogue)), int(np.count_nonzero(known)) > 1
    if several and meaning.measure is not None and meaning.measure.dimension == "price":
        degree = catalogue.price_shares(fitting, dearer=direction < 0)
    elif several:  # the share of the other fitting items that lie behind
        among = np.sort(direction * values[known])
        degree[known] = np.minimum(np.searchsorted(among, direction * values[known], side="left") / (len(among) - 1), 1.0)
    if len(reference):
        edge = reference.max() if direction > 0 else reference.min()
        with np.errstate(invalid="ignore"):
            met = known & (values > edge if direction > 0 else values < edge)
        return Wish(meaning, met, np.where(met, 0.5 + 0.5 * degree, 0.0))
    met = known & (degree >= 1.0 - _GOOD_SHARE) if several else known
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
