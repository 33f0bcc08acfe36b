"""Orders: CSV or JSON Lines, a row an order (`items` as `A1 x2; B7` or JSON) or a row an item, those of an order together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from retrieval.feeds.aliases import ORDERS, STATUSES, squashed
from retrieval.feeds.catalogs import NONE, rows_of
from retrieval.feeds.columns import Columns, Record
from retrieval.feeds.money import currency_code, price_of
from retrieval.feeds.plain import identifier
from retrieval.feeds.rejection import Feed, OnError, RowRejected, stop
from retrieval.feeds.rows import Row, each
from retrieval.feeds.source import open_source
from retrieval.feeds.text import ID_LENGTH, verbatim_line
from retrieval.feeds.values import count_of, is_empty, moment_of, text_of
from retrieval.schema import Order

_STATUS_OF = {squashed(name): status for status, names in STATUSES.items() for name in names}
_ITEM = re.compile(r"(.+?)(?:\s*[x×*]\s*(\d{1,6}))?")


def read_orders(
    path: Path | str, *, currency: str = "USD", columns: Mapping[str, str] = NONE, constants: Mapping[str, str] = NONE,
    on_error: OnError = stop,
) -> Iterator[Order]:
    """The orders of a file, read as they are taken; of two with one id the second is rejected."""
    path = Path(path)
    feed = Feed(path.name, on_error, currency, columns, constants)
    with open_source(path) as source:
        rows = rows_of(source, feed)
        mapping = Columns(ORDERS, feed)
        mapping.require(rows, "id", "shopper_id", "status", "placed_at")

        def read(row: Row) -> tuple[str, Record]:
            record = mapping.record(row)
            return identifier(record), record

        seen: set[str] = set()
        for order_id, group in groupby(each(rows.all, read, feed), key=lambda pair: pair[1][0]):
            records = [record for _, (_, record) in group]
            try:
                if order_id in seen:
                    raise RowRejected("id", order_id, "an order that no row above has", "Keep the rows of an order together.")
                order = _order(order_id, records, feed)
            except RowRejected as why:
                feed.reject(records[0].number, why)
                continue
            seen.add(order_id)
            yield order


def _order(order_id: str, records: Sequence[Record], feed: Feed) -> Order:
    first = records[0]
    placed_at = moment_of(first.get("placed_at"), first.column("placed_at"))
    if placed_at is None:
        raise RowRejected(first.column("placed_at"), "no time", "when it was placed", "Fill the cell or remove the row.")
    said = first.required("status")
    status = _STATUS_OF.get(squashed(said))
    if status is None:
        raise RowRejected(first.column("status"), said, f"one of {', '.join(STATUSES)}", "Correct the cell.")
    code = text_of(first.get("currency"))
    return Order(
        id=order_id, shopper_id=identifier(first, "shopper_id"), status=status, placed_at=placed_at,
        items=tuple(pair for record in records for pair in _items(record)),
        total=price_of(first.get("total"), currency_code(code) if code else feed.currency, first.column("total")),
        carrier=verbatim_line(text_of(first.get("carrier"))),
        tracking=verbatim_line(text_of(first.get("tracking"))),
        due=moment_of(first.get("due"), first.column("due")),
        updated_at=moment_of(first.get("updated_at"), first.column("updated_at")),
    )


def _items(record: Record) -> list[tuple[str, int]]:
    """(item id, quantity) of a row."""
    single = verbatim_line(text_of(record.get("item_id")), ID_LENGTH)
    if single:
        return [(single, count_of(record.get("quantity"), record.column("quantity")) or 1)]
    value = record.get("items")
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise RowRejected(record.column("items"), value, "JSON", "Correct the JSON of the cell.") from error
    if isinstance(value, str):
        value = [list(found.groups("1")) for part in re.split(r"\s*[;|]\s*", value.strip()) if (found := _ITEM.fullmatch(part))]
    if is_empty(value):
        return []
    if not isinstance(value, list):
        raise RowRejected(record.column("items"), value, "a list of items", "Write `A1 x2; B7`.")
    return [_pair(part, record) for part in value]


def _pair(part: object, record: Record) -> tuple[str, int]:
    column = record.column("items")
    if isinstance(part, Mapping):
        part = [part.get("item_id", part.get("id")), part.get("quantity", 1)]
    if not isinstance(part, list | tuple) or len(part) != 2 or is_empty(part[0]):
        raise RowRejected(column, part, "an item and its quantity", "Write `A1 x2; B7`.")
    return verbatim_line(text_of(part[0]), ID_LENGTH), count_of(part[1], column) or 1
