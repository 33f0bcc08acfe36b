"""Which catalogue format a file is in, and its items."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from retrieval.feeds.aliases import squashed
from retrieval.feeds.amazon import amazon_items
from retrieval.feeds.delimited import delimited_rows
from retrieval.feeds.google_merchant import google_items
from retrieval.feeds.json_lines import json_rows
from retrieval.feeds.money import currency_code
from retrieval.feeds.plain import plain_items
from retrieval.feeds.rejection import Feed, OnError, RowRejected, stop
from retrieval.feeds.rows import Rows, ahead
from retrieval.feeds.shopify import shopify_items
from retrieval.feeds.source import Source, open_source
from retrieval.feeds.vespa import vespa_items
from retrieval.feeds.woocommerce import FIELDS as WOOCOMMERCE_FIELDS
from retrieval.feeds.woocommerce import woocommerce_items
from retrieval.feeds.xml_items import xml_rows
from retrieval.schema import Item

FORMATS: Mapping[str, Callable[[Rows, Feed], Iterator[tuple[int, Item]]]] = MappingProxyType({
    "google": google_items, "shopify": shopify_items, "woocommerce": woocommerce_items, "amazon": amazon_items,
    "vespa": vespa_items, "plain": plain_items,
})
NONE: Mapping[str, str] = MappingProxyType({})


def read_catalog(
    path: Path | str, *, format: str = "auto", currency: str = "USD", columns: Mapping[str, str] = NONE,
    constants: Mapping[str, str] = NONE, on_error: OnError = stop, now: datetime | None = None,
) -> Iterator[Item]:
    """The items of a catalogue file, read as they are taken.

    `columns` says which column holds a field (`title=model`) or makes a field of several (`title={brand} {model}`);
    `constants` sets a field in every row. Of two rows with one id the first is kept and the second rejected. A
    rejected row goes to `on_error`, which by default stops; what is no feed at all raises FeedError when the first item is taken.
    """
    path = Path(path)
    feed = Feed(path.name, on_error, currency, columns, constants, now)
    if format not in {"auto", *FORMATS}:
        raise feed.unreadable(f"format {format!r}", f"one of auto, {', '.join(FORMATS)}", "Choose one of these.")
    try:
        currency_code(currency)
    except RowRejected as why:
        raise feed.unreadable(f"currency {currency!r}", why.expected, why.cure) from why
    with open_source(path) as source:
        rows = rows_of(source, feed)
        reader = FORMATS[catalog_format(rows) if format == "auto" else format]
        yield from _distinct(reader(rows, feed), feed)


def rows_of(source: Source, feed: Feed) -> Rows:
    """The rows of a file, whatever holds them: XML, JSON lines, or a table. Raises FeedError when there are none."""
    start = source.sample.lstrip()[:200]
    if re.match(r"(?i)<!doctype html|<html|<head", start):
        raise feed.unreadable("a web page", "a feed file", "The download link may have asked for a login; fetch it again.")
    if start.startswith("<"):
        return ahead(xml_rows(source, feed), "xml", feed)
    if start.startswith(("{", "[")):
        return ahead(json_rows(source, feed), "jsonl", feed)
    return ahead(delimited_rows(source, feed), "delimited", feed)


def catalog_format(rows: Rows) -> str:
    """The format that the columns tell: the most particular one that fits."""
    if rows.kind == "xml":
        return "google"
    names = {squashed(column) for column in rows.columns}
    if rows.kind == "jsonl" and {"put", "fields"} <= names:
        return "vespa"
    if rows.kind == "jsonl" and {"asin", "parentasin"} & names and "title" in names:
        return "amazon"
    if {"handle", "urlhandle"} & names and {"variantprice", "option1name", "option1value", "bodyhtml"} & names:
        return "shopify"
    woocommerce = {field for field, aliases in WOOCOMMERCE_FIELDS.items() if names & set(map(squashed, aliases))}
    if {"type", "name"} <= woocommerce and {"published", "price", "sale"} & woocommerce and len(woocommerce) > 5:
        return "woocommerce"
    plain_names = {name.removeprefix("g") for name in names if name.startswith("g")} | names
    if {"id", "title"} <= plain_names and len(plain_names & _GOOGLE_ONLY) > 1:
        return "google"
    return "plain"


_GOOGLE_ONLY = {
    "imagelink", "googleproductcategory", "producttype", "itemgroupid", "gtin", "mpn", "identifierexists", "agegroup",
    "additionalimagelink", "salepriceeffectivedate", "customlabel0", "producthighlight", "productdetail", "condition",
}


def _distinct(items: Iterator[tuple[int, Item]], feed: Feed) -> Iterator[Item]:
    seen: set[str] = set()
    for number, item in items:
        if item.id in seen:
            feed.reject(number, RowRejected("id", item.id, "an id that no row above has",
                                            "The first row with this id is kept; remove or renumber one."))
            continue
        seen.add(item.id)
        yield item
