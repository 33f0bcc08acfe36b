"""Interactions: CSV or JSON Lines with `shopper_id,item_id,kind,at,value`, and logs such as MovieLens and clickstreams.

Without a kind column every row is a `rating` where there are values, else a `view`. Without a shopper the session stands for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, get_args

from retrieval.feeds.aliases import INTERACTIONS, KINDS, squashed
from retrieval.feeds.catalogs import NONE, rows_of
from retrieval.feeds.columns import Columns, Record
from retrieval.feeds.plain import identifier
from retrieval.feeds.rejection import Feed, OnError, RowRejected, stop
from retrieval.feeds.rows import each
from retrieval.feeds.source import open_source
from retrieval.feeds.text import ID_LENGTH, verbatim_line
from retrieval.feeds.values import is_empty, moment_of, stars_of, text_of
from retrieval.schema import Interaction

Kind = Literal["view", "click", "cart", "purchase", "like", "dislike", "rating"]
_KIND_OF: dict[str, Kind] = {squashed(name): kind for kind in get_args(Kind) for name in KINDS[kind]}


def read_interactions(
    path: Path | str, *, columns: Mapping[str, str] = NONE, constants: Mapping[str, str] = NONE, on_error: OnError = stop
) -> Iterator[Interaction]:
    """The interactions of a file, read as they are taken."""
    path = Path(path)
    feed = Feed(path.name, on_error, columns=columns, constants=constants)
    with open_source(path) as source:
        rows = rows_of(source, feed)
        mapping = Columns(INTERACTIONS, feed)
        mapping.require(rows, "item_id", "at")
        if not mapping.has(rows, "session_id"):
            mapping.require(rows, "shopper_id")
        usual: Kind = "rating" if mapping.has(rows, "value") else "view"
        kinded = mapping.has(rows, "kind")
        found = each(rows.all, lambda row: _interaction(mapping.record(row), usual if not kinded else None), feed)
        yield from (interaction for _, interaction in found)


def _interaction(record: Record, usual: Kind | None) -> Interaction:
    at = moment_of(record.get("at"), record.column("at"))
    if at is None:
        raise RowRejected(record.column("at"), "no time", "when it happened", "Fill the cell or remove the row.")
    kind = usual or _kind(record)
    value = stars_of(record.get("value"), record.column("value")) if kind == "rating" else None
    if kind == "rating" and value is None:
        raise RowRejected(record.column("value"), "no stars", "the stars of the rating", "Fill the cell or remove the row.")
    return Interaction(_shopper(record), identifier(record, "item_id"), kind, at, value)


def _kind(record: Record) -> Kind:
    said = text_of(record.get("kind"))
    kind = _KIND_OF.get(squashed(said))
    if kind is None:
        raise RowRejected(record.column("kind"), said, f"one of {', '.join(get_args(Kind))}", "Correct the cell.")
    return kind


def _shopper(record: Record) -> str:
    for field in ("shopper_id", "session_id"):
        value = text_of(record.get(field)).strip()
        if not is_empty(value) and value.upper() != "NA":
            name = verbatim_line(value, ID_LENGTH)
            return name if field == "shopper_id" else f"session-{name}"
    raise RowRejected(record.column("shopper_id"), "no shopper", "a shopper or a session", "Fill the cell or remove the row.")
