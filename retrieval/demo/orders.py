"""Orders of the demo shop: the newest baskets of its shoppers, in every state that an order can be in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import cycle, groupby
from random import Random

from retrieval.schema import Interaction, Item, Money, Order

FREE_FROM = 6000
"""Goods from this value on travel free, in cents; as the help page on delivery costs says."""
DELIVERY = {"HP": 590, "KX": 1290}
CARRIERS = {"HP": "Heron Parcel", "KX": "Kestrel Express"}
JUST_IN = ("placed", "placed", "placed", "paid", "paid", "paid", "packed", "packed", "packed", "packed")
"""The states of the newest orders, the newest first."""
SHIPPED_UP_TO = 6.0
"""Age in days up to which an order that is no longer in the warehouse is on its way."""
DELAYED = (7.0, 16.0)
"""Ages in days between which some orders are late."""
SETTLED = tuple("delivered delivered returned delivered refunded delivered cancelled returning delivered lost".split())
SETTLED_FROM = {"delivered": 4, "cancelled": 0, "returning": 11, "returned": 16, "refunded": 20, "lost": 21}
"""The age in days from which an order can be in a final state."""


def orders_of(
    interactions: Iterable[Interaction], items: Mapping[str, Item], until: datetime, count: int, seed: int
) -> tuple[Order, ...]:
    """The `count` newest baskets as orders, oldest first."""
    baskets = sorted(_baskets(interactions), key=lambda basket: (basket[0].at, basket[0].shopper_id))[-count:]
    settled, orders = cycle(SETTLED), []
    for number, basket in enumerate(baskets):
        rng = Random(f"{seed}:order:{number}")
        status = _status(len(baskets) - 1 - number, (until - basket[-1].at).total_seconds() / 86400, settled, rng)
        orders.append(_order(f"DG-{104201 + 7 * number}", status, basket, items, until, rng))
    return tuple(orders)


def _baskets(interactions: Iterable[Interaction]) -> Iterable[tuple[Interaction, ...]]:
    """Purchases of one shopper on one day belong together."""
    purchases = sorted((i for i in interactions if i.kind == "purchase"), key=lambda i: (i.shopper_id, i.at))
    for _, basket in groupby(purchases, key=lambda i: (i.shopper_id, i.at.date())):
        yield tuple(basket)


def _order(
    number: str, status: str, basket: Sequence[Interaction], items: Mapping[str, Item], until: datetime, rng: Random
) -> Order:
    placed = basket[-1].at
    quantities = tuple((i.item_id, rng.choice([1, 1, 1, 1, 2])) for i in basket)
    goods = sum(price.amount * quantity for item_id, quantity in quantities if (price := items[item_id].price))
    way = rng.choices(("HP", "KX"), (4, 1))[0]
    fee = 0 if way == "HP" and goods >= FREE_FROM else DELIVERY[way]
    due = _evening(placed + timedelta(days=2 if way == "KX" else 6))
    sent = status not in {"placed", "paid", "packed", "cancelled"}
    if status == "delayed":
        due = min(due, _evening(until - timedelta(days=1)))
    return Order(
        id=number,
        shopper_id=basket[0].shopper_id,
        status=status,
        placed_at=placed,
        items=quantities,
        total=Money(goods + fee, "USD"),
        carrier=CARRIERS[way] if sent else "",
        tracking=f"{way}{rng.randrange(10**9):09d}" if sent else "",
        due=None if status == "cancelled" else due,
        updated_at=_updated(status, placed, due, until, rng),
    )


def _status(rank: int, age: float, settled: Iterator[str], rng: Random) -> str:
    """A state for the order of `rank`, 0 being the newest, that fits its age in days."""
    if rank < len(JUST_IN):
        return JUST_IN[rank]
    if age < SHIPPED_UP_TO:
        return "shipped"
    if DELAYED[0] <= age < DELAYED[1] and rng.random() < 0.3:
        return "delayed"
    return next(state for state in settled if age >= SETTLED_FROM[state])


def _updated(status: str, placed: datetime, due: datetime, until: datetime, rng: Random) -> datetime:
    """When the state was last changed: after the order, before the end of the history."""
    minutes = timedelta(minutes=rng.randint(4, 300))
    after = {
        "placed": minutes,
        "paid": minutes,
        "packed": minutes * 3,
        "shipped": timedelta(days=1) + minutes,
        "cancelled": timedelta(hours=2) + minutes,
        "delayed": due - placed + minutes,
        "delivered": due - placed - minutes * 4,
        "returning": due - placed + timedelta(days=4),
        "returned": due - placed + timedelta(days=9),
        "refunded": due - placed + timedelta(days=13),
        "lost": due - placed + timedelta(days=14),
    }[status]
    return max(placed, min(placed + after, until))


def _evening(day: datetime) -> datetime:
    return day.replace(hour=18, minute=0, second=0)
