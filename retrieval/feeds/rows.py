"""Rows of any feed: a line number and cells by column, from a table, from JSON lines or from XML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeVar

from retrieval.feeds.rejection import Feed, RowRejected

T = TypeVar("T")
AHEAD = 20
"""Rows looked at before the format is decided."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the feed has it, before anything is understood."""

    number: int
    """1-based line of the file at which it begins."""
    cells: Mapping[str, object]
    """Column -> text, or what the JSON holds."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a feed, and what its first ones tell about all."""

    columns: tuple[str, ...]
    """The columns of the first rows, in order."""
    all: Iterator[Row]
    kind: str
    """delimited | jsonl | xml."""


def ahead(rows: Iterator[Row], kind: str, feed: Feed) -> Rows:
    """`rows` with the columns of the first ones. Raises FeedError when there is no row at all."""
    first = list(islice(rows, AHEAD))
    if not first:
        raise feed.unreadable("no readable row", "at least one row under the header", "Export the feed again.")
    columns = dict.fromkeys(column for row in first for column in row.cells)
    return Rows(tuple(columns), chain(first, rows), kind)


def each(rows: Iterable[Row], read: Callable[[Row], T | None], feed: Feed) -> Iterator[tuple[int, T]]:
    """What `read` makes of every row, with its line; a rejected row is reported, None is left out."""
    for row in rows:
        try:
            refuse_broken(row)
            value = read(row)
        except RowRejected as why:
            feed.reject(row.number, why)
            continue
        if value is not None:
            yield row.number, value


def refuse_broken(row: Row) -> None:
    """Nothing, or RowRejected when a cell holds bytes that its file's encoding does not have."""
    for column, value in row.cells.items():
        if isinstance(value, str) and not value.isascii() and any("\udc80" <= letter <= "\udcff" for letter in value):
            shown = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            raise RowRejected(column, shown, "text in the file's encoding", "Save the file again as UTF-8.")
