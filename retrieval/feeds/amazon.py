"""Amazon product metadata: the 2014 files of Python literals, the 2018 JSON Lines, the 2023 JSONL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from selectolax.lexbor import LexborHTMLParser

from retrieval.feeds.aliases import table
from retrieval.feeds.columns import Columns, Record, attribute_pair
from retrieval.feeds.money import price_of
from retrieval.feeds.plain import identifier
from retrieval.feeds.rejection import Feed
from retrieval.feeds.rows import Rows, each
from retrieval.feeds.text import TITLE_LENGTH, line, paragraphs
from retrieval.feeds.values import address_of, attributes_of, count_of, is_empty, path_of, stars_of, text_of
from retrieval.schema import Item

FIELDS = table("""
id: parent_asin, asin
title: title
description: description
features: features, feature
categories: categories, category
main: main_category, main_cat
brand: brand, store
price: price
rating: average_rating
rating_count: rating_number
images: imageURLHighRes, imageURL, imUrl, images
details: details
tech: tech1
""")
IDENTIFIERS = frozenset({
    "asin", "upc", "ean", "isbn-10", "isbn-13", "item model number", "manufacturer part number", "best sellers rank",
    "amazon best sellers rank", "customer reviews", "average customer review", "date first available",
    "domestic shipping", "international shipping",
})
"""Details that nobody wishes for."""


def amazon_items(rows: Rows, feed: Feed) -> Iterator[tuple[int, Item]]:
    """The products of an Amazon metadata file with their lines."""
    columns = Columns(FIELDS, feed)
    columns.require(rows, "id", "title")
    return each(rows.all, lambda row: _item(columns.record(row), feed), feed)


def _item(record: Record, feed: Feed) -> Item:
    title = line(record.required("title"), TITLE_LENGTH)
    return Item(
        id=identifier(record),
        title=title or record.required("title"),
        description=paragraphs(_joined(record.get("description"))),
        category=_category(record),
        brand=line(text_of(record.get("brand"))).removeprefix("Visit Amazon's ").removesuffix(" Page"),
        price=price_of(record.get("price"), feed.currency, record.column("price")),
        rating=stars_of(record.get("rating"), record.column("rating")),
        rating_count=count_of(record.get("rating_count"), record.column("rating_count")) or 0,
        image=address_of(_picture(record.get("images")), record.column("images")),
        attributes=attributes_of(_attributes(record)),
    )


def _joined(value: object) -> str:
    return "\n".join(text_of(part) for part in value) if isinstance(value, list) else text_of(value)


def _category(record: Record) -> tuple[str, ...]:
    """The path of `categories`; in the 2014 files the longest of several paths; the main category where there is none."""
    value = record.get("categories")
    if isinstance(value, list) and value and all(isinstance(path, list) for path in value):
        value = max(value, key=len)
    return path_of(value) or path_of(record.get("main"))


def _picture(value: object) -> object:
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, Mapping):
        return first.get("hi_res") or first.get("large") or first.get("thumb")
    return first


def _attributes(record: Record) -> Iterable[tuple[str, object]]:
    details = record.get("details")
    pairs: list[tuple[str, object]] = list(details.items()) if isinstance(details, Mapping) else []
    for name, value in [*pairs, *_table(text_of(record.get("tech")))]:
        label = " ".join(name.split()).strip(" :\u200e").lower()
        text = line(value) if isinstance(value, str) else value
        if label and label not in IDENTIFIERS and not is_empty(text):
            yield attribute_pair(label, [text.rstrip(" (")] if isinstance(text, str) else text)
    features = record.get("features")
    if not is_empty(features):
        yield "feature", features if isinstance(features, list) else [features]


def _table(cut_markup: str) -> list[tuple[str, object]]:
    """The rows of `tech1`: a table whose opening `<table` was cut off when it was scraped."""
    if "<t" not in cut_markup:
        return []
    rows = LexborHTMLParser(f"<table {re.sub('^<table', '', cut_markup.strip())}").css("tr")
    cells = [(row.css_first("th"), row.css_first("td")) for row in rows]
    return [(head.text(), cell.text()) for head, cell in cells if head is not None and cell is not None]
