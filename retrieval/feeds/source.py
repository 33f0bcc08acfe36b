"""A feed's text, read in pieces: unpacked, decoded, and bounded on every side.

Memory stays a few chunks whatever the file's size: gzip is recognised by its first bytes and unpacked on the way, a
line over `Limits.line` is rejected without being kept, and an archive that grows out of proportion is refused.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from retrieval.feeds.encoding import decoded
from retrieval.feeds.rejection import Feed, RowRejected, unreadable

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a feed is too much."""

    line: int = 10_000_000
    """Characters in one line, JSON object or XML item."""
    expansion: int = 100
    """Unpacked bytes a packed byte, above `unpacked`; real feeds reach about 30, a gzip bomb 1,000."""
    unpacked: int = 1 << 28
    """Bytes that an archive may always unpack to."""
    literal: int = 1_000_000
    """Characters in one Python literal line, whose parser needs a hundred times its length in memory."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Source:
    """An open feed: the beginning of its text, and all of its text in chunks with `\\n` line ends."""

    sample: str
    """Up to 64 Ki characters."""
    chunks: Iterator[str]
    limits: Limits


@contextmanager
def open_source(path: Path, limits: Limits = LIMITS) -> Iterator[Source]:
    """The text of the file at `path`. Raises FeedError when it is absent, empty, binary or cut off."""
    with _opened(path) as file:
        newlines = io.IncrementalNewlineDecoder(None, translate=True)
        pieces = (newlines.decode(text) for text in decoded(_unpacked(file, path.name, limits), path.name))
        beginning: list[str] = []
        for piece in pieces:
            beginning.append(piece)
            if sum(map(len, beginning)) >= CHUNK:
                break
        sample = "".join(beginning)
        if not sample.strip():
            raise unreadable(path.name, "an empty file", "a feed with at least one row", "Export it again.")
        yield Source(sample, chain([sample], pieces), limits)


def _opened(path: Path) -> io.BufferedReader:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise unreadable(str(path), "no such file", "a feed", "Check the path.") from error
    except IsADirectoryError as error:
        raise unreadable(str(path), "a directory", "a file", "Name one file in it.") from error
    except OSError as error:
        raise unreadable(str(path), f"a file that can't be opened ({error.strerror})", "a readable file",
                         "Check its permissions.") from error


def _unpacked(file: io.BufferedReader, name: str, limits: Limits) -> Iterator[bytes]:
    packed = file.peek(2)[:2] == b"\x1f\x8b"
    stream = gzip.GzipFile(fileobj=file) if packed else file
    total = 0
    try:
        while chunk := stream.read(CHUNK):
            total += len(chunk)
            if packed and total > max(limits.unpacked, limits.expansion * file.tell()):
                raise unreadable(name, f"an archive that unpacks to more than {limits.expansion} times its size",
                                 "an ordinary gzip file", "If it is really yours, unpack it first (gunzip).")
            yield chunk
    except EOFError as error:
        raise unreadable(name, f"a gzip archive cut off after {total:,} bytes of text", "a whole archive",
                         "Download or copy it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise unreadable(name, f"a damaged gzip archive ({error})", "a whole archive",
                         "Download or copy it again; `gzip -t` checks it.") from error
    except OSError as error:
        raise unreadable(name, f"a read error ({error})", "a readable file", "Check the disk.") from error


class Lines:
    """The lines of a feed, each with its `\\n`; `number` is the 1-based line given last."""

    def __init__(self, source: Source, feed: Feed) -> None:
        self.number = 0
        self._lines = self._split(source.chunks, source.limits.line, feed)

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        return next(self._lines)

    def _split(self, chunks: Iterator[str], limit: int, feed: Feed) -> Iterator[str]:
        parts: list[str] = []
        size = 0
        for chunk in chunks:
            *whole, rest = chunk.split("\n")
            for piece in whole:
                self.number += 1
                if size + len(piece) > limit:
                    self._too_long(feed, limit)
                else:
                    yield "".join([*parts, piece, "\n"])
                parts, size = [], 0
            size += len(rest)
            parts = [*parts, rest] if size <= limit else []
        if size:
            self.number += 1
            if size > limit:
                self._too_long(feed, limit)
            else:
                yield "".join(parts)

    def _too_long(self, feed: Feed, limit: int) -> None:
        feed.reject(self.number, RowRejected("", f"no line end within {limit:,} characters", "a row a line",
                                             "Check the file's line ends and quotes."))
