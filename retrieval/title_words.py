"""The titles of a catalogue as sequences of word numbers: where in a title the words of a query stand."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.postings import Rows
from retrieval.text import Token

NO_WORD = -1
"""Stands in a title without words, so that every title has one."""
_K, _B = 1.2, 0.75
"""BM25's: how soon a word said again counts no more, and how much a title's length counts."""


@dataclass(frozen=True)
class TitleWords:
    """One title a row, its words as numbers of the catalogue's title postings."""

    starts: NDArray[np.int64]
    """Shape: (rows + 1,); the words of a row are `words[starts[row] : starts[row + 1]]`."""
    words: NDArray[np.int32]
    heads: NDArray[np.int32]
    """The place in each title, from 0, of the word that names the thing: boots in "Hiking boots in brown"."""
    mean_length: float
    """Words a title."""

    @cached_property
    def saturation(self) -> NDArray[np.float32]:
        """What a word counts in each title, (k + 1) / (1 + k (1 - b + b length / mean length)): more in a short one.

        BM25 with k 1.2 and b 0.75 for a word said once (Robertson and Zaragoza 2009). Shape: (rows,).
        """
        lengths = np.diff(self.starts)
        return ((_K + 1) / (1 + _K * (1 - _B + _B * lengths / max(self.mean_length, 1.0)))).astype(np.float32)

    def of(self, rows: Rows) -> RowWords:
        """The titles of some rows, one after the other."""
        starts, lengths = self.starts[rows], (self.starts[rows + 1] - self.starts[rows]).astype(np.int64)
        first = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
        places = np.arange(int(lengths.sum()), dtype=np.int64) - np.repeat(first, lengths)
        words = self.words[np.repeat(starts, lengths) + places]
        return RowWords(words, places.astype(np.int32), first, lengths, self.heads[rows])


@dataclass(frozen=True)
class RowWords:
    """The titles of n rows as flat arrays."""

    words: NDArray[np.int32]
    places: NDArray[np.int32]
    """The place of each word in its title, from 0."""
    first: NDArray[np.int64]
    """Where each title begins. Shape: (n,)."""
    lengths: NDArray[np.int64]
    """Words of each title. Shape: (n,)."""
    heads: NDArray[np.int32]
    """The place of the head in each title. Shape: (n,)."""

    def saying(self, phrases: Iterable[Sequence[int]]) -> NDArray[np.bool_]:
        """True at the words with which one of the phrases, of one word or two, begins. Shape: (words,)."""
        found = np.zeros(len(self.words), dtype=bool)
        inner = np.append(self.places[1:] != 0, False)  # followed by a word of the same title
        for phrase in phrases:
            here = self.words == phrase[0]
            if len(phrase) > 1:
                here &= inner & np.append(self.words[1:] == phrase[1], False)
            found |= here
        return found

    def any(self, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """True for the titles with a marked word. Shape: (n,)."""
        return np.logical_or.reduceat(marked, self.first) if len(self.first) else np.zeros(0, dtype=bool)

    def first_place(self, marked: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The place of the first marked word as a share of its title; 1 where none is. Shape: (n,)."""
        if not len(self.first):
            return np.zeros(0)
        places = np.where(marked, self.places, np.iinfo(np.int32).max)
        return np.minimum(np.minimum.reduceat(places, self.first) / self.lengths, 1.0)

    def count(self, marked: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many words of each title are marked. Shape: (n,)."""
        return np.add.reduceat(marked.astype(np.int64), self.first) if len(self.first) else np.zeros(0, dtype=np.int64)

    def at_head(self, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """True for the titles whose head is marked. Shape: (n,)."""
        return marked[self.first + self.heads] if len(self.first) else np.zeros(0, dtype=bool)


@dataclass
class TitleWordsBuilder:
    """Collects scanned titles in any order of rows; the last title of a row counts."""

    ids: dict[str, int]
    """The numbers of words, shared with the title postings."""
    _words: array[int] = field(default_factory=lambda: array("i"))
    _rows: array[int] = field(default_factory=lambda: array("i"))
    _starts: array[int] = field(default_factory=lambda: array("q", [0]))
    _heads: array[int] = field(default_factory=lambda: array("i"))

    def add(self, row: int, tokens: Sequence[Token], head: int) -> None:
        """Takes in the title of a row, whose head stands at the place `head`; its words are numbered already."""
        self._words.extend([self.ids[token.text] for token in tokens] or [NO_WORD])
        self._rows.append(row)
        self._starts.append(len(self._words))
        self._heads.append(max(min(head, len(tokens) - 1), 0))

    def build(self, rows: int, fallback: TitleWords | None = None) -> TitleWords:
        """The titles of rows 0 to `rows - 1`; one that was not told is that of `fallback`, or has no words."""
        none = TitleWords(np.arange(rows + 1), np.full(rows, NO_WORD, dtype=np.int32), np.zeros(rows, dtype=np.int32), 1.0)
        base = fallback or none
        told, numbers = np.array(self._rows, dtype=np.int64), np.arange(len(self._rows))
        last = np.full(rows, -1, dtype=np.int64)
        np.maximum.at(last, told, numbers)
        own = last >= 0
        spans = np.array(self._starts, dtype=np.int64)
        froms, lengths, heads = base.starts[:-1] + len(self._words), np.diff(base.starts), base.heads.copy()
        froms[own], lengths[own] = spans[last[own]], np.diff(spans)[last[own]]
        heads[own] = np.array(self._heads, dtype=np.int32)[last[own]]
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        source = np.concatenate((np.array(self._words, dtype=np.int32), base.words))
        words = source[np.repeat(froms - starts[:-1], lengths) + np.arange(starts[-1])]
        return TitleWords(starts, words, heads, len(words) / max(rows, 1))
