"""A shop's items as columns in memory, so that a wish is tried on all of them at once."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.columns import ColumnsBuilder, NumberColumn, Values
from retrieval.meaning import Reach
from retrieval.postings import PhraseRows, PhraseRowsBuilder, Postings, PostingsBuilder, Rows
from retrieval.quantities import quantities
from retrieval.schema import Attribute, Item, Translation
from retrieval.shelf_names import ShelfNames
from retrieval.text import HAN, Token, denied, scan
from retrieval.title_words import TitleWords, TitleWordsBuilder

Mask = NDArray[np.bool_]
_AFTER_HEAD = frozenset({"for", "with", "in", "by", "from", "to", "of", "on", "and", "without", "w"})
"""Words that follow the name of the thing in a title."""


@dataclass(frozen=True)
class Shelf:
    """A place in the category tree with everything below it."""

    path: tuple[str, ...]
    names: frozenset[str]
    """The last step's name in every language of the catalogue."""
    paths: frozenset[int]
    """The full paths at or below it, as numbers of `Catalogue.path_of`."""


@dataclass(frozen=True)
class Variants:
    """The buyable forms of all items, one entry a variant."""

    rows: Rows
    """The item of each variant."""
    available: Mask
    prices: NDArray[np.int64]
    """Minor units in the item's currency, -1 when unknown."""


@dataclass(frozen=True)
class Catalogue:
    """Every array has a row an item, in the order of the index."""

    ids: tuple[str, ...]
    rows: dict[str, int]
    prices: NDArray[np.int64]
    """Minor units; -1 when unknown."""
    currencies: NDArray[np.int16]
    """Numbers of `currency_codes`."""
    currency_codes: tuple[str, ...]
    ratings: NDArray[np.float32]
    """NaN when unknown."""
    available: Mask
    brand_of: NDArray[np.int32]
    """A number a brand; -1 when unknown."""
    path_of: NDArray[np.int32]
    """A number a full category path; -1 when unknown."""
    shelves: tuple[Shelf, ...]
    values: Values
    numbers: dict[str, NumberColumn]
    measures: dict[str, NumberColumn]
    """Numbers with units that stand in titles, by dimension."""
    titles: Postings
    title_words: dict[str, TitleWords]
    """The titles word by word, by language; `""` has those of the feed."""
    heads: PhraseRows
    """What a title says the item is: the last words before its end, a preposition or a number, joined by spaces."""
    descriptions: Postings
    denials: Postings
    """What titles, descriptions and values say that the item is not, or has not."""
    variants: Variants
    has_variants: Mask

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def shelf_names(self) -> ShelfNames:
        """The shelves by what they are called."""
        return ShelfNames(self.shelves)

    @cached_property
    def stars(self) -> NDArray[np.float64]:
        """Ratings from 0, one star, to 1, five; an unknown one counts as three stars. Shape: (items,)."""
        return (np.nan_to_num(self.ratings.astype(np.float64), nan=3.0) - 1.0) / 4.0

    def price_shares(self, fitting: Mask, *, dearer: bool = False) -> NDArray[np.float64]:
        """Of each fitting item with a known price the share of the others that are cheaper, or dearer; one half for the only
        one. Shape: (items,); zero elsewhere.

        Nothing is sorted for a query: prices are ranked once a catalogue.
        """
        rows, firsts, ends = self._by_price
        among = fitting[rows]
        before = np.append(0, np.cumsum(among, dtype=np.int32))
        count, shares = int(before[-1]), np.zeros(len(self))
        behind = count - before[ends[among]] if dearer else before[firsts[among]]
        shares[rows[among]] = behind / (count - 1) if count > 1 else 0.5
        return shares

    @cached_property
    def _by_price(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """The rows whose price is known, the cheapest first; where those of the same price begin, and end."""
        known = np.flatnonzero(self.prices >= 0).astype(np.int32)
        rows = known[np.argsort(self.prices[known], kind="stable")]
        prices = self.prices[rows]
        firsts, ends = (np.searchsorted(prices, prices, side=side).astype(np.int32) for side in ("left", "right"))
        return rows, firsts, ends

    def mask(self, rows: NDArray[np.integer]) -> Mask:
        """True at the rows."""
        found = np.zeros(len(self.ids), dtype=bool)
        found[rows] = True
        return found

    def rows_of(self, ids: Iterable[str]) -> NDArray[np.int64]:
        """The rows of the items; ids that the catalogue lacks are left out."""
        return np.array([self.rows[item_id] for item_id in ids if item_id in self.rows], dtype=np.int64)

    def on(self, shelf: Shelf) -> Mask:
        """The items on the shelf or below it."""
        return np.isin(self.path_of, np.fromiter(shelf.paths, dtype=np.int32))

    def saying(self, phrase: Sequence[str], reach: Reach = "always") -> Mask:
        """The items whose title, description or any value but the shelf says the phrase un-negated; `title` leaves the
        descriptions out."""
        found = self.mask(self.titles.phrase(phrase))
        numbers = self.values.postings.phrase(phrase)
        found[self.having(int(n) for n in numbers if self.values.columns[n] != "category")] = True
        if reach != "title":
            found[self.descriptions.phrase(phrase)] = True
        return found

    def having(self, numbers: Iterable[int]) -> Rows:
        """The rows that have any of the values, by themselves or on a variant."""
        held = list(numbers)
        return np.concatenate((self.values.items.any_of(held), self.variants.rows[self.values.variants.any_of(held)]))

    def filling(self, column: str) -> Mask:
        """The items that say anything in the column."""
        return self.mask(self.having(self.values.of_column.get(column, ())))


def build_catalogue(ids: Sequence[str], items: Iterable[Item]) -> Catalogue:
    """The items as columns, in the order of `ids`; an item that is not among them is left out."""
    builder = _Builder(tuple(ids))
    for item in items:
        builder.add(item)
    return builder.build()


class _Builder:
    def __init__(self, ids: tuple[str, ...]) -> None:
        count = len(ids)
        self.ids = ids
        self.rows = {item_id: row for row, item_id in enumerate(ids)}
        self.prices = np.full(count, -1, dtype=np.int64)
        self.currencies = np.full(count, -1, dtype=np.int16)
        self.ratings = np.full(count, np.nan, dtype=np.float32)
        self.available = np.zeros(count, dtype=bool)
        self.brand_of = np.full(count, -1, dtype=np.int32)
        self.path_of = np.full(count, -1, dtype=np.int32)
        self.codes: dict[str, int] = {}
        self.brands: dict[str, int] = {}
        self.paths: dict[tuple[str, ...], int] = {}
        self.names: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self.columns = ColumnsBuilder()
        self.titles, self.heads = PostingsBuilder(), PhraseRowsBuilder()
        self.descriptions, self.denials = PostingsBuilder(), PostingsBuilder()
        self.title_words = {"": TitleWordsBuilder(self.titles.ids)}
        self.variant_rows, self.variant_prices, self.variant_ok = array("i"), array("q"), array("b")
        self.measured: dict[str, list[tuple[int, float]]] = defaultdict(list)

    def add(self, item: Item) -> None:
        row = self.rows.get(item.id)
        if row is None:
            return
        if item.price is not None:
            self.prices[row] = item.price.amount
            self.currencies[row] = self.codes.setdefault(item.price.currency, len(self.codes))
        if item.rating is not None:
            self.ratings[row] = item.rating
        self.available[row] = item.available
        if item.brand:
            self.brand_of[row] = self.brands.setdefault(item.brand, len(self.brands))
            self.columns.add(row, "brand", item.brand)
        self._add_category(row, item)
        self._add_attributes(row, item)
        self._add_variants(row, item)
        told = {(t.title, t.description): t.language for t in item.translations} | {(item.title, item.description): ""}
        for (title, description), language in told.items():
            self._add_title(row, title, language)
            described = scan(description)
            self.descriptions.add(row, described)
            self.denials.add(row, denied(described))

    def _add_title(self, row: int, title: str, language: str) -> None:
        told = scan(title)
        self.titles.add(row, told)
        phrases = list(head_phrases(told))
        for phrase, _, _ in phrases:
            self.heads.add(row, phrase)
        head = next((place for place, token in enumerate(told) if phrases and token.end == phrases[0][2]), len(told) - 1)
        self.title_words.setdefault(language, TitleWordsBuilder(self.titles.ids)).add(row, told, head)
        self.denials.add(row, denied(told))
        for quantity in quantities(title):
            if quantity.dimension:
                self.measured[quantity.dimension].append((row, quantity.amount))

    def _add_category(self, row: int, item: Item) -> None:
        if not item.category:
            return
        self.path_of[row] = self.paths.setdefault(item.category, len(self.paths))
        paths = [item.category, *(t.category for t in item.translations if t.category)]
        for path in paths:
            for depth, name in enumerate(path):
                self.columns.add(row, "category", name)
                if len(path) == len(item.category):
                    self.names[item.category[: depth + 1]].add(name)

    def _add_attributes(self, row: int, item: Item) -> None:
        for attribute in (*item.attributes, *(a for t in item.translations for a in t.attributes)):
            for value in attribute.values:
                self.denials.add(row, denied(scan(value)))
        own = {a.name: [self.columns.add(row, a.name, value) for value in a.values] for a in item.attributes}
        for translation in item.translations:
            for column, attribute in labelled(item, translation):
                spoken = attribute.name if attribute.name != column else ""
                told = [self.columns.add(row, column, value, name=spoken) for value in attribute.values]
                said = own.get(column) or [self.columns.number(column, value) for value in variant_values(item, column)]
                if len(told) == len(said):
                    for one, other in zip(said, told, strict=True):
                        if one != other:
                            self.columns.pair(one, other)

    def _add_variants(self, row: int, item: Item) -> None:
        for variant in item.variants:
            number = len(self.variant_rows)
            price = variant.price or item.price
            self.variant_rows.append(row)
            self.variant_prices.append(price.amount if price else -1)
            self.variant_ok.append(variant.available and item.available)
            for attribute in variant.attributes:
                for value in attribute.values:
                    self.columns.add(row, attribute.name, value, variant=number)

    def build(self) -> Catalogue:
        values, numbers = self.columns.build()
        variants = Variants(
            np.array(self.variant_rows, dtype=np.int32),
            np.array(self.variant_ok, dtype=bool),
            np.array(self.variant_prices, dtype=np.int64),
        )
        has_variants = np.zeros(len(self.ids), dtype=bool)
        has_variants[variants.rows] = True
        return Catalogue(
            self.ids, self.rows, self.prices, self.currencies, tuple(self.codes), self.ratings, self.available,
            self.brand_of, self.path_of, self._shelves(), values, numbers,
            {dimension: _measure(dimension, found) for dimension, found in self.measured.items()},
            self.titles.build(), self._title_words(), self.heads.build(), self.descriptions.build(), self.denials.build(),
            variants, has_variants,
        )

    def _title_words(self) -> dict[str, TitleWords]:
        count = len(self.ids)
        own = self.title_words[""].build(count)
        return {"": own} | {tongue: told.build(count, own) for tongue, told in self.title_words.items() if tongue}

    def _shelves(self) -> tuple[Shelf, ...]:
        below: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for path, number in self.paths.items():
            for depth in range(len(path)):
                below[path[: depth + 1]].add(number)
        return tuple(Shelf(path, frozenset(self.names[path]), frozenset(numbers)) for path, numbers in below.items())


def labelled(item: Item, translation: Translation) -> tuple[tuple[str, Attribute], ...]:
    """A translation's attributes with the item's own name of each, which is theirs where they line up."""
    aligned = len(translation.attributes) == len(item.attributes)
    return tuple(
        (item.attributes[place].name if aligned else attribute.name, attribute)
        for place, attribute in enumerate(translation.attributes)
    )


def variant_values(item: Item, column: str) -> tuple[str, ...]:
    """What the variants say in a column, each value once, in their order."""
    return tuple(dict.fromkeys(v for variant in item.variants for a in variant.attributes if a.name == column for v in a.values))


def head_phrases(tokens: Sequence[Token]) -> Iterator[tuple[str, int, int]]:
    """The compounds of up to four words, or six Chinese characters, that end where a title has named its thing: (words joined
    by spaces, start, end)."""
    chinese = [not token.text.isascii() and bool(HAN.match(token.text)) for token in tokens]
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        han = chinese[place]
        ends = after is None or after.after_stop or after.text in _AFTER_HEAD or after.text[0].isdigit()
        if not ends and han == chinese[place + 1]:
            continue
        first = place
        while first >= 0 and place - first < (6 if han else 4):
            yield " ".join(t.text for t in tokens[first : place + 1]), tokens[first].start, token.end
            if tokens[first].after_stop:
                break
            first -= 1


def _measure(dimension: str, found: list[tuple[int, float]]) -> NumberColumn:
    rows = np.array([row for row, _ in found], dtype=np.int32)
    return NumberColumn("", dimension, rows, np.full(len(rows), -1, dtype=np.int32), np.array([v for _, v in found]))
