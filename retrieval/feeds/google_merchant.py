"""Google Merchant feeds: TSV or CSV, and RSS or Atom XML with `g:` names.

Rows that follow each other with one `item_group_id` are the variants of one item, whose id is the group's. A row of a
group that comes back later in the file stands alone under its own id. A sale price with dates counts only while
`now` lies between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from retrieval.feeds.aliases import squashed, table
from retrieval.feeds.columns import Columns, Record, attribute_pair
from retrieval.feeds.money import price_of
from retrieval.feeds.plain import identifier
from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row, Rows, each
from retrieval.feeds.text import TITLE_LENGTH, line, paragraphs
from retrieval.feeds.values import (
    address_of,
    attributes_of,
    availability_of,
    is_empty,
    moment_of,
    path_of,
    text_of,
)
from retrieval.feeds.variants import offer
from retrieval.schema import Attribute, Item, Money, Variant

FIELDS = table("""
id: id, g:id, item_id, offer_id
title: title, g:title
description: description, g:description, summary, content
link: link, g:link
image: image_link, g:image_link
available: availability, g:availability
price: price, g:price
sale_price: sale_price, g:sale_price
sale_dates: sale_price_effective_date, g:sale_price_effective_date
brand: brand, g:brand
group: item_group_id, g:item_group_id
group_title: item_group_title, g:item_group_title
google_category: google_product_category, g:google_product_category
category: product_type, g:product_type
details: product_detail, g:product_detail
highlights: product_highlight, g:product_highlight
rating: product_review_average, g:product_review_average
""")
FACETS = table("""
color: color
size: size
material: material
style: pattern
audience: gender, age_group
condition: condition
energy class: energy_efficiency_class
size system: size_system
size type: size_type
""")
"""Attribute -> Google's columns; labels, identifiers, shipping and tax are left out."""
_FACET_OF = {squashed(name): facet for facet, names in FACETS.items() for name in names}


def google_items(rows: Rows, feed: Feed) -> Iterator[tuple[int, Item]]:
    """The items of a Google Merchant feed with their lines."""
    columns = Columns(FIELDS, feed)
    columns.require(rows, "id", "title")

    def read(row: Row) -> tuple[str, str, Item]:
        return _read(columns.record(row), feed)

    seen: set[str] = set()
    for group, members in groupby(each(rows.all, read, feed), key=lambda pair: pair[1][0]):
        if not group or group in seen:
            yield from ((number, item) for number, (_, _, item) in members)
        else:
            seen.add(group)
            yield _grouped(group, list(members))


def _read(record: Record, feed: Feed) -> tuple[str, str, Item]:
    """(group id, group title, the item of the row)."""
    price = price_of(record.get("price"), feed.currency, record.column("price"))
    sale = price_of(record.get("sale_price"), feed.currency, record.column("sale_price"))
    on_sale = sale is not None and price is not None and sale < price and _holds(record, feed)
    available = availability_of(record.get("available"), record.column("available"))
    item = Item(
        id=identifier(record),
        title=line(record.required("title"), TITLE_LENGTH) or record.required("title"),
        description=paragraphs(text_of(record.get("description"))),
        category=_category(record),
        brand=line(text_of(record.get("brand"))),
        price=sale if on_sale else price,
        list_price=price if on_sale else None,
        available=available is not False,
        url=address_of(record.get("link"), record.column("link")),
        image=address_of(record.get("image"), record.column("image")),
        attributes=attributes_of(_attributes(record)),
    )
    return line(text_of(record.get("group"))), line(text_of(record.get("group_title")), TITLE_LENGTH), item


def _holds(record: Record, feed: Feed) -> bool:
    dates = text_of(record.get("sale_dates")).strip()
    if not dates:
        return True
    column = record.column("sale_dates")
    begin, _, end = dates.partition("/")
    first, last = moment_of(begin, column), moment_of(end, column)
    if first is None or last is None:
        raise RowRejected(column, dates, "begin/end", "Write 2026-02-24T11:07+0100/2026-02-29T23:07+0100.")
    return feed.now is not None and first <= feed.now <= last


def _category(record: Record) -> tuple[str, ...]:
    for field in ("category", "google_category"):
        value = record.get(field)
        path = path_of(value[0] if isinstance(value, list) and value else value)
        if path and not path[0].isdigit():
            return path
    return ()


def _attributes(record: Record) -> Iterable[tuple[str, object]]:
    for column, value in record.rest.items():
        name = squashed(column.removeprefix("g:"))
        if name in _FACET_OF and not is_empty(value):
            parts = text_of(value).split("/") if _FACET_OF[name] == "color" and isinstance(value, str) else value
            yield _FACET_OF[name], parts
    details = record.get("details")
    if isinstance(details, str):
        details = re.split(r"\s*,(?=[^,:]*:[^,:]*:)", details)
    for detail in details if isinstance(details, list) else [details]:
        if isinstance(detail, dict):
            yield attribute_pair(text_of(detail.get("attribute_name")), detail.get("attribute_value"))
        elif len(parts := text_of(detail).split(":", 2)) == 3:
            yield attribute_pair(parts[1], parts[2].strip())
    highlights = record.get("highlights")
    if not is_empty(highlights):
        yield "feature", highlights


def _grouped(group: str, members: Sequence[tuple[int, tuple[str, str, Item]]]) -> tuple[int, Item]:
    """One item of its variants: what all of them share is the item's, the rest each variant's own."""
    number, (_, group_title, first) = members[0]
    items = [item for _, (_, _, item) in members]
    shared = [a for a in first.attributes if all(a in item.attributes for item in items)]
    variants = [
        Variant(item.id, item.title, item.price, item.available, None, _without(item.attributes, shared)) for item in items
    ]
    before = max((item.list_price for item in items if item.list_price), default=None)
    whole = replace(first, id=group, title=group_title or first.title, attributes=tuple(shared), list_price=before)
    return number, offer(replace(whole, price=_first_price(items)), variants)


def _first_price(items: Sequence[Item]) -> Money | None:
    return next((item.price for item in items if item.price), None)


def _without(attributes: Sequence[Attribute], shared: Sequence[Attribute]) -> tuple[Attribute, ...]:
    return tuple(attribute for attribute in attributes if attribute not in shared)
