"""Which ranked items fill the slate: alike ones thinned, brands and shelves capped, one slot for something else. Pure."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.schema import Receipt


@dataclass(frozen=True, slots=True)
class Contender:
    """What balance asks of a ranked item."""

    id: str
    score: float
    """Higher is better; only the order and the distances count."""
    brand: str = ""
    shelf: str = ""
    price: int = -1
    """Minor units of one currency for all; -1 when unknown."""
    missed: int = 0
    """How many soft wishes it does not meet."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on the slate."""

    place: int
    """The position of the contender that got it."""
    receipt: Receipt
    reason: str


@dataclass(frozen=True, slots=True)
class BalanceSettings:
    """How far the order by score may be left for a better mix."""

    diversity: float = 0.25
    """0 to 1, weight of "not like those already picked" against the score; a quarter changes near ties only."""
    price_spread: float = 0.08
    """0 to 1, what an equal price costs; small, so that it only parts items that are otherwise alike."""
    brand_share: float = 0.5
    """0 to 1, the most that one brand may fill of a slate, rounded up; lifted when a brand was asked for."""
    category_share: float = 0.67
    """0 to 1, the most that one shelf may fill, rounded up; lifted when a category was asked for."""
    explore_from: int = 3
    """Slots from which on the last one goes to something different; below that every slot is needed for relevance."""
    explore_reach: float = 0.6
    """0 to 1, the least score of an explored item as a share of the way from the worst contender to the best."""

    def __post_init__(self) -> None:
        shares = (self.diversity, self.price_spread, self.brand_share, self.category_share, self.explore_reach)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"balance settings are shares from 0 to 1, got {self}")


DEFAULT_BALANCE = BalanceSettings()


def balance(
    contenders: Sequence[Contender],
    vectors: NDArray[np.float32],
    limit: int,
    *,
    seed: int = 0,
    settings: BalanceSettings = DEFAULT_BALANCE,
    asked: frozenset[str] = frozenset(),
    seen: frozenset[str] = frozenset(),
) -> tuple[Slot, ...]:
    """At most `limit` slots, the best contender first; the same for the same seed.

    `vectors` are the contenders' unit vectors, shape (n, dim). `asked` holds `brand` or `category` where the shopper named
    one: its cap is lifted. Items `seen` before come only when nothing else is left.
    The next pick maximises (1 - diversity) * score - diversity * likeness to the picks (maximal marginal relevance,
    Carbonell and Goldstein 1998), score and likeness both brought to 0..1.
    """
    ranks = [(contender.id in seen, -contender.score, contender.id) for contender in contenders]
    order = sorted(range(len(contenders)), key=ranks.__getitem__)
    if not order or limit < 1:
        return ()
    table = _Table(contenders, vectors, order, settings, asked, min(limit, len(order)), seen)
    explores = limit >= settings.explore_from and len(order) > limit
    picked: list[Slot] = []
    while len(picked) < table.limit:
        taken = [slot.place for slot in picked]
        explored = table.explore(taken, random.Random(seed)) if explores and len(picked) == table.limit - 1 else None
        if explored is not None:
            picked.append(Slot(explored, "exploration", "fits the wishes, of another brand, shelf or price than the other picks"))
            continue
        picked.append(table.next(taken))
    return tuple(picked)


class _Table:
    """Scores, likenesses and caps of one call."""

    def __init__(
        self, contenders: Sequence[Contender], vectors: NDArray[np.float32], order: list[int],
        settings: BalanceSettings, asked: frozenset[str], limit: int, seen: frozenset[str],
    ) -> None:
        self.contenders, self.order, self.settings, self.limit = contenders, order, settings, limit
        self.fresh = [contender.id not in seen for contender in contenders]
        scores = np.array([contender.score for contender in contenders])
        self.scores = _spread(scores)
        self.likeness = _spread(vectors @ vectors.T) if len(vectors) else np.zeros((len(contenders),) * 2)
        self.caps = {
            name: limit if name in asked else max(1, math.ceil(share * limit))
            for name, share in (("brand", settings.brand_share), ("category", settings.category_share))
        }

    def next(self, taken: list[int]) -> Slot:
        """The place that maximal marginal relevance gives the slot to, with its receipt."""
        left = [place for place in self.order if place not in taken]
        left = [place for place in left if self.fresh[place]] or left
        counts = self._counts(taken)
        allowed = [place for place in left if not self._over(place, counts)] or left
        best = max(allowed, key=lambda place: self._value(place, taken))  # the first of equals, in the order by score
        if best == left[0]:
            return Slot(best, "relevance", "the best score of what is left")
        if left[0] not in allowed:
            return Slot(best, "balance", f"the best score once one {self._over(left[0], counts)} does not fill the slate")
        return Slot(best, "balance", "nearly as good as the next by score, and less like the other picks")

    def explore(self, taken: list[int], chance: random.Random) -> int | None:
        """A well-fitting contender unlike the picks, drawn by score; None when there is none."""
        counts = self._counts(taken)
        fewest = min((self.contenders[place].missed for place in taken), default=0)
        pool = [
            place for place in self.order
            if place not in taken and self.fresh[place] and self.scores[place] >= self.settings.explore_reach
            and self.contenders[place].missed <= fewest and not self._over(place, counts) and self._differs(place, taken)
        ]
        if not pool:
            return None
        return chance.choices(pool, weights=[0.01 + self.scores[place] for place in pool])[0]

    def _value(self, place: int, taken: list[int]) -> float:
        if not taken:
            return float(self.scores[place])
        weight = self.settings.diversity
        likeness = max(self.likeness[place, other] for other in taken)
        price = max(_price_likeness(self.contenders[place], self.contenders[other]) for other in taken)
        return float((1 - weight) * self.scores[place] - weight * likeness - self.settings.price_spread * price)

    def _counts(self, taken: list[int]) -> Counter[tuple[str, str]]:
        """How many picks each brand and each shelf has."""
        return Counter((name, _label(self.contenders[place], name)) for place in taken for name in self.caps)

    def _over(self, place: int, counts: Counter[tuple[str, str]]) -> str:
        """The name of the cap that the place would break; empty when it breaks none."""
        for name, cap in self.caps.items():
            label = _label(self.contenders[place], name)
            if label and counts[name, label] >= cap:
                return "shelf" if name == "category" else name
        return ""

    def _differs(self, place: int, taken: list[int]) -> bool:
        """True when brand or shelf is none of the picks', or the price is half as much again off each of theirs."""
        mine = self.contenders[place]
        others = [self.contenders[other] for other in taken]
        labels = any(
            _label(mine, name) and all(_label(mine, name) != _label(other, name) for other in others)
            for name in ("brand", "category")
        )
        return labels or (mine.price >= 0 and all(_price_likeness(mine, other) < 0.4 for other in others))


def _label(contender: Contender, name: str) -> str:
    return contender.brand if name == "brand" else contender.shelf


def _price_likeness(one: Contender, other: Contender) -> float:
    """1 for the same price, falling to 0 at twice or half of it; 0 when one is unknown."""
    if one.price <= 0 or other.price <= 0:
        return 0.0
    return max(0.0, 1.0 - abs(math.log2(one.price / other.price)))


def _spread(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """The values brought to 0..1; all 1 when they are equal."""
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        return np.ones_like(values, dtype=np.float64)
    return ((values - low) / (high - low)).astype(np.float64)
