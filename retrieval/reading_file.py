"""Readings as a file, so that a shop can come read: JSON Lines, first who read and with which command, then a line a review.

    {"daogou": 1, "command": "daogou read demo --export FILE", "reader": "...", "adapter": "<sha256>", "at": "2026-11-22T..."}
    {"id": "r1", "text": "<hash>", "rating": 4.31, "aspects": [["sound", "~", "great", "Great sound for the money"]]}
    {"id": "r2", "text": "<hash>", "problem": "it has no words"}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from retrieval.feeds.columns import MARK
from retrieval.feeds.export import VERSION, write_lines
from retrieval.feeds.rejection import Feed, stop
from retrieval.feeds.source import Lines, open_source
from retrieval.readings import Readings
from retrieval.rows import digest
from retrieval.schema import ReadReview, Signal

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a file of readings, and how it is made again."""

    command: str
    reader: str
    """Model and adapter."""
    adapter: str
    """The adapter's fingerprint; empty for a model without one."""
    at: str
    """ISO 8601, UTC."""


def write_readings(path: Path, origin: Origin, read: Iterable[ReadReview]) -> int:
    """How many readings were written; the file is there whole or not at all."""
    draft = path.with_name(f".{path.name}")
    count = write_lines(draft, chain([{MARK: VERSION, **asdict(origin)}], map(_line, read)))
    draft.replace(path)
    return count - 1


def origin_of(path: Path) -> Origin:
    """Who made the file. Raises FeedError when it is no file of readings."""
    feed = Feed(path.name, stop)
    with open_source(path) as source:
        return _origin(Lines(source, feed), feed)


def import_readings(readings: Readings, path: Path) -> int:
    """How many readings of the file were kept: those of reviews that the shop has, with the text that was read.

    Raises FeedError for a file that is damaged, or a quote that does not stand in its review.
    """
    feed, kept = Feed(path.name, stop), 0
    with open_source(path) as source:
        lines = Lines(source, feed)
        origin = _origin(lines, feed)
        rows = (_object(text, lines.number, feed) for text in lines)
        while batch := list(islice(rows, _BATCH)):
            texts = readings.texts([str(row["id"]) for row in batch])
            known = [row for row in batch if row["id"] in texts and digest(texts[row["id"]]) == row["text"]]
            found = [_read_review(row, texts[row["id"]], feed) for row in known]
            kept += readings.save(found, origin.reader, datetime.fromisoformat(origin.at))
    return kept


def _line(read: ReadReview) -> dict[str, object]:
    line: dict[str, object] = {"id": read.review_id, "text": digest(read.text)}
    if read.rating is None:
        return {**line, "problem": read.problem}
    line["rating"] = round(read.rating, 3)
    return {**line, "aspects": [[a.facet, a.op, a.value, a.span] for a in read.aspects]} if read.aspects else line


def _origin(lines: Iterator[str], feed: Feed) -> Origin:
    first = _object(next(lines), 1, feed, {MARK, "command", "reader", "adapter", "at"})
    try:
        datetime.fromisoformat(first["at"])
        return Origin(**{name: str(first[name]) for name in Origin.__slots__})
    except (TypeError, ValueError) as error:
        raise feed.unreadable(f"at={first['at']!r}", "a time such as 2026-11-22T12:00:00+00:00", _CURE, 1) from error


_CURE = "Make the file again: `daogou read SHOP --export FILE`."


def _object(text: str, number: int, feed: Feed, expected: Iterable[str] = ("id", "text")) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise feed.unreadable(f"{text[:40]!r} ({error})", "a JSON object", _CURE, number) from error
    if not isinstance(found, dict) or not set(expected) <= set(found):
        raise feed.unreadable(repr(text[:40]), f"an object with {', '.join(sorted(expected))}", _CURE, number)
    return found


def _read_review(row: Mapping[str, Any], text: str, feed: Feed) -> ReadReview:
    try:
        aspects = tuple(Signal(facet, op, value, "review", quote) for facet, op, value, quote in row.get("aspects", ()))
        return ReadReview(row["id"], text, row.get("rating"), aspects, row.get("problem", ""))
    except (TypeError, ValueError) as error:
        raise feed.unreadable(str(error), "a reading of the review", _CURE) from error
