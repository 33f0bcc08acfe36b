"""Makes the stored files of the demo shop from its material: `python -m retrieval.demo.generate`.

The same material, seed and date give the same content, byte for byte before packing.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from retrieval.demo.material import MATERIAL, load_material
from retrieval.demo.orders import orders_of
from retrieval.demo.products import items_of
from retrieval.demo.reviews import reviews_of
from retrieval.demo.shoppers import history_of, shoppers_of
from retrieval.demo.voices import VOICES, load_voice
from retrieval.money import major
from retrieval.schema import Attribute, Interaction, Item, Language, Money, Order, Review, Variant

STORED = Path(__file__).parent / "shop"


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How large the demo shop is and when its history ends."""

    seed: int = 20261101
    until: datetime = datetime(2026, 11, 1, 20, tzinfo=UTC)
    """The end of the history; orders under way are placed in the days before it."""
    shoppers: int = 400
    reviews: int = 3600
    orders: int = 120


@dataclass(frozen=True, slots=True)
class DemoData:
    """All that is generated; the help pages are written by hand and lie beside the stored files."""

    items: tuple[Item, ...]
    reviews: tuple[Review, ...]
    interactions: tuple[Interaction, ...]
    orders: tuple[Order, ...]


def demo_data(settings: DemoSettings, material: Path = MATERIAL, voices: Path = VOICES) -> DemoData:
    """The content of the demo shop. Raises MaterialError when the material has a fault."""
    departments = load_material(material)
    languages: tuple[Language, ...] = ("en", "zh")
    items = items_of(departments, settings.seed)
    shoppers = shoppers_of(departments, settings.shoppers, settings.until, settings.seed)
    acts = [act for shopper in shoppers for act in history_of(shopper, departments, settings.until, settings.seed)]
    reviews = reviews_of(
        departments,
        shoppers,
        acts,
        {language: load_voice(language, voices) for language in languages},
        count=settings.reviews,
        until=settings.until,
        seed=settings.seed,
    )
    orders = orders_of(acts, {item.id: item for item in items}, settings.until, settings.orders, settings.seed)
    acts += ratings_of(reviews)
    return DemoData(
        rated(items, reviews), reviews, tuple(sorted(acts, key=lambda a: (a.at, a.shopper_id, a.item_id, a.kind))), orders
    )


def ratings_of(reviews: Iterable[Review]) -> list[Interaction]:
    """The stars that known shoppers gave, as interactions."""
    return [
        Interaction(review.author, review.item_id, "rating", review.at, review.rating)
        for review in reviews
        if review.author.startswith("shopper-") and review.at
    ]


def rated(items: Iterable[Item], reviews: Iterable[Review]) -> tuple[Item, ...]:
    """The items with mean and number of their reviews' stars."""
    stars: dict[str, list[float]] = {}
    for review in reviews:
        stars.setdefault(review.item_id, []).append(review.rating or 0.0)
    return tuple(
        replace(item, rating=round(fmean(stars[item.id]), 2), rating_count=len(stars[item.id])) if item.id in stars else item
        for item in items
    )


def stored_files(data: DemoData) -> dict[str, str]:
    """The text of each file by its name, before packing."""
    return {
        "catalog.jsonl.gz": _lines(map(_item_row, data.items)),
        "reviews.jsonl.gz": _lines(map(_review_row, data.reviews)),
        "interactions.csv.gz": _table(map(_interaction_row, data.interactions)),
        "orders.csv": _table(map(_order_row, data.orders)),
    }


def write(files: Mapping[str, str], directory: Path) -> None:
    """Writes each file, packed where its name ends in `.gz`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        content = text.encode("utf-8")
        (directory / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)


def _lines(rows: Iterable[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _table(rows: Iterable[Mapping[str, object]]) -> str:
    kept = list(rows)
    out = io.StringIO()
    table = csv.DictWriter(out, list(kept[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(kept)
    return out.getvalue()


def _item_row(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        "title": item.title,
        "description": item.description,
        "category": list(item.category),
        "brand": item.brand,
        "price": _amount(item.price),
        "list_price": _amount(item.list_price),
        "currency": item.price.currency if item.price else "",
        "rating": item.rating,
        "rating_count": item.rating_count,
        "available": item.available,
        "image": item.image,
        "attributes": _named(item.attributes),
        "variants": [_variant_row(variant) for variant in item.variants],
        "translations": [
            {
                "language": t.language,
                "title": t.title,
                "description": t.description,
                "category": list(t.category),
                "attributes": _named(t.attributes),
            }
            for t in item.translations
        ],
    }


def _variant_row(variant: Variant) -> dict[str, object]:
    return {
        "id": variant.id,
        "title": variant.title,
        "available": variant.available,
        "stock": variant.stock,
        "attributes": _named(variant.attributes),
    }


def _named(attributes: Sequence[Attribute]) -> dict[str, list[str]]:
    return {attribute.name: list(attribute.values) for attribute in attributes}


def _review_row(review: Review) -> dict[str, object]:
    return {
        "id": review.id,
        "item_id": review.item_id,
        "rating": review.rating,
        "title": review.title,
        "text": review.text,
        "author_id": review.author,
        "at": _moment(review.at),
        "language": review.language,
        "verified": review.verified,
    }


def _interaction_row(act: Interaction) -> dict[str, object]:
    return {
        "shopper_id": act.shopper_id,
        "item_id": act.item_id,
        "kind": act.kind,
        "at": _moment(act.at),
        "value": "" if act.value is None else act.value,
    }


def _order_row(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "shopper_id": order.shopper_id,
        "status": order.status,
        "placed_at": _moment(order.placed_at),
        "items": ";".join(f"{item_id}:{quantity}" for item_id, quantity in order.items),
        "total": _amount(order.total),
        "currency": order.total.currency if order.total else "",
        "carrier": order.carrier,
        "tracking": order.tracking,
        "due": _moment(order.due),
        "updated_at": _moment(order.updated_at),
    }


def _amount(price: Money | None) -> str | None:
    return None if price is None else str(major(price))


def _moment(at: datetime | None) -> str:
    return at.isoformat().replace("+00:00", "Z") if at else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files and prints what they hold; 0 when done."""
    defaults = DemoSettings()
    parser = argparse.ArgumentParser(prog="python -m retrieval.demo.generate", description=__doc__)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--until", type=datetime.fromisoformat, default=defaults.until, help="end of the history, with time zone")
    parser.add_argument("--to", type=Path, default=STORED, help="directory of the stored files")
    chosen = parser.parse_args(arguments)
    data = demo_data(DemoSettings(seed=chosen.seed, until=chosen.until))
    write(stored_files(data), chosen.to)
    counts = {name: len(getattr(data, name)) for name in ("items", "reviews", "interactions", "orders")}
    sys.stdout.write(json.dumps(counts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
