"""Rows of CSV and TSV files: the delimiter is found, the first row names the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator

from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row
from retrieval.feeds.source import Lines, Source
from retrieval.feeds.text import verbatim_line

DELIMITERS = ",\t;|"
SAMPLED = 20


def delimited_rows(source: Source, feed: Feed) -> Iterator[Row]:
    """The rows under the header, each with the line it begins on.

    A row with more cells than the header, or with a quote that never closes, is rejected; one with fewer has empty
    cells. Columns without a name are left out; of two with one name the second is `name 2`.
    """
    lines = Lines(source, feed)
    quoted = _Quoted(lines)
    reader = csv.reader(quoted, delimiter=delimiter_of(source.sample))
    header: list[str] = []
    while True:
        start = lines.number + 1
        quoted.open = False
        try:
            cells = next(reader, None)
        except csv.Error as error:
            feed.reject(start, RowRejected("", f"no readable row ({error})", "quotes that close",
                                           'Write a quote inside a quoted cell twice: "".'))
            continue
        if cells is None:
            return
        if quoted.ended and quoted.open and lines.number > start:
            feed.reject(start, RowRejected("", "no closing quote from here to the end of the file", "quotes that close",
                                           'Write a quote inside a quoted cell twice: "".'))
            return
        if not any(map(str.strip, cells)) or (not header and re.fullmatch("(?i)sep=.?", cells[0].strip())):
            continue
        if not header:
            header = _named(cells)
        elif len(cells) > len(header) and any(map(str.strip, cells[len(header) :])):
            feed.reject(start, RowRejected("", f"no place for {len(cells) - len(header)} of {len(cells)} cells",
                                           f"{len(header)} cells", "Quote the cell that holds the delimiter."))
        else:
            yield Row(start, {name: cell for name, cell in zip(header, cells, strict=False) if name})


class _Quoted:
    """The lines for the CSV reader; `open` tells whether the row so far has an odd number of quotes."""

    def __init__(self, lines: Lines) -> None:
        self.open = False
        self.ended = False
        self._lines = lines

    def __iter__(self) -> _Quoted:
        return self

    def __next__(self) -> str:
        try:
            text = next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        self.open ^= text.count('"') % 2 == 1
        return text


def delimiter_of(sample: str) -> str:
    """The delimiter whose rows have most cells and agree with the header; a comma when there is but one column."""
    told = re.match(r"(?i)sep=(.)\n", sample)
    return told.group(1) if told else max(DELIMITERS, key=lambda delimiter: _score(sample, delimiter))


def _score(sample: str, delimiter: str) -> float:
    rows: list[int] = []
    try:
        for cells in csv.reader(iter(sample.splitlines(keepends=True)[:-1] or [sample]), delimiter=delimiter):
            if any(cells):
                rows.append(len(cells))
            if len(rows) == SAMPLED:
                break
    except csv.Error:
        rows = rows or [1]
    agreeing = sum(size == rows[0] for size in rows) / len(rows) if rows else 0
    return (rows[0] - 1) * agreeing if rows else 0


def _named(cells: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for cell in cells:
        name = verbatim_line(cell, 120)
        seen[name] += 1
        names.append(f"{name} {seen[name]}" if name and seen[name] > 1 else name)
    return names
