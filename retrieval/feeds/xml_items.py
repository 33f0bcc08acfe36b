"""Rows of XML feeds: every RSS `item` or Atom `entry`, read with defusedxml, so that entities can't blow up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from retrieval.feeds.rejection import Feed
from retrieval.feeds.rows import Row
from retrieval.feeds.source import Source

ITEMS = frozenset({"item", "entry"})


class _Bytes:
    """The feed for the parser, a line or less at a time, so that `line` is where the parser stands; a broken byte is a `?`."""

    def __init__(self, source: Source, feed: Feed) -> None:
        self.line = 0
        self.since_item = 0
        self._ended = True
        self._feed, self._limit = feed, source.limits.line
        self._pieces = (piece for chunk in source.chunks for piece in chunk.splitlines(keepends=True))
        self._first = True

    def read(self, _size: int = -1) -> bytes:
        piece = next(self._pieces, "")
        if self._first:  # the text is UTF-8 by now, whatever the file was
            piece = re.sub(r"""^(\s*<\?xml[^>]*?)\s+encoding=["'][^"']*["']""", r"\1", piece).lstrip()
            self._first = False
        self.line += self._ended
        self._ended = piece.endswith("\n")
        self.since_item += len(piece)
        if self.since_item > self._limit:
            raise self._feed.unreadable(f"more than {self._limit:,} characters without an item's end", "a product feed",
                                        "Check that it is an RSS or Atom feed of products.", self.line)
        return piece.encode("utf-8", "replace")


def xml_rows(source: Source, feed: Feed) -> Iterator[Row]:
    """The items of the feed; the names of their parts without namespace, repeated ones as a list."""
    stream = _Bytes(source, feed)
    parents: list[Element] = []
    inside = 0
    start = 1
    try:
        for event, element in iterparse(stream, events=("start", "end")):
            is_item = _local(element.tag) in ITEMS
            if event == "start":
                parents.append(element)
                if is_item and not inside:
                    start = stream.line
                inside += is_item
                continue
            parents.pop()
            inside -= is_item
            if is_item and not inside:
                stream.since_item = 0
                yield Row(start, _cells(element))
            if not inside and parents:
                parents[-1].remove(element)
    except ParseError as error:
        raise feed.unreadable(f"XML that breaks off or is damaged ({error})", "well-formed XML", "Export the feed again.",
                              error.position[0]) from error
    except DefusedXmlException as error:
        raise feed.unreadable(f"an entity or external reference ({type(error).__name__})", "a feed without a DTD",
                              "Remove the document type with its entities.", stream.line) from error


def _local(tag: object) -> str:
    return str(tag).rsplit("}", 1)[-1]


def _cells(item: Element) -> dict[str, object]:
    """The item's parts: text, or an object where a part has parts; an Atom link is its address."""
    cells: dict[str, object] = {}
    for part in item:
        name = _local(part.tag)
        value: object = _cells(part) if len(part) else (part.text or part.get("href") or "")
        if name in cells:
            held = cells[name]
            cells[name] = [*held, value] if isinstance(held, list) else [held, value]
        else:
            cells[name] = value
    return cells
