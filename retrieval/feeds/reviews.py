"""Reviews: Amazon's 2014, 2018 and 2023 files, and plain CSV or JSON Lines with `item_id,text,rating,...`.

A reviewer's name is never read. An `author` that looks like an address or a name is replaced by its hash. Without an id column
the id is made from item, author, time and words: the same review twice is rejected the second time, except that
reviews with neither author nor time are numbered, as two shoppers may write the same words.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from retrieval.feeds.aliases import REVIEWER_NAMES, REVIEWS, squashed
from retrieval.feeds.catalogs import NONE, rows_of
from retrieval.feeds.columns import Columns, Record
from retrieval.feeds.plain import identifier
from retrieval.feeds.rejection import Feed, OnError, RowRejected, stop
from retrieval.feeds.rows import Row, each
from retrieval.feeds.source import open_source
from retrieval.feeds.text import ID_LENGTH, TITLE_LENGTH, line, paragraphs, verbatim_line, verbatim_paragraphs
from retrieval.feeds.values import moment_of, stars_of, text_of, truth_of
from retrieval.schema import Review

FORMATS = ("auto", "amazon", "plain")


def read_reviews(
    path: Path | str, *, format: str = "auto", columns: Mapping[str, str] = NONE, constants: Mapping[str, str] = NONE,
    on_error: OnError = stop,
) -> Iterator[Review]:
    """The reviews of a file, read as they are taken. Raises FeedError when no column says which item is meant.

    Amazon's column names are among the aliases, so every format is read alike.
    """
    path = Path(path)
    feed = Feed(path.name, on_error, columns=columns, constants=constants)
    if format not in FORMATS:
        raise feed.unreadable(f"format {format!r}", f"one of {', '.join(FORMATS)}", "Choose one of these.")
    with open_source(path) as source:
        rows = rows_of(source, feed)
        mapping = Columns(REVIEWS, feed)
        mapping.require(rows, "item_id", "text")
        made = None if mapping.has(rows, "id") else _Ids()
        seen: set[str] = set()

        def read(row: Row) -> Review:
            cells = {column: value for column, value in row.cells.items() if squashed(column) not in REVIEWER_NAMES}
            review = _review(mapping.record(Row(row.number, cells)), made)
            if review.id in seen:
                raise RowRejected("id", review.id, "a review that no row above has", "Remove the repeated row.")
            seen.add(review.id)
            return review

        yield from (review for _, review in each(rows.all, read, feed))


class _Ids:
    def __init__(self) -> None:
        self._times: Counter[str] = Counter()

    def of(self, *parts: str, number: bool) -> str:
        digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()
        if number:
            self._times[digest] += 1
        return f"r-{digest}-{self._times[digest]}" if self._times[digest] > 1 else f"r-{digest}"


def _review(record: Record, made: _Ids | None) -> Review:
    item_id = identifier(record, "item_id")
    raw = record.verbatim
    text = (verbatim_paragraphs if raw else paragraphs)(text_of(record.get("text")))
    title = (verbatim_line if raw else line)(text_of(record.get("title")), TITLE_LENGTH)
    rating = stars_of(record.get("rating"), record.column("rating"))
    if not text and not title and rating is None:
        found, cure = "no words and no stars", "Fill the cell or remove the row."
        raise RowRejected(record.column("text"), found, "a text or a rating", cure)
    author = opaque(text_of(record.get("author")))
    at = moment_of(record.get("at"), record.column("at"))
    parts = (item_id, author, at.isoformat() if at else "", title, text, text_of(rating))
    return Review(
        id=made.of(*parts, number=not author and at is None) if made else identifier(record),
        item_id=item_id, text=text, rating=rating, title=title, author=author, at=at,
        language=verbatim_line(text_of(record.get("language")), 20).lower(),
        verified=truth_of(record.get("verified"), record.column("verified")),
    )


def opaque(author: str) -> str:
    """`author` as an id that names nobody: an address or a name becomes a hash."""
    author = verbatim_line(author, ID_LENGTH)
    if "@" in author or " " in author:
        return f"a-{hashlib.blake2b(author.encode(), digest_size=8).hexdigest()}"
    return author
