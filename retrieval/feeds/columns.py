"""Which column holds which field: by alias, by the caller's `columns`, or by a template; what is left are attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrieval.feeds.aliases import ATTRIBUTE_NAMES, Aliases, squashed
from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row, Rows
from retrieval.feeds.text import verbatim_line
from retrieval.feeds.values import text_of

MARK = "daogou"
"""A key of JSON lines that this program wrote: their words are text as it stands, without markup to remove."""
_PLACE = re.compile(r"\{([^{}]+)\}")
_UNIT = re.compile(r"(.*?)\s*[(\[（]\s*([^()\[\]（）]{1,12})\s*[)\]）]\s*")


@dataclass(frozen=True, slots=True)
class Record:
    """A row understood: our fields, and the columns that hold none of them."""

    number: int
    fields: Mapping[str, object]
    rest: Mapping[str, object]
    verbatim: bool
    named: Mapping[str, str]
    """Field -> the column that it came from, for messages."""

    def get(self, field: str) -> object:
        return self.fields.get(field)

    def column(self, field: str) -> str:
        """The file's name for the column of `field`."""
        return self.named.get(field, field)

    def required(self, field: str) -> str:
        """The text of a field that must not be empty. Raises RowRejected when it is."""
        text = verbatim_line(text_of(self.fields.get(field)), 10**6)
        if not text:
            expected = f"the {field.replace('_', ' ')}"
            raise RowRejected(self.column(field), "no value", expected, "Fill the cell or remove the row.")
        return text


class Columns:
    """Turns rows into records; the same columns are worked out once."""

    def __init__(self, aliases: Aliases, feed: Feed) -> None:
        self._names = aliases
        self._aliases = {field: tuple(map(squashed, names)) for field, names in aliases.items()}
        self._feed = feed
        self._known: dict[tuple[str, ...], dict[str, str]] = {}

    def record(self, row: Row) -> Record:
        """The fields of `row`. Raises nothing: an absent column is an absent field."""
        named = self._named(tuple(row.cells))
        fields: dict[str, object] = {field: row.cells[column] for field, column in named.items()}
        fields.update(self._feed.constants)
        for field, template in self._feed.columns.items():
            if _PLACE.search(template):
                fields[field] = self._filled(template, row)
        taken = {*named.values(), MARK}
        rest = {column: value for column, value in row.cells.items() if column not in taken}
        for name in fields.keys() - self._aliases.keys():
            rest[name] = fields.pop(name)
        return Record(row.number, fields, rest, MARK in row.cells, named)

    def require(self, rows: Rows, *fields: str) -> None:
        """Nothing, or a FeedError when no first row has a column for one of `fields` or one that the caller named."""
        for column in self._asked():
            if column not in rows.columns and column not in self._feed.constants:
                raise self._feed.unreadable(f"no column {column!r}", f"one of {_shown(rows.columns)}",
                                            "Correct the column that you named.")
        have = {*self._named(rows.columns), *self._feed.constants, *self._feed.columns}
        for field in fields:
            if field not in have:
                cure = f"Say which column it is ({field}=COLUMN), give a constant, or rename a column to {field!r}."
                raise self._feed.unreadable(f"no column for {field!r} among {_shown(rows.columns)}",
                                            f"a column such as {', '.join(self._names[field][:4])}", cure)

    def has(self, rows: Rows, field: str) -> bool:
        """Whether the feed gives `field` at all."""
        return field in self._named(rows.columns) or field in self._feed.constants or field in self._feed.columns

    def _asked(self) -> list[str]:
        return [column for text in self._feed.columns.values() for column in (_PLACE.findall(text) or [text])]

    def _named(self, columns: tuple[str, ...]) -> dict[str, str]:
        if columns not in self._known:
            if len(self._known) > 1000:
                self._known.clear()
            self._known[columns] = self._worked_out(columns)
        return self._known[columns]

    def _worked_out(self, columns: Sequence[str]) -> dict[str, str]:
        told = {field: column for field, column in self._feed.columns.items() if column in columns}
        free = {squashed(column): column for column in reversed(columns) if column not in told.values()}
        named = dict(told)
        for field, names in self._aliases.items():
            if field in named or field in self._feed.columns or field in self._feed.constants:
                continue
            found = next((free.pop(name) for name in names if name in free), None)
            if found is not None:
                named[field] = found
        return named

    def _filled(self, template: str, row: Row) -> str:
        def value(place: re.Match[str]) -> str:
            column = place.group(1)
            return text_of(row.cells.get(column, self._feed.constants.get(column))).strip()

        return " ".join(_PLACE.sub(value, template).split())


def attribute_pair(column: str, value: object) -> tuple[str, object]:
    """A column as an attribute: `fuelType` is `fuel type`, `Weight (kg)` is `weight` and its values end in ` kg`."""
    unit = ""
    if found := _UNIT.fullmatch(column):
        column, unit = found.groups()
        unit = unit if re.fullmatch(r"[A-Za-z]{1,4}\d?", unit) else ""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    name = " ".join(re.sub(r"[\s_=!<>~|]+", " ", words).split()).lower()
    name = ATTRIBUTE_NAMES.get(squashed(name), name)
    text = text_of(value).strip()
    return name, f"{text} {unit}" if unit and text and re.fullmatch(r"[\d.,]+", text) else value


def _shown(columns: Sequence[str]) -> str:
    shown = ", ".join(columns[:20])
    return f"{shown} …" if len(columns) > 20 else shown
