"""Made-up shoppers who agreed to be learnt from, and click by a known rule: what a re-tuning is measured with.

A shopper asks for a shelf of the shop and looks at the places of the slate from the top, at place k with the chance k^-0.5. What
is looked at is clicked with the chance sigmoid(bias + cheap * (1/2 - place of the price among the slate) + stars * (rating - 4)).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from assistant.feedback import Feedback, FeedbackLog
from assistant.interests import fold
from assistant.memory import Memory
from assistant.schema import Profile, Reading, Reply, Turn
from retrieval.schema import Item, Query, Signal, Slate
from retrieval.search import Search
from retrieval.shop import Shop


@dataclass(frozen=True, slots=True)
class ClickRule:
    """What the made-up shoppers care for."""

    bias: float = -1.0
    cheap: float = 4.0
    stars: float = 1.0

    def chance(self, item: Item, slate: Slate) -> float:
        """Of a click once the item is looked at, 0 to 1."""
        prices = [other.price.amount for other in slate.items if other.price is not None]
        place = 0.5
        if item.price is not None and max(prices) > min(prices):
            place = (item.price.amount - min(prices)) / (max(prices) - min(prices))
        odds = self.bias + self.cheap * (0.5 - place) + self.stars * ((item.rating or 4.0) - 4.0)
        return float(1 / (1 + np.exp(-odds)))


def visits(
    shop: Shop, memory: Memory, rule: ClickRule, *, shoppers: int, slates: int, first: datetime, days: int = 30, limit: int = 6,
    seed: int = 0,
) -> int:
    """How many clicks were kept of so many shoppers with so many slates each, spread evenly over the days from `first` on."""
    chance, search = random.Random(seed), Search(shop)
    shelves = sorted({item.category[-1] for item in shop.all_items() if item.category})
    feedback, kept = FeedbackLog(shop.engine, memory.identity, now=memory.now), 0
    for shopper in range(shoppers):
        who = f"made-up-shopper-{seed}-{shopper}"
        memory.shoppers.consent(who, memory=True, training=True)
        for number in range(slates):
            at = first + timedelta(days=chance.uniform(0, days))
            turn = asked(search, chance.choice(shelves), who, f"{who}-{number}", at, limit)
            memory.keep(turn)
            clicks = _clicked(turn, rule, chance.random)
            kept += feedback.add([Feedback(f"{turn.id}-{item}", turn.id, "click", item, at) for item in clicks]).kept
    return kept


def asked(search: Search, shelf: str, shopper: str, session: str, at: datetime, limit: int) -> Turn:
    """The turn of a shopper who asks for a shelf."""
    signals = (Signal("category", "=", shelf.lower()),)
    reading = Reading("recommend", "en", signals, shelf, "simulated")
    query = Query(shelf, signals=signals, limit=limit, seed=sum(session.encode()))
    slate = search.find(query)
    screen, known = tuple(item.id for item in slate.items), fold(Profile(), reading, (), at, 1)
    turn_id = hashlib.sha256(session.encode()).hexdigest()[:32]
    return Turn(
        turn_id, session, 1, shelf, at, reading, known, Reply("recommend"), query, slate,
        shopper, screen, done=True,
    )


def _clicked(turn: Turn, rule: ClickRule, draw: Callable[[], float]) -> list[str]:
    slate = turn.slate or Slate()
    looked = [item for place, item in enumerate(slate.items, 1) if draw() < place**-0.5]
    return [item.id for item in looked if draw() < rule.chance(item, slate)]
