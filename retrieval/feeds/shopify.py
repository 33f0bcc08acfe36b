"""Shopify product CSV, old headers (`Handle`, `Body (HTML)`, `Variant Price`) and new (`URL handle`, `Description`, `Price`).

The rows of one handle stand together: the first holds the product, each row with an option value or a price is a variant, a
row with neither is a further picture. Drafts, archived and unpublished products are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from retrieval.feeds.aliases import table
from retrieval.feeds.columns import Columns, Record, attribute_pair
from retrieval.feeds.money import price_of
from retrieval.feeds.rejection import Feed, RowRejected
from retrieval.feeds.rows import Row, Rows, each
from retrieval.feeds.text import ID_LENGTH, TITLE_LENGTH, line, paragraphs
from retrieval.feeds.values import address_of, attributes_of, count_of, is_empty, path_of, text_of, truth_of
from retrieval.feeds.variants import offer
from retrieval.schema import Item, Variant

FIELDS = table("""
handle: handle, url handle
title: title
description: body (html), body html, description
brand: vendor
category: product category
type: type, product type, custom product type
tags: tags
published: published, published on online store
status: status
sku: variant sku, sku
price: variant price, price
list_price: variant compare at price, compare-at price, compare at price
tracker: variant inventory tracker, inventory tracker
stock: variant inventory qty, inventory quantity
policy: variant inventory policy, continue selling when out of stock
image: image src, product image url
variant_image: variant image, variant image url
""")
_OPTION = re.compile(r"option\s*([123])\s*(name|value)", re.I)
_METAFIELD = re.compile(r"(.+?)\s*\(product\.metafields\.[^)]+\)", re.I)
_GOOGLE = re.compile(r"google shopping / (gender|age group|condition)", re.I)


def shopify_items(rows: Rows, feed: Feed) -> Iterator[tuple[int, Item]]:
    """The items of a Shopify export with the lines at which they begin."""
    columns = Columns(FIELDS, feed)
    columns.require(rows, "title")
    records = each(rows.all, lambda row: _with_handle(columns, row), feed)
    for handle, group in groupby(records, key=lambda pair: pair[1][0]):
        members = [(number, record) for number, (_, record) in group]
        try:
            item = _item(handle, [record for _, record in members], feed)
        except RowRejected as why:
            feed.reject(members[0][0], why)
            continue
        if item is not None:
            yield members[0][0], item


def _with_handle(columns: Columns, row: Row) -> tuple[str, Record]:
    """(handle, record); a product without a handle, which the new headers allow, is called by its title."""
    record = columns.record(row)
    handle = line(text_of(record.get("handle")), ID_LENGTH)
    if handle:
        return handle, record
    made = re.sub(r"[\W_]+", "-", text_of(record.get("title")).casefold()).strip("-")
    if not made:
        cure = "Fill the cell; every row of a product has it."
        raise RowRejected(record.column("handle"), "no handle", "the product's handle", cure)
    return made[:ID_LENGTH], record


def _item(handle: str, records: Sequence[Record], feed: Feed) -> Item | None:
    first = records[0]
    title = line(first.required("title"), TITLE_LENGTH)
    status = text_of(first.get("status")).strip().casefold()
    if status in {"draft", "archived"} or truth_of(first.get("published"), first.column("published")) is False:
        return None
    options = _option_names(first)
    variants = [
        variant for number, record in enumerate(records, 1) if (variant := _variant(record, handle, number, options, feed))
    ]
    category = path_of(first.get("category"))
    kind = line(text_of(first.get("type")), 120)
    if kind and kind.casefold() not in [step.casefold() for step in category]:
        category = (*category, kind)
    before = [price for record in records if (price := price_of(record.get("list_price"), feed.currency))]
    pictures = [address for record in records if (address := address_of(record.get("image"), record.column("image")))]
    item = Item(
        id=handle, title=title, description=paragraphs(text_of(first.get("description"))), category=category,
        brand=line(text_of(first.get("brand"))), image=pictures[0] if pictures else "",
        list_price=max(before, default=None), attributes=attributes_of(_attributes(first)),
    )
    whole = offer(item, variants)
    chosen = any(variant.attributes for variant in variants)  # a product without options has one, `Default Title`
    return whole if chosen else replace(whole, variants=())


def _option_names(record: Record) -> dict[str, str]:
    """Option number -> name, said in a product's first row only."""
    return {
        found.group(1): line(text_of(value), 80)
        for column, value in record.rest.items()
        if (found := _OPTION.fullmatch(column)) and found.group(2).lower() == "name" and not is_empty(value)
    }


def _variant(record: Record, handle: str, number: int, options: dict[str, str], feed: Feed) -> Variant | None:
    """The variant of a row, None for a row that only adds a picture."""
    values = {
        found.group(1): line(text_of(value))
        for column, value in record.rest.items()
        if (found := _OPTION.fullmatch(column)) and found.group(2).lower() == "value" and not is_empty(value)
    }
    price = price_of(record.get("price"), feed.currency, record.column("price"))
    if not values and price is None:
        return None
    chosen = [(options.get(place, f"option {place}"), value) for place, value in values.items()]
    real = [(name, value) for name, value in chosen if value != "Default Title"]
    stock = count_of(record.get("stock"), record.column("stock"))
    tracked = stock is not None and (not is_empty(record.get("tracker")) or "tracker" not in record.named)
    goes_on = text_of(record.get("policy")).strip().casefold() in {"continue", "true", "yes", "1"}
    return Variant(
        id=line(text_of(record.get("sku")), ID_LENGTH) or f"{handle}-{number}",
        title=" / ".join(value for _, value in real),
        price=price,
        available=not tracked or goes_on or bool(stock),
        stock=stock if tracked else None,
        attributes=attributes_of(attribute_pair(name, [value]) for name, value in real),
    )


def _attributes(record: Record) -> Iterable[tuple[str, object]]:
    for column, value in record.rest.items():
        if found := _METAFIELD.fullmatch(column):
            yield attribute_pair(found.group(1), [part.strip() for part in text_of(value).split(";")])
        elif found := _GOOGLE.fullmatch(column):
            name = found.group(1).lower()
            yield name if name == "condition" else "audience", [text_of(value)]
    yield "tag", [part.strip() for part in text_of(record.get("tags")).split(",")]
