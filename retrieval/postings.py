"""Which rows hold a word, and which hold a phrase: compact inverted lists."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.text import Token

Rows = NDArray[np.integer[Any]]
NO_ROWS: Rows = np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class Lists:
    """Row numbers by key, in one array."""

    starts: NDArray[np.int64]
    """Shape: (keys + 1,)."""
    rows: Rows

    def __getitem__(self, key: int) -> Rows:
        return self.rows[self.starts[key] : self.starts[key + 1]]

    def any_of(self, keys: Iterable[int]) -> Rows:
        """The rows under any of the keys, a row as often as it stands there."""
        parts = [self[key] for key in keys]
        return np.concatenate(parts) if parts else NO_ROWS

    @classmethod
    def build(cls, keys: NDArray[np.int64], rows: NDArray[np.int64], count: int) -> Lists:
        """Lists of the distinct (key, row) pairs; keys are 0 to count - 1."""
        span = int(rows.max()) + 1 if len(rows) else 1
        pairs = np.unique(keys * span + rows)
        starts = np.searchsorted(pairs, np.arange(count + 1, dtype=np.int64) * span)
        return cls(starts.astype(np.int64), (pairs % span).astype(np.int32))


@dataclass(frozen=True)
class Postings:
    """Words and adjacent pairs of words to the rows that say them; what a text negates is left out."""

    ids: dict[str, int]
    words: Lists
    pair_keys: NDArray[np.int64]
    """Sorted; (first word << 32) | second word."""
    pairs: Lists

    def word(self, text: str) -> Rows:
        """The rows that hold the folded word."""
        key = self.ids.get(text)
        return NO_ROWS if key is None else self.words[key]

    def pair(self, first: str, second: str) -> Rows:
        """The rows in which the second word follows the first at once."""
        one, two = self.ids.get(first), self.ids.get(second)
        if one is None or two is None:
            return NO_ROWS
        key = (one << 32) | two
        place = int(np.searchsorted(self.pair_keys, key))
        if place == len(self.pair_keys) or self.pair_keys[place] != key:
            return NO_ROWS
        return self.pairs[place]

    def phrase(self, words: Sequence[str]) -> Rows:
        """The rows that hold the words one after the other; pairs that chain, which is all but certainly the phrase."""
        if not words:
            return NO_ROWS
        if len(words) == 1:
            return self.word(words[0])
        found = self.pair(words[0], words[1])
        for first, second in pairwise(words[1:]):
            if not len(found):
                break
            found = np.intersect1d(found, self.pair(first, second), assume_unique=True)
        return found

    def together(self, words: Sequence[str]) -> Rows:
        """The rows that hold every word, in any order."""
        lists = sorted((self.word(word) for word in dict.fromkeys(words)), key=len)
        found = lists[0] if lists else NO_ROWS
        for rows in lists[1:]:
            if not len(found):
                break
            found = np.intersect1d(found, rows, assume_unique=True)
        return found


@dataclass
class PostingsBuilder:
    """Collects scanned texts row by row, then builds the lists at once."""

    ids: dict[str, int] = field(default_factory=dict)
    _words: array[int] = field(default_factory=lambda: array("i"))
    _rows: array[int] = field(default_factory=lambda: array("i"))
    _flags: array[int] = field(default_factory=lambda: array("b"))

    def add(self, row: int, tokens: Iterable[Token]) -> None:
        """Takes in the tokens of one text of the row."""
        ids = self.ids
        for token in tokens:
            self._words.append(ids.setdefault(token.text, len(ids)))
            self._rows.append(row)
            self._flags.append(token.negated + 2 * token.after_stop)

    def build(self) -> Postings:
        """The postings of what was taken in."""
        words = np.frombuffer(self._words, dtype=np.int32).astype(np.int64) if self._words else np.empty(0, np.int64)
        rows = np.frombuffer(self._rows, dtype=np.int32).astype(np.int64) if self._rows else np.empty(0, np.int64)
        flags = np.frombuffer(self._flags, dtype=np.int8) if self._flags else np.empty(0, np.int8)
        negated, after_stop = (flags & 1).astype(bool), (flags & 2).astype(bool)
        listed = Lists.build(words[~negated], rows[~negated], len(self.ids))
        joined = (rows[1:] == rows[:-1]) & ~after_stop[1:] & ~(negated[1:] & negated[:-1])
        keys = ((words[:-1] << 32) | words[1:])[joined]
        distinct, places = np.unique(keys, return_inverse=True)
        pairs = Lists.build(places.astype(np.int64), rows[:-1][joined], len(distinct))
        return Postings(self.ids, listed, distinct, pairs)


@dataclass(frozen=True)
class PhraseRows:
    """Whole phrases to the rows that have them. A phrase is kept as its 64-bit hash: a large catalogue has millions."""

    keys: NDArray[np.int64]
    """Sorted; the hash that this process gives the phrase."""
    rows: Lists

    def of(self, phrase: str) -> Rows:
        """The rows that have the folded phrase."""
        key = hash(phrase)
        place = int(np.searchsorted(self.keys, key))
        return self.rows[place] if place < len(self.keys) and self.keys[place] == key else NO_ROWS


@dataclass
class PhraseRowsBuilder:
    """Collects phrases item by item, then builds the lists at once."""

    _keys: array[int] = field(default_factory=lambda: array("q"))
    _rows: array[int] = field(default_factory=lambda: array("i"))

    def add(self, row: int, phrase: str) -> None:
        """Takes in one phrase of the row."""
        self._keys.append(hash(phrase))
        self._rows.append(row)

    def build(self) -> PhraseRows:
        """What was taken in, a row once a phrase; in a list rows stand in the order in which they came."""
        keys, rows = np.array(self._keys, dtype=np.int64), np.array(self._rows, dtype=np.int32)
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        begins = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        first = begins | np.append(True, rows[1:] != rows[:-1])[: len(rows)]
        keys, rows, begins = keys[first], rows[first], begins[first]
        return PhraseRows(keys[begins], Lists(np.append(np.flatnonzero(begins), len(keys)).astype(np.int64), rows))
