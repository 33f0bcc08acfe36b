"""The ways in which candidates differ: shelves, price bands and attributes, each with the values that could be answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrieval.bands import band_edges, band_signals, in_bands
from retrieval.catalogue import Catalogue, Shelf
from retrieval.columns import NO, YES, NumberColumn
from retrieval.postings import Rows
from retrieval.quantities import name_words
from retrieval.schema import Signal
from retrieval.telling import Holds, Weights, expected_gain
from retrieval.text import fold

Kind = Literal["category", "price", "value", "number"]


@dataclass(frozen=True, slots=True)
class PartingSettings:
    """Which differences make a good question."""

    answers: int = 5
    """The most values that are offered; more are a form."""
    shelves: int = 6
    """The most shelves that are offered."""
    coverage: float = 0.6
    """0 to 1, the least share of relevance that the answers together must have: a question that most can't answer is none."""
    rare: float = 0.03
    """0 to 1, a value with less of the relevance is not offered."""
    recurring: float = 0.75
    """0 to 1, the most distinct values for each mention of one: a column in which every item says something else is a
    label, not a choice."""
    spread: float = 1.5
    """The upper band's edge must be this many times the lower one's: nobody minds the weight of earbuds."""
    enough: float = 10.0
    """Items that need no further narrowing: three slates."""
    undecided: tuple[tuple[Kind, float], ...] = (("category", 0.05), ("price", 0.2), ("value", 0.3), ("number", 0.4))
    """How many shoppers have no preference. Assumed: kinds are known best, numbers least."""

    def undecided_of(self, kind: Kind) -> float:
        """The share of shoppers who have no preference in such a question."""
        return dict(self.undecided)[kind]


DEFAULT_PARTING = PartingSettings()


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: the wishes that it states, and the words for it in the catalogue's languages."""

    signals: tuple[Signal, ...]
    words: tuple[str, ...] = ()
    """Empty for a band of numbers."""


@dataclass(frozen=True, eq=False)
class Part:
    """A difference among candidates with its answers."""

    facet: str
    """`category`, `price`, or the name of a column."""
    kind: Kind
    choices: tuple[Choice, ...]
    holds: Holds
    """Which candidate has which answer. Shape: (choices, candidates)."""
    gain: float
    """Bits that an answer is expected to tell."""


def parts(
    catalogue: Catalogue, rows: Rows, weights: Weights, currency: str, settings: PartingSettings = DEFAULT_PARTING
) -> tuple[Part, ...]:
    """Every good question about the candidates, the one that tells most first.

    `weights` is the relevance of each of `rows`, adding up to 1; shape (n,). A row of relevance 0 changes nothing.
    """
    if not len(rows):
        return ()
    among = _Among(catalogue, rows, weights, settings)
    found = [*among.shelved(), *among.priced(currency), *among.valued()]
    return tuple(sorted(found, key=lambda part: (-part.gain, part.facet)))


class _Among:
    """The candidates of one call."""

    def __init__(self, catalogue: Catalogue, rows: Rows, weights: Weights, settings: PartingSettings) -> None:
        self.catalogue, self.rows, self.weights, self.settings = catalogue, rows, weights, settings
        self.mass = np.zeros(len(catalogue))
        self.mass[rows] = weights
        self.place = np.full(len(catalogue), -1)
        """Where each item of the shop stands among the candidates, -1 for those that are none."""
        self.place[rows] = np.arange(len(rows))

    def shelved(self) -> Iterator[Part]:
        """The level of the category tree that tells most."""
        masses = np.bincount(self.catalogue.path_of[self.rows] + 1, weights=self.weights)[1:]
        levels: dict[int, list[tuple[float, Shelf]]] = {}
        for shelf in self.catalogue.shelves:
            mass = float(masses[[path for path in shelf.paths if path < len(masses)]].sum())
            if mass >= self.settings.rare:
                levels.setdefault(len(shelf.path), []).append((mass, shelf))
        found = [self._level([shelf for _, shelf in sorted(held, key=_heaviest)]) for held in levels.values()]
        good = [part for part in found if part is not None]
        if good:
            yield max(good, key=lambda part: part.gain)

    def _level(self, shelves: Sequence[Shelf]) -> Part | None:
        offered = shelves[: self.settings.shelves]
        holds = np.array([np.isin(self.catalogue.path_of[self.rows], list(shelf.paths)) for shelf in offered])
        choices = [Choice((Signal("category", "=", s.path[-1]),), (s.path[-1], *sorted(s.names - {s.path[-1]}))) for s in offered]
        return self._part("category", "category", choices, holds)

    def priced(self, currency: str) -> Iterator[Part]:
        """Bands of the price."""
        codes = self.catalogue.currency_codes
        if currency not in codes:
            return
        own = self.catalogue.currencies[self.rows] == codes.index(currency)
        prices = np.where(own, self.catalogue.prices[self.rows], -1).astype(np.float64)
        known = prices >= 0
        yield from self._banded("price", "price", f"price:{currency}", np.flatnonzero(known), prices[known])

    def valued(self) -> Iterator[Part]:
        """The columns: their values where a few of them say most, else bands of their numbers."""
        values, numbers = self.catalogue.values, self.catalogue.numbers
        masses, mentions = self._mentions()
        for column, held in values.of_column.items():
            if column == "category" or not _sayable(column):
                continue
            said = [n for n in held if masses[n] > 0]
            groups = {min(self._group(n, column)) for n in said}
            if column in numbers and len(groups) > self.settings.answers:
                yield from self._numbered(column, numbers[column])
            elif len(groups) <= self.settings.recurring * mentions[list(groups)].sum():
                part = self._worded(column, sorted(groups, key=lambda n: (-masses[n], n)))
                yield from [part] if part is not None else []

    def _mentions(self) -> tuple[Weights, Weights]:
        """The relevance of the candidates that say each value, and how many they are; a colour of three sizes counts thrice."""
        values, rows_of_variants = self.catalogue.values, self.catalogue.variants.rows
        rows = np.concatenate((values.items.rows, rows_of_variants[values.variants.rows]))
        ends = len(values.items.rows)
        found = []
        for told in (self.mass, (self.mass > 0).astype(np.float64)):
            flat = told[rows]
            found.append(_sums(values.items.starts, flat[:ends]) + _sums(values.variants.starts, flat[ends:]))
        return found[0], found[1]

    def _group(self, number: int, column: str) -> set[int]:
        """The value with what the catalogue translates it by, and what it translates that by: kids, 儿童, children."""
        values = self.catalogue.values
        if number not in values.siblings:
            return {number}
        return {n for n in values.with_siblings(values.with_siblings((number,))) if values.columns[n] == column}

    def _worded(self, column: str, numbers: Sequence[int]) -> Part | None:
        values = self.catalogue.values
        found: list[tuple[float, Choice, Holds]] = []
        for number in numbers[: 2 * self.settings.answers]:
            if fold(values.texts[number]).strip() in YES | NO:
                continue
            group = sorted(self._group(number, column))
            held = self.place[self.catalogue.having(group)]
            holds = np.zeros(len(self.rows), dtype=bool)
            holds[held[held >= 0]] = True
            texts = tuple(values.texts[n] for n in group)
            if all(map(_sayable, texts)):
                found.append((float(self.weights[holds].sum()), Choice((Signal(column, "~", texts[0]),), texts), holds))
        found = sorted((f for f in found if f[0] >= self.settings.rare), key=_heaviest)[: self.settings.answers]
        return self._part(column, "value", [choice for _, choice, _ in found], np.array([holds for _, _, holds in found]))

    def _numbered(self, name: str, column: NumberColumn) -> Iterator[Part]:
        mine = self.place[column.rows]
        yield from self._banded(name, "number", column.dimension, mine[mine >= 0], column.values[mine >= 0])

    def _banded(
        self, facet: str, kind: Kind, dimension: str, places: Rows, numbers: Weights
    ) -> Iterator[Part]:
        """Up to three bands of about equal relevance; none where the numbers hardly differ."""
        known = np.unique(places)
        if float(self.weights[known].sum()) < self.settings.coverage:
            return
        dated = "year" in name_words(facet) or "年份" in facet
        edges = band_edges(numbers, self.weights[places], facet, dimension, spread=1.0 if dated else self.settings.spread)
        if edges is None:
            return
        holds = np.zeros((len(edges.ends) + 1, len(self.rows)), dtype=bool)
        for band, inside in enumerate(in_bands(numbers, edges)):
            holds[band, places[inside]] = True
        choices = [Choice(signals) for signals in band_signals(facet, edges)]
        part = self._part(facet, kind, choices, holds)
        if part is not None:
            yield part

    def _part(self, facet: str, kind: Kind, choices: Sequence[Choice], holds: Holds) -> Part | None:
        if len(choices) < 2 or float(self.weights[holds.any(axis=0)].sum()) < self.settings.coverage:
            return None
        gain = expected_gain(self.weights, holds, self.settings.undecided_of(kind), self.settings.enough)
        return Part(facet, kind, tuple(choices), holds, gain) if gain > 0 else None


def _sums(starts: Rows, values: Weights) -> Weights:
    """The sum of each list's values. Shape: (lists,)."""
    running = np.concatenate(([0.0], np.cumsum(values)))
    sums: Weights = running[starts[1:]] - running[starts[:-1]]
    return sums


def _sayable(text: str) -> bool:
    """True for words that a wish can carry as they stand."""
    return not any(sign in text for sign in "|=<>~!\n")


def _heaviest(found: tuple[float, *tuple[object, ...]]) -> float:
    return -found[0]
