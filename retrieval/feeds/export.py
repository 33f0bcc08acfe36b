"""Writes what the readers read, as their exact inverse: catalogue and reviews as JSON Lines, interactions and orders as CSV,
help pages as Markdown with front matter. A file whose name ends in `.gz` is packed, byte for byte the same every time."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

import frontmatter

from retrieval.feeds.columns import MARK
from retrieval.feeds.money import price_text
from retrieval.schema import Attribute, HelpPage, Interaction, Item, Money, Order, Review, Translation, Variant

VERSION = 1
"""Of the JSON Lines, written under the key `daogou`."""


def write_catalog(path: Path, items: Iterable[Item]) -> int:
    """How many items were written, a JSON line each, as `plain` describes them."""
    return write_lines(path, map(_item, items))


def write_reviews(path: Path, reviews: Iterable[Review]) -> int:
    """How many reviews were written, a JSON line each."""
    return write_lines(path, map(_review, reviews))


def write_interactions(path: Path, interactions: Iterable[Interaction]) -> int:
    """How many interactions were written, a CSV row each."""
    rows = ([i.shopper_id, i.item_id, i.kind, _time(i.at), "" if i.value is None else i.value] for i in interactions)
    return _write_table(path, ["shopper_id", "item_id", "kind", "at", "value"], rows)


def write_orders(path: Path, orders: Iterable[Order]) -> int:
    """How many orders were written, a CSV row each."""
    header = ["id", "shopper_id", "status", "placed_at", "items", "total", "carrier", "tracking", "due", "updated_at"]
    return _write_table(path, header, map(_order, orders))


def write_help_pages(directory: Path, pages: Iterable[HelpPage]) -> int:
    """How many pages were written, each to `<id>.<language>.md`."""
    count = 0
    directory.mkdir(parents=True, exist_ok=True)
    for count, page in enumerate(pages, 1):  # noqa: B007  the count is the answer
        about: dict[str, object] = {
            "id": page.id, "language": page.language, "title": page.title, "topic": page.topic, "version": page.version,
        }
        if page.effective is not None:
            about["effective"] = _time(page.effective)
        text = frontmatter.dumps(frontmatter.Post(page.text, **about), allow_unicode=True, sort_keys=False)
        name = f"{quote(page.id, safe='')}.{quote(page.language, safe='')}.md"
        (directory / name).write_text(text + "\n", encoding="utf-8", newline="\n")
    return count


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        packed = gzip.GzipFile("", "wb", 9, file, mtime=0) if path.suffix == ".gz" else file
        with io.TextIOWrapper(packed, encoding="utf-8", newline="") as text:
            yield text


def write_lines(path: Path, values: Iterable[Mapping[str, object]]) -> int:
    """How many values were written, a JSON line each."""
    count = 0
    with _opened(path) as file:
        for count, value in enumerate(values, 1):  # noqa: B007  the count is the answer
            file.write(json.dumps(value, ensure_ascii=False) + "\n")
    return count


def _write_table(path: Path, header: list[str], rows: Iterable[Sequence[object]]) -> int:
    count = 0
    with _opened(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for count, row in enumerate(rows, 1):  # noqa: B007  the count is the answer
            writer.writerow(row)
    return count


def _told(**values: object) -> dict[str, object]:
    """Only what there is to tell: no None, no empty text and no empty list."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", (), [], {})}


def _item(item: Item) -> dict[str, object]:
    return {
        MARK: VERSION,
        **_told(
            id=item.id, title=item.title, description=item.description, category=item.category, brand=item.brand,
            price=_money(item.price), list_price=_money(item.list_price), rating=item.rating,
            rating_count=item.rating_count or None, available=None if item.available else False, url=item.url, image=item.image,
            attributes=_attributes(item.attributes), variants=[_variant(variant) for variant in item.variants],
            translations={translation.language: _translation(translation) for translation in item.translations},
        ),
    }


def _variant(variant: Variant) -> dict[str, object]:
    return {
        "available": variant.available,
        **_told(id=variant.id, title=variant.title, price=_money(variant.price), stock=variant.stock,
                attributes=_attributes(variant.attributes)),
    }


def _translation(words: Translation) -> dict[str, object]:
    return _told(title=words.title, description=words.description, category=words.category,
                 attributes=_attributes(words.attributes))


def _attributes(attributes: tuple[Attribute, ...]) -> dict[str, tuple[str, ...]]:
    return {attribute.name: attribute.values for attribute in attributes}


def _money(money: Money | None) -> dict[str, object] | None:
    return None if money is None else {"amount": money.amount, "currency": money.currency}


def _review(review: Review) -> dict[str, object]:
    return {
        MARK: VERSION,
        **_told(id=review.id, item_id=review.item_id, title=review.title, text=review.text, rating=review.rating,
                author_id=review.author, at=_time(review.at), language=review.language, verified=review.verified),
    }


def _order(order: Order) -> Sequence[object]:
    items = json.dumps(order.items, ensure_ascii=False)
    return [order.id, order.shopper_id, order.status, _time(order.placed_at), items,
            price_text(order.total) if order.total else "", order.carrier, order.tracking,
            _time(order.due), _time(order.updated_at)]


def _time(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
