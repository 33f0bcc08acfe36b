"""How a feed says no: one row at a time through `on_error`, or as a whole with a FeedError."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from retrieval.errors import FeedError, RowError

OnError = Callable[[RowError], None]


class RowRejected(ValueError):
    """A row that can't become a value: which column, what stands there, what was expected, and the cure."""

    def __init__(self, column: str, found: object, expected: str, cure: str) -> None:
        super().__init__(f"{column}: found {found!r}, expected {expected}")
        self.column, self.expected, self.cure = column, expected, cure
        self.found = found if isinstance(found, str) and found.startswith("no ") else shortened(found)


def shortened(value: object, limit: int = 80) -> str:
    """`value` as it is quoted in a message, at most about `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def stop(row_error: RowError) -> None:
    """Raises the first bad row as a FeedError: the strict way, and the default."""
    raise FeedError(row_error)


@dataclass(frozen=True, slots=True)
class Feed:
    """What the readers of one file share."""

    name: str
    """The file's name, as messages show it."""
    on_error: OnError
    currency: str = "USD"
    """ISO 4217 code of a price that names none."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our field -> the file's column, or a template such as `{brand} {model}`."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Our field -> its value in every row."""
    now: datetime | None = None
    """Decides whether a dated sale price holds; None: a dated sale price is not used."""

    @property
    def stem(self) -> str:
        """The file's name without its endings: `ford.csv.gz` gives `ford`."""
        return self.name.split(".")[0] or self.name

    def reject(self, row: int, why: RowRejected) -> None:
        """Reports one rejected row."""
        self.on_error(RowError(self.name, row, why.column, why.found, why.expected, why.cure))

    def unreadable(self, found: str, expected: str, cure: str, row: int = 0) -> FeedError:
        """The error for a file that can't be read any further, to be raised by the caller."""
        return unreadable(self.name, found, expected, cure, row)


def unreadable(name: str, found: str, expected: str, cure: str, row: int = 0) -> FeedError:
    """The error for a file that can't be read any further, to be raised by the caller."""
    return FeedError(RowError(name, row, "", found, expected, cure))
