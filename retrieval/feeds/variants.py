"""An item and the forms in which it can be bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retrieval.schema import Item, Money, Variant


def offer(item: Item, variants: Sequence[Variant]) -> Item:
    """`item` with its variants: the lowest price among those to be had, or among all when none is; available when one is."""
    if not variants:
        return item
    within = [variant for variant in variants if variant.available] or list(variants)
    prices = [price for variant in within if (price := variant.price or item.price) is not None]
    price = lowest(prices) or item.price
    before = item.list_price if item.list_price and price and item.list_price > price else None
    return replace(item, variants=tuple(variants), price=price, list_price=before,
                   available=any(variant.available for variant in variants))


def lowest(prices: Sequence[Money]) -> Money | None:
    """The lowest price in the currency of the first, None of none."""
    same = [price for price in prices if price.currency == prices[0].currency]
    return min(same, default=None)
