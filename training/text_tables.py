"""Tables of texts to measure with (CSV or JSON Lines, gzipped or not): reviews with ratings, questions with intents."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from retrieval.errors import RowError
from retrieval.feeds.catalogs import rows_of
from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row, each
from retrieval.feeds.source import open_source
from retrieval.feeds.values import decimal_of, is_empty, text_of

INTENT_COLUMNS = ("intent", "category", "label")
"""Where the intent is looked for when no column is named, the first that is there."""
OUTSIDE = "oos"
"""The intent of what is out of scope, however the file writes it."""
_OUTSIDE_NAMES = frozenset({"oos", "out_of_scope", "outofscope"})
T = TypeVar("T")


class TooFewRows(ValueError):
    """There is not enough to learn from, or not of the right kind; the text says what was found and what cures it."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A review with the rating that its writer gave."""

    row: int
    """1-based line of the file."""
    text: str
    rating: float
    """1 to 5; 0 (negative) or 1 (positive) in a binary table."""
    group: str = ""
    """Reviews of one group are never split between learning and measuring; empty when no column says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to customer service with its intent."""

    row: int
    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """The usable rows of a file, and what became of the others."""

    rows: tuple[T, ...]
    rejected: tuple[RowError, ...]
    empty: int
    """Rows without a text, which are left out."""
    binary: bool = False
    """The ratings are 0 and 1, at least one of each, and nothing else."""

    def sample(self, limit: int | None, seed: int) -> Table[T]:
        """`limit` rows drawn by `seed`, in the order of the file: files are often sorted by what they are to tell."""
        if limit is None or limit >= len(self.rows):
            return self
        drawn = sorted(random.Random(seed).sample(range(len(self.rows)), limit))
        return replace(self, rows=tuple(self.rows[place] for place in drawn))


def read_rated(path: Path, text: str, rating: str, group: str = "") -> Table[Rated]:
    """The reviews in two columns of a file, a third names their groups.

    A column of only 0 and 1 is binary sentiment; otherwise a rating is 1 to 5. Raises FeedError for an unreadable file or a
    column that is not there.
    """

    def made(row: Row) -> Rated:
        number = decimal_of(row.cells.get(rating), rating)
        if number is None or not 0 <= number <= 5:
            found = "no rating" if number is None else row.cells.get(rating)
            raise RowRejected(rating, found, "1 to 5, or a column of 0 and 1", "Fill in or convert the rating.")
        return Rated(row.number, text_of(row.cells[text]), float(number), text_of(row.cells.get(group)).strip() if group else "")

    found = _read(path, [text, rating, *([group] if group else [])], text, made)
    if {row.rating for row in found.rows} == {0.0, 1.0}:
        return replace(found, binary=True)
    low = [row for row in found.rows if row.rating < 1]
    cure = "Convert the rating to five stars."
    errors = [RowError(path.name, row.row, rating, f"{row.rating:g}", "1 to 5, or a column of 0 and 1", cure) for row in low]
    kept = tuple(row for row in found.rows if row.rating >= 1)
    return replace(found, rows=kept, rejected=tuple(sorted([*found.rejected, *errors], key=lambda error: error.row)))


def read_asked(path: Path, text: str = "text", intent: str = "") -> Table[Asked]:
    """The questions of a file with their intents; an out-of-scope one has the intent `oos`.

    Without `intent` the column is `intent`, `category` or `label`. Raises FeedError like `read_rated`.
    """
    names = [intent] if intent else list(INTENT_COLUMNS)
    column = _first_column(path, names)

    def made(row: Row) -> Asked:
        name = text_of(row.cells.get(column)).strip()
        if is_empty(name):
            raise RowRejected(column, "no intent", "the name of an intent", "Fill in the cell or remove the row.")
        outside = name.casefold().replace("-", "_").replace(" ", "_") in _OUTSIDE_NAMES
        return Asked(row.number, text_of(row.cells[text]), OUTSIDE if outside else name)

    return _read(path, [text, column], text, made)


def _first_column(path: Path, names: Sequence[str]) -> str:
    """The first of `names` that is a column of the file."""
    feed = Feed(path.name, lambda error: None)
    with open_source(path) as source:
        columns = rows_of(source, feed).columns
    for name in names:
        if name in columns:
            return name
    raise feed.unreadable(f"columns {', '.join(columns)}", f"a column {' or '.join(names)}", "Name it with --intent.")


def _read(path: Path, columns: Sequence[str], text: str, made: Callable[[Row], T]) -> Table[T]:
    rejected: list[RowError] = []
    feed = Feed(path.name, rejected.append)
    empty = 0

    def read(row: Row) -> T | None:
        nonlocal empty
        if is_empty(row.cells.get(text)) or not text_of(row.cells[text]).strip():
            empty += 1
            return None
        return made(row)

    with open_source(path) as source:
        rows = rows_of(source, feed)
        for column in columns:
            if column not in rows.columns:
                found = f"columns {', '.join(rows.columns)}"
                raise feed.unreadable(found, f"a column {column}", "Name the columns with the command's options.")
        kept = tuple(value for _, value in each(rows.all, read, feed))
    return Table(kept, tuple(rejected), empty)
