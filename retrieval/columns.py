"""The attribute values of a catalogue, column by column: distinct values with the rows that have them, and numbers."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.postings import Lists, Postings, PostingsBuilder, Rows
from retrieval.quantities import name_words, quantities, unit_of_name
from retrieval.text import Token, fold, scan

YES = frozenset({"yes", "true", "y", "是", "有", "支持", "✓"})
NO = frozenset({"no", "false", "n", "否", "无", "不支持", "✗", "none"})
_NUMERIC_SHARE = 0.8
"""Share of a column's distinct values that must be numbers before it is compared as numbers."""
_TEXT_LIMIT = 1_000
"""A column of numbers with more distinct values than this is not searched as words."""


@dataclass(frozen=True)
class NumberColumn:
    """The numbers of a column in its dimension's own unit; a row has as many entries as numbers."""

    name: str
    dimension: str
    rows: Rows
    variants: Rows
    """The variant of each entry; -1 where the item as a whole is meant."""
    values: NDArray[np.float64]

    @property
    def low(self) -> float:
        return float(self.values.min())

    @property
    def high(self) -> float:
        return float(self.values.max())


@dataclass(frozen=True)
class Values:
    """Every distinct value of every column; a value's number is its place in `texts`."""

    columns: tuple[str, ...]
    """The column of each value, as the feed names it."""
    texts: tuple[str, ...]
    names: dict[str, frozenset[str]]
    """A column to all names it goes by: its own and its translations'."""
    postings: Postings
    """Words and phrases to value numbers."""
    exact: dict[tuple[str, ...], tuple[int, ...]]
    """All words of a value to value numbers."""
    of_column: dict[str, tuple[int, ...]]
    items: Lists
    variants: Lists
    siblings: dict[int, frozenset[int]]
    """A value to what the catalogue itself translates it by."""

    def column_named(self, facet: str) -> str | None:
        """The column that a facet names, in either language and spelling; None when there is none."""
        return self._named.get(name_words(facet))

    @cached_property
    def _named(self) -> dict[tuple[str, ...], str]:
        return {name_words(name): column for column, names in self.names.items() for name in (*names, column)}

    def with_siblings(self, numbers: Iterable[int]) -> frozenset[int]:
        """The values and their translations."""
        found = set(numbers)
        return frozenset(found.union(*(self.siblings.get(number, frozenset()) for number in found)))


@dataclass
class ColumnsBuilder:
    """Collects attribute values row by row, then builds `Values` and the number columns at once."""

    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _spoken: dict[int, str] = field(default_factory=dict)
    """The name under which a value was met, where it is not the column's own."""
    _values: array[int] = field(default_factory=lambda: array("i"))
    _rows: array[int] = field(default_factory=lambda: array("i"))
    _variants: array[int] = field(default_factory=lambda: array("i"))
    _siblings: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, row: int, column: str, value: str, variant: int = -1, name: str = "") -> int:
        """Takes in one value of a row, under a translated column `name` where it has one; its number comes back."""
        number = self.number(column, value)
        self._values.append(number)
        self._rows.append(row)
        self._variants.append(variant)
        self._names[column].add(name or column)
        if name:
            self._spoken[number] = name
        return number

    def number(self, column: str, value: str) -> int:
        """The number that the value of the column goes by."""
        return self._numbers.setdefault((column, value), len(self._numbers))

    def pair(self, value: int, translation: int) -> None:
        """Notes that two values are each other's translation."""
        self._siblings[value].add(translation)
        self._siblings[translation].add(value)

    def build(self) -> tuple[Values, dict[str, NumberColumn]]:
        """The values, and the columns that hold numbers by their name."""
        of_column: dict[str, list[int]] = defaultdict(list)
        for (column, _), number in self._numbers.items():
            of_column[column].append(number)
        texts = tuple(value for _, value in self._numbers)
        numeric = {}
        for name, held in of_column.items():
            numbers = self._number_column(name, held, texts)
            if numbers is not None:
                numeric[name] = numbers
        worded = PostingsBuilder()
        exact: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for (column, value), number in self._numbers.items():
            if column in numeric and len(of_column[column]) > _TEXT_LIMIT:
                continue
            tokens = _tokens_of_value(self._spoken.get(number, column), value)
            worded.add(number, tokens)
            if tokens and fold(value).strip() not in NO:  # `semi-auto` negates `auto`, and is said by the same words
                exact[tuple(token.text for token in tokens)].append(number)
        values, rows, variants = self._entries()
        count, own = len(self._numbers), variants >= 0
        built = Values(
            columns=tuple(column for column, _ in self._numbers),
            texts=texts,
            names={column: frozenset(names) for column, names in self._names.items()},
            postings=worded.build(),
            exact={words: tuple(numbers) for words, numbers in exact.items()},
            of_column={column: tuple(numbers) for column, numbers in of_column.items()},
            items=Lists.build(values[~own], rows[~own], count),
            variants=Lists.build(values[own], variants[own], count),
            siblings={number: frozenset(others) for number, others in self._siblings.items()},
        )
        return built, numeric

    def _entries(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        one, two, three = (
            np.array(part, dtype=np.int64) for part in (self._values, self._rows, self._variants)
        )
        return one, two, three

    def _number_column(self, name: str, held: Sequence[int], texts: Sequence[str]) -> NumberColumn | None:
        if name in ("brand", "category"):
            return None
        read = {number: numbers_of(name, texts[number]) for number in held}
        if sum(bool(found) for found in read.values()) < _NUMERIC_SHARE * len(held):
            return None
        dimensions = [found[0][0] for found in read.values() if found]
        dimension = max(set(dimensions), key=dimensions.count)
        flat = [(n, amount) for n, found in read.items() for dim, amount in found if dim == dimension]
        values, rows, variants = self._entries()
        order = np.argsort(values, kind="stable")
        starts = np.searchsorted(values[order], np.arange(len(texts) + 1))
        picked = [order[starts[n] : starts[n + 1]] for n, _ in flat]
        amounts = np.repeat([amount for _, amount in flat], [len(part) for part in picked])
        places = np.concatenate(picked)
        return NumberColumn(
            name, dimension, rows[places].astype(np.int32), variants[places].astype(np.int32), amounts.astype(np.float64)
        )


def numbers_of(column: str, value: str) -> tuple[tuple[str, float], ...]:
    """(dimension, amount) of each number of an attribute value; empty when the value says more than a measure."""
    found = quantities(value)
    if not found or value[: found[0].start].strip(" ~≈+-$£€¥Φφ") != "":
        return ()
    rest = fold(value)
    for quantity in reversed(found):
        rest = rest[: quantity.start] + rest[quantity.end :]
    if len(rest.replace("x", "").strip(" ×*,./()-+~")) > 3:
        return ()
    dimension, factor = unit_of_name(column)
    return tuple((q.dimension or dimension, q.amount * (1.0 if q.dimension else factor)) for q in found)


def _tokens_of_value(name: str, value: str) -> tuple[Token, ...]:
    """What a value says in words; a plain yes says the column's name, a plain no says nothing."""
    plain = fold(value).strip()
    if plain in YES:
        return scan(name.replace("_", " "))
    if plain in NO:
        return tuple(token._replace(negated=True) for token in scan(name.replace("_", " ")))
    return scan(value)
