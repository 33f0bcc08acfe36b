"""Rows of JSON Lines, of Python literals one a line, and of one JSON array of objects."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row
from retrieval.feeds.source import Lines, Source


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refused)


def json_rows(source: Source, feed: Feed) -> Iterator[Row]:
    """The objects of the file, a line each; a line that is none is rejected. Numbers are int or Decimal."""
    if source.sample.lstrip().startswith("["):
        yield from _array_rows(source, feed)
        return
    lines = Lines(source, feed)
    for text in lines:
        if not text.strip():
            continue
        try:
            yield Row(lines.number, _object(text.strip(), source.limits.literal))
        except RowRejected as why:
            feed.reject(lines.number, why)


def _object(text: str, literal_limit: int) -> dict[str, object]:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        value = _literal(text, literal_limit, error)
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise RowRejected("", value, "a JSON object", "Write one {...} a line.")
    return value


def _literal(text: str, limit: int, json_error: Exception) -> object:
    """A line that Python wrote with `repr`, such as the old Amazon files have."""
    if text.startswith("{") and "'" in text and len(text) <= limit:
        try:
            return _exact(ast.literal_eval(text))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            pass
    cut_off = text.startswith("{") and not text.endswith("}")
    cure = "The line is cut off: write the file again." if cut_off else "Write one JSON object a line."
    raise RowRejected("", text, f"a JSON object ({json_error})", cure)


def _exact(value: object) -> object:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: _exact(part) for key, part in value.items()}
    return [_exact(part) for part in value] if isinstance(value, list | tuple) else value


def _array_rows(source: Source, feed: Feed) -> Iterator[Row]:
    """The objects of one array, decoded one after the other from a buffer that holds little more than one of them."""
    buffer, line, opened = "", 1, False
    for chunk in source.chunks:
        buffer += chunk
        if not opened and buffer.lstrip():
            line += len(buffer[: buffer.index("[")].split("\n")) - 1
            buffer, opened = buffer[buffer.index("[") + 1 :], True
        while True:
            rest = buffer.lstrip(" \t\n,")
            line += buffer.count("\n", 0, len(buffer) - len(rest))
            buffer = rest
            if rest.startswith("]"):
                return
            if not rest.startswith("{"):
                if rest:
                    raise feed.unreadable(f"{rest[:40]!r} in a JSON array", "objects only", "Write [{...}, {...}].", line)
                break
            try:
                value, end = _DECODER.raw_decode(rest)
            except (ValueError, RecursionError):
                break
            yield Row(line, value)
            line += rest.count("\n", 0, end)
            buffer = rest[end:]
        if len(buffer) > source.limits.line:
            raise feed.unreadable("an object that does not end", "valid JSON", "Check the file with `jq`.", line)
    raise feed.unreadable("a JSON array cut off or damaged", "`]` at its end", "Write the file again.", line)
