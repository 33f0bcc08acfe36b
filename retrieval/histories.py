"""What shoppers did, as arrays: a history each, the oldest event first, every item once."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.schema import Interaction

Rows = NDArray[np.int64]
Weights = NDArray[np.float32]
Days = NDArray[np.float64]

KIND_WEIGHTS: Mapping[str, float] = {"view": 0.4, "click": 0.5, "like": 0.9, "cart": 0.8, "purchase": 1.0, "dislike": -1.0}
"""How much of a choice an event is: a purchase is one, a dislike is the opposite."""
_MIDDLE_STARS = 3.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Histories:
    """The histories of all shoppers, one after the other; history `n` is the slice `starts[n] : starts[n + 1]` of each array."""

    shoppers: tuple[str, ...]
    starts: Rows
    """Shape: (shoppers + 1,)."""
    rows: Rows
    """Items, as positions in the caller's ids."""
    weights: Weights
    """-1 to 1, never 0."""
    days: Days
    """When, in days since 1970."""
    unknown: int = 0
    """Events that were left out: of items that are not among the ids, or without a usable time."""

    def __len__(self) -> int:
        return len(self.shoppers)

    @property
    def owners(self) -> Rows:
        """The history that each event belongs to. Shape: (events,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def age(self) -> Rows:
        """How many events of the same history are newer. Shape: (events,)."""
        return np.repeat(self.starts[1:], np.diff(self.starts)) - 1 - np.arange(len(self.rows))

    def of(self, number: int) -> tuple[Rows, Weights]:
        """(rows, weights) of one history."""
        events = slice(self.starts[number], self.starts[number + 1])
        return self.rows[events], self.weights[events]

    def newest(self, number: int) -> float:
        """When the last event of one history was, in days since 1970."""
        return float(self.days[self.starts[number + 1] - 1])

    def kept(self, keep: NDArray[np.bool_]) -> Histories:
        """The same shoppers with the events of the mask only."""
        counts = np.bincount(self.owners[keep], minlength=len(self))
        starts = np.concatenate(([0], np.cumsum(counts)))
        return Histories(self.shoppers, starts, self.rows[keep], self.weights[keep], self.days[keep], self.unknown)


def weight_of(interaction: Interaction) -> float:
    """-1 to 1: what the event says of the shopper's liking. A rating counts as a choice, less the fewer stars it has.

    Five stars are 1, three 0.9 and one 0.8: who rates an item has chosen it, and what is chosen next depends on it hardly less
    when it disappoints. A value that is no number counts as three stars.
    """
    if interaction.kind != "rating":
        return KIND_WEIGHTS[interaction.kind]
    stars = interaction.value
    if stars is None or not math.isfinite(stars):
        stars = _MIDDLE_STARS
    return 0.8 + 0.2 * (min(max(stars, 1.0), 5.0) - 1.0) / 4.0


def histories_of(interactions: Iterable[Interaction], rows: Mapping[str, int]) -> Histories:
    """The histories of every shopper who did something with an item in `rows` (item id -> row), shoppers by first sight.

    An item that occurs several times in a history stands where it came last, with its strongest weight; the last dislike of an
    item outweighs what was before it. Events of one moment keep their order. One pass; 40 bytes an event.
    """
    numbers: dict[str, int] = {}
    owners, items, weights, days = array("q"), array("q"), array("f"), array("d")
    unknown = 0
    for event in interactions:
        row = rows.get(event.item_id)
        if row is None:
            unknown += 1
            continue
        owners.append(numbers.setdefault(event.shopper_id, len(numbers)))
        items.append(row)
        weights.append(weight_of(event))
        days.append(event.at.timestamp() / _DAY)
    return _ordered(
        tuple(numbers), np.array(owners, dtype=np.int64), np.array(items, dtype=np.int64),
        np.array(weights, dtype=np.float32), np.array(days), unknown,
    )


def one_history(interactions: Sequence[Interaction], rows: Mapping[str, int]) -> Histories:
    """The events of one shopper, whatever ids they bear; its length is 1, or 0 when none is of a known item."""
    merged = (Interaction("", event.item_id, event.kind, event.at, event.value) for event in interactions)
    return histories_of(merged, rows)


def _ordered(shoppers: tuple[str, ...], owners: Rows, items: Rows, weights: Weights, days: Days, unknown: int) -> Histories:
    order = np.lexsort((days, owners))
    owners, items, weights, days = owners[order], items[order], weights[order], days[order]
    pairs = np.lexsort((np.arange(len(items)), items, owners))
    same = np.zeros(len(items), dtype=bool)
    same[1:] = (owners[pairs][1:] == owners[pairs][:-1]) & (items[pairs][1:] == items[pairs][:-1])
    firsts = np.flatnonzero(~same)
    last = pairs[np.append(firsts[1:], len(pairs)) - 1] if len(pairs) else pairs
    if len(pairs):
        strongest = np.maximum.reduceat(weights[pairs], firsts)
        weights[last] = np.where(weights[last] < 0, weights[last], strongest)
    last = np.sort(last)
    starts = np.concatenate(([0], np.cumsum(np.bincount(owners[last], minlength=len(shoppers))))).astype(np.int64)
    return Histories(shoppers, starts, items[last], weights[last], days[last], unknown)
