"""Vespa put operations: `{"put": "id:shop:product::1", "fields": {...}}`, a plain catalogue inside an envelope.

A whole `price` counts minor units, as the public product feeds in this form have it; name the column
(`columns={"price": "price"}`) for a feed that counts whole units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from retrieval.feeds.plain import plain_items
from retrieval.feeds.rejection import Feed
from retrieval.feeds.rows import Row, Rows, ahead
from retrieval.schema import Item


def vespa_items(rows: Rows, feed: Feed) -> Iterator[tuple[int, Item]]:
    """The items of the put operations with their lines."""
    opened = ahead((_opened(row) for row in rows.all), rows.kind, feed)
    if "price" in opened.columns and not {"price", "price_minor"} & feed.columns.keys():
        feed = replace(feed, columns={**feed.columns, "price_minor": "price"})
    return plain_items(opened, feed)


def _opened(row: Row) -> Row:
    fields = row.cells.get("fields")
    return Row(row.number, fields if isinstance(fields, Mapping) else {})
