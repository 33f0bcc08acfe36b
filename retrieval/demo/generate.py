"""Makes the stored files of the demo shop from its material: `python -m retrieval.demo.generate`.

The same material, seed and date give the same content, byte for byte before packing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
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
from retrieval.feeds.export import write_catalog, write_interactions, write_orders, write_reviews
from retrieval.schema import Interaction, Item, Language, Order, Review

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


def write(data: DemoData, directory: Path) -> dict[str, int]:
    """How much was written to each file of `directory`."""
    return {
        "catalog": write_catalog(directory / "catalog.jsonl.gz", data.items),
        "reviews": write_reviews(directory / "reviews.jsonl.gz", data.reviews),
        "interactions": write_interactions(directory / "interactions.csv.gz", data.interactions),
        "orders": write_orders(directory / "orders.csv", data.orders),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files and prints what they hold; 0 when done."""
    defaults = DemoSettings()
    parser = argparse.ArgumentParser(prog="python -m retrieval.demo.generate", description=__doc__)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--until", type=datetime.fromisoformat, default=defaults.until, help="end of the history, with time zone")
    parser.add_argument("--to", type=Path, default=STORED, help="directory of the stored files")
    chosen = parser.parse_args(arguments)
    written = write(demo_data(DemoSettings(seed=chosen.seed, until=chosen.until)), chosen.to)
    sys.stdout.write(json.dumps(written) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
