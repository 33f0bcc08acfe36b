"""Between the schema's values and the rows of the tables: both ways, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from sqlalchemy import RowMapping

from retrieval.schema import Attribute, HelpPage, Interaction, Item, Money, Order, Review, Translation, Variant

CATEGORY_SEPARATOR = "\x1f"
"""Between the steps of a category path in its column: a character that no feed uses."""

Row = dict[str, Any]


def digest(text: str) -> str:
    """32 hexadecimal digits that stand for `text`."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def item_row(item: Item, content_hash: str, row_hash: str) -> Row:
    """The row of `items`; the variants have rows of their own."""
    body = {
        "description": item.description,
        "url": item.url,
        "image": item.image,
        "attributes": _packed(item.attributes),
        "translations": [[t.language, t.title, t.description, t.category, _packed(t.attributes)] for t in item.translations],
    }
    return {
        "id": item.id,
        "title": item.title,
        "brand": item.brand,
        "category": CATEGORY_SEPARATOR.join(item.category),
        "price": item.price.amount if item.price else None,
        "currency": item.price.currency if item.price else None,
        "list_price": item.list_price.amount if item.list_price else None,
        "list_currency": item.list_price.currency if item.list_price else None,
        "rating": item.rating,
        "rating_count": item.rating_count,
        "available": item.available,
        "body": json.dumps({key: value for key, value in body.items() if value}, ensure_ascii=False),
        "content_hash": content_hash,
        "row_hash": row_hash,
    }


def variant_rows(item: Item) -> list[Row]:
    """The rows of `variants`, in the order of the feed."""
    return [
        {
            "item_id": item.id,
            "position": position,
            "id": variant.id,
            "title": variant.title,
            "price": variant.price.amount if variant.price else None,
            "currency": variant.price.currency if variant.price else None,
            "available": variant.available,
            "stock": variant.stock,
            "attributes": json.dumps(_packed(variant.attributes), ensure_ascii=False),
        }
        for position, variant in enumerate(item.variants)
    ]


def item_of(row: RowMapping, variants: Iterable[Variant] = ()) -> Item:
    """The item of a row of `items`."""
    body = json.loads(row["body"])
    return Item(
        id=row["id"],
        title=row["title"],
        description=body.get("description", ""),
        category=tuple(row["category"].split(CATEGORY_SEPARATOR)) if row["category"] else (),
        brand=row["brand"],
        price=_money(row["price"], row["currency"]),
        list_price=_money(row["list_price"], row["list_currency"]),
        rating=row["rating"],
        rating_count=row["rating_count"],
        available=row["available"],
        url=body.get("url", ""),
        image=body.get("image", ""),
        attributes=_attributes(body.get("attributes", ())),
        variants=tuple(variants),
        translations=tuple(
            Translation(language, title, description, tuple(category), _attributes(attributes))
            for language, title, description, category, attributes in body.get("translations", ())
        ),
    )


def variant_of(row: RowMapping) -> Variant:
    """The variant of a row of `variants`."""
    attributes = _attributes(json.loads(row["attributes"]))
    price = _money(row["price"], row["currency"])
    return Variant(row["id"], row["title"], price, row["available"], row["stock"], attributes)


def review_row(review: Review, row_hash: str) -> Row:
    """The row of `reviews`."""
    return {
        "id": review.id,
        "item_id": review.item_id,
        "text": review.text,
        "rating": review.rating,
        "title": review.title,
        "author": review.author,
        "at": review.at,
        "language": review.language,
        "verified": review.verified,
        "row_hash": row_hash,
    }


def review_of(row: RowMapping) -> Review:
    """The review of a row of `reviews`."""
    return Review(**{name: row[name] for name in Review.__slots__})


def interaction_row(interaction: Interaction) -> Row:
    """The row of `interactions`."""
    return {name: getattr(interaction, name) for name in Interaction.__slots__}


def interaction_of(row: RowMapping) -> Interaction:
    """The interaction of a row of `interactions`."""
    return Interaction(row["shopper_id"], row["item_id"], row["kind"], row["at"], row["value"])


def order_row(order: Order, row_hash: str) -> Row:
    """The row of `orders`."""
    return {
        "id": order.id,
        "shopper_id": order.shopper_id,
        "status": order.status,
        "placed_at": order.placed_at,
        "items": json.dumps(order.items, ensure_ascii=False),
        "total": order.total.amount if order.total else None,
        "currency": order.total.currency if order.total else None,
        "carrier": order.carrier,
        "tracking": order.tracking,
        "due": order.due,
        "updated_at": order.updated_at,
        "row_hash": row_hash,
    }


def order_of(row: RowMapping) -> Order:
    """The order of a row of `orders`."""
    return Order(
        id=row["id"],
        shopper_id=row["shopper_id"],
        status=row["status"],
        placed_at=row["placed_at"],
        items=tuple((item_id, quantity) for item_id, quantity in json.loads(row["items"])),
        total=_money(row["total"], row["currency"]),
        carrier=row["carrier"],
        tracking=row["tracking"],
        due=row["due"],
        updated_at=row["updated_at"],
    )


def help_page_row(page: HelpPage, row_hash: str) -> Row:
    """The row of `help_pages`."""
    return {**{name: getattr(page, name) for name in HelpPage.__slots__}, "row_hash": row_hash}


def help_page_of(row: RowMapping) -> HelpPage:
    """The page of a row of `help_pages`."""
    return HelpPage(**{name: row[name] for name in HelpPage.__slots__})


def _money(amount: int | None, currency: str | None) -> Money | None:
    return Money(amount, currency) if amount is not None and currency is not None else None


def _packed(attributes: tuple[Attribute, ...]) -> list[list[str]]:
    """Each attribute as its name followed by its values."""
    return [[attribute.name, *attribute.values] for attribute in attributes]


def _attributes(packed: Iterable[list[str]]) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, tuple(values)) for name, *values in packed)
