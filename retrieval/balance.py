"""Which ranked items fill the slate: alike ones thinned, categories calibrated, brands capped, some slots that learn. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import RankingError
from retrieval.exploration import NO_CLICKS, Clicks, chances, posteriors, slot_chances
from retrieval.mix import Cap, Mix
from retrieval.schema import Receipt
from retrieval.sliders import REACH, BalanceSettings

__all__ = ["DEFAULT_BALANCE", "BalanceSettings", "Contender", "Slot", "Wanted", "balance"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DEFAULT_BALANCE = BalanceSettings()


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
    seller: str = ""
    kind: str = ""
    """Which of the wanted kinds it is of; the shelf where this is empty."""
    promoted: float = 0.0
    """0 to 1, how much the shop promotes it."""
    margin: float = 0.0
    """0 to 1, what the shop earns of its price; 0 when unknown."""
    stock: float = 0.0
    """0 to 1, how full the stock is; 0 when unknown."""
    pinned: str = ""
    """The word for which the shop pins it to the first slot; empty when it does not."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on the slate."""

    place: int
    """The position of the contender that got it."""
    receipt: Receipt
    reason: str
    propensity: float = 1.0
    """The chance with which the slot, after those before it, was to show this contender; exact."""
    explored: float = 0.0
    """The chance with which the slot was to explore."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of the one who asks."""

    asked: frozenset[str] = frozenset()
    """`brand` and `category` where the shopper named one: its cap is lifted."""
    seen: frozenset[str] = frozenset()
    """Ids shown before: they come only when nothing else is left."""
    interests: Mapping[str, float] = field(default_factory=dict)
    """Weights of kinds that the mix is to follow; empty: the mix of what fits."""
    clicks: Clicks = NO_CLICKS
    context: str = ""
    """The bucket of the clicks, see `exploration.context_of`."""


NOTHING_KNOWN = Wanted()


def balance(
    contenders: Sequence[Contender], vectors: NDArray[np.float32], limit: int, *, seed: int = 0,
    settings: BalanceSettings = DEFAULT_BALANCE, wanted: Wanted = NOTHING_KNOWN,
) -> tuple[Slot, ...]:
    """At most `limit` slots, the pinned or else the best contender first; the same for the same seed.

    `vectors` are the contenders' unit vectors, shape (n, dim). The first slot goes to the greatest s + nudge, with s the score
    over the span of the scores and a nudge of promotion, margin and stock of at most REACH; the k-th maximises
        (1 - c) * ((1 - d) * (s + nudge) - d * likeness - price_spread * same price) - c * k * divergence
    with c = category_balance and d = diversity. Likeness is the greatest to any pick (maximal marginal relevance, Carbonell and
    Goldstein 1998), divergence KL(wanted mix of kinds || mix with this pick) (calibrated recommendations, Steck 2018), times
    k because one pick of k moves the mix by 1/k. The last slots may go to a Thompson draw, see `exploration`.
    Raises RankingError for scores or vectors that are no numbers, or do not match the contenders.
    """
    scores = np.array([contender.score for contender in contenders], dtype=np.float64)
    _check(scores, vectors)
    if not contenders or limit < 1:
        return ()
    ranks = [(contender.id in wanted.seen, -contender.score, contender.id) for contender in contenders]
    order = sorted(range(len(contenders)), key=ranks.__getitem__)
    table = _Table([contenders[place] for place in order], _spanned(scores[order]), vectors[order], limit, settings, wanted)
    explores = limit >= settings.explore_from and len(order) > limit
    explored = slot_chances(settings.exploration, limit) if explores else np.zeros(limit)
    explored[0] = 0.0
    slots: list[Slot] = []
    for number, chance in enumerate(explored.tolist()[: len(order)]):
        slots.append(_filled(table, chance, (seed, number)))
        table.take(slots[-1].place)
    return tuple(Slot(order[s.place], s.receipt, s.reason, s.propensity, s.explored) for s in slots)


def _filled(table: _Table, chance: float, seed: tuple[int, int]) -> Slot:
    """The next slot: with `chance` what a Thompson draw among the well fitting gives it, else the best of the mix."""
    greedy, receipt, reason = table.best()
    pool = np.flatnonzero(table.worth_exploring()) if chance else np.empty(0, dtype=np.int64)
    if not len(pool):
        return Slot(greedy, receipt, reason, 1.0, chance)
    wanted = table.wanted
    ids = [table.contenders[place].id for place in pool.tolist()]
    drawn = chances(*posteriors(wanted.clicks, ids, wanted.context, table.scores[pool]), [seed[0] & 0xFFFFFFFF, seed[1], 1])
    dice = np.random.default_rng([seed[0] & 0xFFFFFFFF, seed[1], 2])
    explore, place = dice.random() < chance, int(pool[dice.choice(len(pool), p=drawn)])
    chosen = place if explore else greedy
    propensity = chance * float(drawn[pool == chosen].sum()) + (1 - chance) * (chosen == greedy)
    if chosen == greedy:
        return Slot(greedy, receipt, reason, propensity, chance)
    shown = int(wanted.clicks.of([table.contenders[place].id], wanted.context)[0][0, 0])
    known = f"shown {shown} times" if shown else "not shown yet"
    reason = f"fits the wishes, {known} for such a wish: drawn to learn how it is liked"
    return Slot(place, "exploration", reason, propensity, chance)


class _Table:
    """The contenders as arrays, in the order by score, and what the picks so far cost each of them. Every array: shape (n,)."""

    def __init__(
        self, contenders: Sequence[Contender], scores: Floats, vectors: NDArray[np.float32], limit: int,
        settings: BalanceSettings, wanted: Wanted,
    ) -> None:
        self.contenders, self.scores, self.vectors, self.settings, self.wanted = contenders, scores, vectors, settings, wanted
        count = len(contenders)
        self.free = np.ones(count, dtype=bool)
        self.fresh = np.array([contender.id not in wanted.seen for contender in contenders])
        self.missed = np.array([contender.missed for contender in contenders])
        prices = np.array([contender.price for contender in contenders], dtype=np.float64)
        self.log_prices = np.where(prices > 0, np.log2(np.maximum(prices, 1.0)), np.nan)
        self.caps = [
            Cap(name, [getattr(c, where) for c in contenders], limit if name in wanted.asked else math.ceil(share * limit))
            for name, where, share in (
                ("brand", "brand", settings.brand_share), ("category", "shelf", settings.category_share),
                ("seller", "seller", settings.seller_share),
            )
        ]
        self.mix = Mix([c.kind or c.shelf for c in contenders], scores, wanted.interests, asked="category" in wanted.asked)
        self.shop = {
            "promoted by the shop": np.array([c.promoted for c in contenders]),
            "it earns the shop more": settings.margin * np.array([c.margin for c in contenders]),
            "there is more of it in stock": settings.stock * np.array([c.stock for c in contenders]),
        }
        total = np.clip(sum(self.shop.values()), 0.0, None)
        self.shop = {why: REACH * part / np.maximum(total, 1.0) for why, part in self.shop.items()}
        self.low = np.inf
        """The least likeness between a pick and a contender: items of one shop are all somewhat alike."""
        self.likeness = np.full(count, -np.inf)
        self.same_price = np.zeros(count)
        self.picks: list[int] = []

    def take(self, place: int) -> None:
        """The contender fills the next slot."""
        self.picks.append(place)
        self.free[place] = False
        likeness = (self.vectors @ self.vectors[place]).astype(np.float64)
        self.low = min(self.low, float(likeness.min()))
        self.likeness = np.maximum(self.likeness, likeness)
        distance = np.abs(self.log_prices - self.log_prices[place])
        self.same_price = np.fmax(self.same_price, np.nan_to_num(1.0 - distance, nan=0.0))
        for cap in self.caps:
            cap.take(place)
        self.mix.take(place)

    def best(self) -> tuple[int, Receipt, str]:
        """The place that the slot goes to when nothing is explored, with its receipt."""
        left = self.free & self.fresh if (self.free & self.fresh).any() else self.free
        first = int(left.argmax())
        if not self.picks:
            pinned = next((p for p, c in enumerate(self.contenders) if c.pinned and self.fresh[p]), None)
            if pinned is not None:
                return pinned, "balance", f"pinned by the shop for {self.contenders[pinned].pinned!r}"
        over = self.over()
        allowed = left & ~over if (left & ~over).any() else left
        terms = self._terms(int(allowed.argmax()))
        value = np.where(allowed, sum(terms.values()), -np.inf)
        best = int(value.argmax())  # the first of equals, in the order by score
        if best == first:
            return best, "relevance", "the best score of what is left"
        if not allowed[first]:
            name = next(cap.name for cap in self.caps if cap.over()[first])
            return best, "balance", f"the best score once one {name} does not fill the slate"
        gains = {why: float(term[best] - term[first]) for why, term in terms.items() if why}
        return best, "balance", f"not the next by score, but {max(gains, key=gains.__getitem__)}"

    def over(self) -> Mask:
        """The contenders that would break a cap."""
        found: Mask = np.logical_or.reduce([cap.over() for cap in self.caps])
        return found

    def worth_exploring(self) -> Mask:
        """Free and fresh contenders that fit well, break no cap and miss no more wishes than the picks."""
        fewest = min((int(self.missed[place]) for place in self.picks), default=0)
        fits: Mask = (self.scores >= self.settings.explore_reach) & (self.missed <= fewest)
        found: Mask = self.free & self.fresh & fits & ~self.over()
        return found

    def _terms(self, next_by_score: int) -> dict[str, Floats]:
        """What speaks for each contender, by the words of the reason that it gives; the score goes without words.

        The shop's own wishes never lift an item over the next by score when it misses more of the shopper's.
        """
        kept = self.missed <= self.missed[next_by_score]
        nudges = {why: np.where(kept, part, 0.0) for why, part in self.shop.items()}
        if not self.picks:
            return {"": self.scores, **nudges}
        settings, calm = self.settings, 1 - self.settings.category_balance
        rest = calm * (1 - settings.diversity)
        alike = (self.likeness - self.low) / max(1.0 - self.low, 1e-9)
        return {
            "": rest * self.scores,
            **{why: rest * part for why, part in nudges.items()},
            "less like the other picks": -calm * settings.diversity * alike,
            "at another price than the other picks": -calm * settings.price_spread * self.same_price,
            "it keeps the mix of categories": -settings.category_balance * self.mix.divergences(),
        }


def _spanned(values: Floats) -> Floats:
    """The values over their span from the 5th to the 95th hundredth: about 0 to 1, an outlier beyond; all 1 when equal."""
    low, high = (float(value) for value in np.percentile(values, (5, 95)))
    if high - low < 1e-9:
        low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        return np.ones_like(values)
    return (values - low) / (high - low)


def _check(scores: Floats, vectors: NDArray[np.float32]) -> None:
    if len(vectors) != len(scores):
        raise RankingError(f"found {len(vectors)} vectors of {len(scores)} contenders, expected one of each")
    if not (np.isfinite(scores).all() and np.isfinite(vectors).all()):
        bad = "a score" if not np.isfinite(scores).all() else "a vector"
        raise RankingError(f"found {bad} that is no finite number, expected none. Look at the ranker, or rebuild the index")
