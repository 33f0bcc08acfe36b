"""What can go wrong with a shop.

RetrievalError
├── FeedError        a feed, or a row of it, can't be read (file, row, column, found, expected, cure)
├── StoreError       the shop's tables: absent, newer than this program, locked by another writer, disk full
├── IndexError_      the vector index: damaged, of another embedder, being rebuilt
├── EmbedderError    the embedding model: absent, corrupt, wrong dimension
├── RankingError     scores or vectors that no order can be made of
└── FetchError       a model file can't be fetched, or is not the one expected
"""

from __future__ import annotations

from dataclasses import dataclass


class RetrievalError(Exception):
    """Base of this package's errors. The text says what was found, what was expected, and the cure."""


@dataclass(frozen=True)
class RowError:
    """One rejected row of a feed, as data: kept in the import report and shown by the command line."""

    file: str
    row: int
    """1-based line of the file, the header being row 1; 0 when the file as a whole is meant."""
    column: str
    found: str
    expected: str
    cure: str

    def __str__(self) -> str:
        where = f"{self.file}, row {self.row}" if self.row else self.file
        column = f", column {self.column!r}" if self.column else ""
        return f"{where}{column}: found {self.found}, expected {self.expected}. {self.cure}"


class FeedError(RetrievalError):
    """A feed that can't be read at all, or (with `--strict`) its first bad row."""

    def __init__(self, row_error: RowError) -> None:
        super().__init__(str(row_error))
        self.row_error = row_error


class StoreError(RetrievalError):
    """The shop's tables can't be used."""


class IndexError_(RetrievalError):
    """The vector index can't be used; it can always be rebuilt from the tables."""


class EmbedderError(RetrievalError):
    """The embedding model can't be used."""


class RankingError(RetrievalError):
    """Scores or vectors that no order can be made of: not a number, or of another length than the contenders."""


class FetchError(RetrievalError):
    """A model file can't be fetched, or has another hash than the one expected."""
