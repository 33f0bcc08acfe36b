"""Files of interactions and items, as `evaluate recommend` measures with them: histories, labels and words by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import sparse

from retrieval.errors import RowError
from retrieval.feeds.aliases import table
from retrieval.feeds.catalogs import rows_of
from retrieval.feeds.columns import Columns, Record
from retrieval.feeds.interactions import read_interactions
from retrieval.feeds.plain import identifier
from retrieval.feeds.rejection import Feed
from retrieval.feeds.reviews import read_reviews
from retrieval.feeds.rows import each
from retrieval.feeds.source import open_source
from retrieval.feeds.values import path_of, text_of, values_of
from retrieval.histories import Histories, histories_of

_COLUMNS = table("""
id: id, item_id, item, movie_id, product_id, product_uid, parent_asin, asin, sku, article_id, 商品编号, 商品id
title: title, name, product_title, product_name, 标题, 商品标题, 名称, 商品名称
labels: genres, genre, categories, category, category_path, tags, product_type, department, 分类, 类别
description: description, desc, summary, text, 描述
""")


@dataclass(frozen=True, slots=True)
class Told:
    """What an item's file says of it."""

    title: str = ""
    labels: tuple[str, ...] = ()
    """Categories or genres, each for itself."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Histories to measure with, and what is known of the items."""

    ids: tuple[str, ...]
    """The items that occur in the interactions: what is ranked."""
    histories: Histories
    told: tuple[Told, ...]
    """By row; empty ones where nothing is known."""
    labels: tuple[str, ...]
    reviewed: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """What a shopper (by history) wrote of an item (by row)."""
    rejected: tuple[RowError, ...] = ()

    @property
    def described(self) -> bool:
        """Whether any item has labels."""
        return bool(self.labels)

    def label_shares(self) -> sparse.csr_array:
        """p(label | item): each item's labels in equal shares. Shape: (items, labels)."""
        number = {label: place for place, label in enumerate(self.labels)}
        cells = [(row, number[label], 1.0 / len(each.labels)) for row, each in enumerate(self.told) for label in each.labels]
        rows, columns, shares = zip(*cells, strict=True) if cells else ((), (), ())
        return sparse.csr_array((shares, (rows, columns)), shape=(len(self.ids), len(self.labels)), dtype=np.float64)


def read_measured(
    interactions: Path, items: Path | None = None, reviews: Path | None = None
) -> Measured:
    """The histories of a file, what the file of items says, and what shoppers wrote. Raises FeedError for an unreadable file."""
    rejected: list[RowError] = []
    events = list(read_interactions(interactions, on_error=rejected.append))
    ids = tuple(sorted({event.item_id for event in events}, key=_natural))
    rows = {item_id: row for row, item_id in enumerate(ids)}
    known = dict(_read_items(items, rejected)) if items else {}
    told = tuple(known.get(item_id, Told()) for item_id in ids)
    labels = tuple(sorted({label for each_one in told for label in each_one.labels}))
    histories = histories_of(events, rows)
    reviewed = _reviewed(reviews, histories.shoppers, rows, rejected) if reviews else {}
    return Measured(ids, histories, told, labels, reviewed, tuple(rejected))


def _natural(item_id: str) -> tuple[int, str]:
    return (len(item_id), item_id) if item_id.isdigit() else (1000, item_id)


def _reviewed(
    path: Path, shoppers: Sequence[str], rows: Mapping[str, int], rejected: list[RowError]
) -> dict[tuple[int, int], str]:
    numbers = {shopper: number for number, shopper in enumerate(shoppers)}
    found: dict[tuple[int, int], str] = {}
    for review in read_reviews(path, on_error=rejected.append):
        if review.author in numbers and review.item_id in rows:
            found[numbers[review.author], rows[review.item_id]] = f"{review.title} {review.text}".strip()
    return found


def _read_items(path: Path, rejected: list[RowError]) -> Iterator[tuple[str, Told]]:
    feed = Feed(path.name, rejected.append)
    with open_source(path) as source:
        rows = rows_of(source, feed)
        mapping = Columns(_COLUMNS, feed)
        mapping.require(rows, "id")
        for _, found in each(rows.all, lambda row: _told(mapping.record(row)), feed):
            yield found


def _told(record: Record) -> tuple[str, Told]:
    said = record.get("labels")
    labels = path_of(said) if isinstance(said, str) and ">" in said else values_of(said)
    told = Told(text_of(record.get("title")).strip(), tuple(dict.fromkeys(labels)), text_of(record.get("description")).strip())
    return identifier(record, "id"), told
