"""The shoppers of the demo shop: who they are, what they look at, and how a third of them come to like other things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from random import Random

from retrieval.demo.material import Department, Kind, Product
from retrieval.schema import Interaction, Language

DAYS = 548
"""How far the history reaches back: 18 months."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A kind with its department."""

    department: Department
    kind: Kind

    @property
    def key(self) -> str:
        """Unique over the shop."""
        return f"{self.department.id}/{self.kind.id}"


@dataclass(frozen=True, slots=True)
class Shopper:
    """A made-up shopper with dated tastes."""

    id: str
    language: Language
    before: tuple[Shelf, ...]
    after: tuple[Shelf, ...]
    """What they care for from `change` on; the same as `before` for those who never change."""
    change: datetime
    purse: float
    """0 buys the cheapest of a shelf, 1 the dearest."""
    brand: str
    """A brand they come back to."""

    def interests(self, at: datetime) -> tuple[Shelf, ...]:
        """The shelves that they care for at a moment."""
        return self.before if at < self.change else self.after


def shoppers_of(departments: Sequence[Department], count: int, until: datetime, seed: int) -> tuple[Shopper, ...]:
    """`count` shoppers; every third one moves to another department on the way."""
    return tuple(_shopper(number, departments, until, Random(f"{seed}:shopper:{number}")) for number in range(1, count + 1))


def _shopper(number: int, departments: Sequence[Department], until: datetime, rng: Random) -> Shopper:
    first, second = rng.sample(range(len(departments)), 2)
    before = _tastes(departments[first], rng)
    after = _tastes(departments[second], rng) if number % 3 == 0 else before
    brands = [p.brand for shelf in (*before, *after) for p in shelf.kind.products]
    return Shopper(
        id=f"shopper-{number:03d}",
        language="zh" if rng.random() < 0.4 else "en",
        before=before,
        after=after,
        change=until - timedelta(days=rng.randint(120, 400)),
        purse=rng.betavariate(2, 2),
        brand=rng.choice(brands),
    )


def _tastes(department: Department, rng: Random) -> tuple[Shelf, ...]:
    return tuple(Shelf(department, kind) for kind in rng.sample(department.kinds, rng.choice([2, 2, 3])))


def history_of(shopper: Shopper, departments: Sequence[Department], until: datetime, seed: int) -> Iterator[Interaction]:
    """What one shopper did over the 18 months, visit by visit."""
    rng = Random(f"{seed}:history:{shopper.id}")
    every = [Shelf(d, k) for d in departments for k in d.kinds]
    first = rng.uniform(0, 330)
    days = sorted(DAYS - rng.uniform(first, DAYS) for _ in range(rng.randint(5, 15)))
    bought: set[str] = set()
    for days_ago in reversed(days):
        at = until - timedelta(days=days_ago, seconds=-rng.randint(0, 3599))
        at = min(at, until - timedelta(hours=3)).replace(microsecond=0)
        shelf = rng.choice(shopper.interests(at)) if rng.random() < 0.87 else rng.choice(every)
        yield from _visit(shopper, shelf, at, bought, rng)


def _visit(shopper: Shopper, shelf: Shelf, at: datetime, bought: set[str], rng: Random) -> Iterator[Interaction]:
    """A few products looked at; the better it suits, the further it goes."""
    open_to = [p for p in shelf.kind.products if p.id not in bought]
    appeals = {p.id: appeal(shopper, p, shelf.kind) for p in open_to}
    for _ in range(min(len(open_to), rng.randint(2, 6))):
        chosen = rng.choices(open_to, [exp(3 * appeals[p.id]) for p in open_to])[0]
        open_to.remove(chosen)
        wish = appeals[chosen.id]
        yield Interaction(shopper.id, chosen.id, "view", at)
        steps = [("click", 0.25 + 0.6 * wish), ("cart", 0.15 + 0.55 * wish), ("purchase", 0.35 + 0.4 * wish)]
        for step, chance in steps:
            if rng.random() > chance or (step != "click" and not chosen.stock):
                break
            at += timedelta(seconds=rng.randint(5, 240))
            yield Interaction(shopper.id, chosen.id, step, at)  # type: ignore[arg-type]
            if step == "purchase":
                bought.add(chosen.id)
        if rng.random() < 0.16:
            at += timedelta(seconds=rng.randint(3, 40))
            yield Interaction(shopper.id, chosen.id, "like" if rng.random() < wish + 0.15 else "dislike", at)
        at += timedelta(seconds=rng.randint(15, 400))
        if chosen.id in bought:
            return


def appeal(shopper: Shopper, product: Product, kind: Kind) -> float:
    """How well a product suits a shopper, about 0 to 1: its quality, its price within the shelf, its brand."""
    prices = sorted(p.price for p in kind.products)
    rank = prices.index(product.price) / max(1, len(prices) - 1)
    return 0.5 * product.worth + 0.35 * (1 - abs(rank - shopper.purse)) + (0.2 if product.brand == shopper.brand else 0.0)
