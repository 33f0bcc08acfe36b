"""When no item meets every hard signal: which of them emptied the slate, and what the nearest items would cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest

import numpy as np

from retrieval.catalogue import Catalogue, Mask
from retrieval.contradictions import contradiction
from retrieval.meaning import Meaning
from retrieval.postings import Rows
from retrieval.requirements import Group, Requirements
from retrieval.schema import Query, Signal

Nearest = Callable[[Rows, int], Sequence[int]]
"""The rows of a set that lie closest to the query, closest first."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why nothing fits."""

    blocked_by: tuple[Signal, ...]
    near: tuple[tuple[int, tuple[Signal, ...]], ...]
    """(row, the hard signals that it would cost), the cheapest compromise first."""


def nothing_fits(query: Query, required: Requirements, nearest: Nearest) -> Nothing:
    """The fewest hard signals whose giving up leaves items (one, else two, else all), and the nearest of those items.

    Where two wishes exclude each other both are named, and what meets all but one of them is near. Another kind of product is
    offered only where giving up the other wishes does not help, or the shop has no such kind.
    """
    limit = max(query.limit, 3)
    if not required.fitting(required.groups).any():
        return Nothing((), ())
    kinder = [group for group in required.groups if not (group.understood and _names_a_kind(group))]
    excluding = contradiction(required.groups)
    for groups, size in ((excluding, 1), (kinder, 1), (kinder, 2), (required.groups, 1), (required.groups, 2)):
        options = [(given_up, required.fitting(given_up)) for given_up in combinations(groups, size)]
        options = [(given_up, mask) for given_up, mask in options if mask.any()]
        if options:
            options.sort(key=lambda option: _reluctance(*option))
            lists = [_near(given_up, mask, required, nearest, limit) for given_up, mask in options]
            return Nothing(_signals(excluding or options[0][0]), _dealt(lists, limit))
    rows = np.flatnonzero(required.offered & _beside(required.groups, required.catalogue)).astype(np.int32)
    return Nothing(_signals(required.groups), tuple((row, _costs(row, required)) for row in nearest(rows, limit)))


def _reluctance(given_up: tuple[Group, ...], mask: Mask) -> tuple[bool, int]:
    """Sorts the ways out: wishes that no item can show are named first, then what gives the most items."""
    return all(group.understood for group in given_up), -int(mask.sum())


def _names_a_kind(group: Group) -> bool:
    return any(signal.facet == "category" for signal in group.signals)


def _near(
    given_up: tuple[Group, ...], mask: Mask, required: Requirements, nearest: Nearest, limit: int
) -> list[tuple[int, tuple[Signal, ...]]]:
    """The nearest rows of one way out: for a bound those that overstep it least, otherwise by likeness; for a kind that a shop
    with shelves has not, those on the shelves beside it."""
    rows = np.flatnonzero(mask & _beside(given_up, required.catalogue)).astype(np.int32)
    bounds = [m for group in given_up for m in group.meanings if m.signal.op in ("<=", ">=") and m.kind in ("price", "rating")]
    if bounds:
        excess = _overstep(bounds[0], required.catalogue)[rows]
        ordered: Iterable[int] = (int(row) for row in rows[np.argsort(excess, kind="stable")][:limit])
    else:
        ordered = nearest(rows, limit)
    return [(row, _signals(given_up)) for row in ordered]


def _beside(given_up: tuple[Group, ...], catalogue: Catalogue) -> Mask:
    beside = np.ones(len(catalogue), dtype=bool)
    for group in given_up:
        if catalogue.shelves and not group.understood and _names_a_kind(group):
            paths = {path for meaning in group.meanings for path in meaning.beside}
            there = np.zeros(len(catalogue), dtype=bool)
            for shelf in catalogue.shelves:
                if shelf.path in paths:
                    there |= catalogue.on(shelf)
            beside &= there
    return beside


def _overstep(meaning: Meaning, catalogue: Catalogue) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    assert meaning.measure is not None
    if meaning.kind == "price":
        values = np.where(catalogue.prices >= 0, catalogue.prices, np.inf).astype(np.float64)
    else:
        values = np.nan_to_num(catalogue.ratings.astype(np.float64), nan=np.inf)
    return np.abs(values - meaning.measure.amounts[0])


def _dealt(lists: Sequence[list[tuple[int, tuple[Signal, ...]]]], limit: int) -> tuple[tuple[int, tuple[Signal, ...]], ...]:
    """One of each way out in turn, so that the shopper sees different compromises."""
    dealt: dict[int, tuple[Signal, ...]] = {}
    for turn in zip_longest(*lists):
        for near in turn:
            if near is not None and len(dealt) < limit:
                dealt.setdefault(*near)
    return tuple(dealt.items())


def _costs(row: int, required: Requirements) -> tuple[Signal, ...]:
    failed = [group for group in required.groups if not group.shown.items[row]]
    return _signals(failed or required.groups)


def _signals(groups: Iterable[Group]) -> tuple[Signal, ...]:
    return tuple(signal for group in groups for signal in group.signals)
