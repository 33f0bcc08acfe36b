"""Which candidates fill the slate: alike ones thinned, brands and shelves capped, one slot for something else. Pure."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.schema import Candidate, Pick, Receipt


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
    """0 to 1, the least score of an explored item as a share of the way from the worst candidate to the best."""

    def __post_init__(self) -> None:
        shares = (self.diversity, self.price_spread, self.brand_share, self.category_share, self.explore_reach)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"balance settings are shares from 0 to 1, got {self}")


DEFAULT_BALANCE = BalanceSettings()


def balance(
    candidates: Sequence[Candidate],
    vectors: NDArray[np.float32],
    limit: int,
    *,
    seed: int = 0,
    settings: BalanceSettings = DEFAULT_BALANCE,
    asked: frozenset[str] = frozenset(),
    seen: frozenset[str] = frozenset(),
) -> tuple[Pick, ...]:
    """At most `limit` picks, the best candidate first; the same for the same seed.

    `vectors` are the candidates' unit vectors, shape (n, dim). `asked` holds `brand` or `category` where the shopper named
    one: its cap is lifted. Items `seen` before come only when nothing else is left.
    The next pick maximises (1 - diversity) * score - diversity * likeness to the picks (maximal marginal relevance,
    Carbonell and Goldstein 1998), score and likeness both brought to 0..1.
    """
    ranks = [(candidate.item.id in seen, -candidate.score, candidate.item.id) for candidate in candidates]
    order = sorted(range(len(candidates)), key=ranks.__getitem__)
    if not order or limit < 1:
        return ()
    table = _Table(candidates, vectors, order, settings, asked, min(limit, len(order)), seen)
    explores = limit >= settings.explore_from and len(order) > limit
    picked: list[tuple[int, Receipt, str]] = []
    while len(picked) < table.limit:
        taken = [place for place, _, _ in picked]
        explored = table.explore(taken, random.Random(seed)) if explores and len(picked) == table.limit - 1 else None
        if explored is not None:
            picked.append((explored, "exploration", "fits the wishes, of another brand, shelf or price than the other picks"))
            continue
        picked.append(table.next(taken))
    return tuple(Pick(candidates[place], receipt, reason) for place, receipt, reason in picked)


class _Table:
    """Scores, likenesses and caps of one call."""

    def __init__(
        self, candidates: Sequence[Candidate], vectors: NDArray[np.float32], order: list[int],
        settings: BalanceSettings, asked: frozenset[str], limit: int, seen: frozenset[str],
    ) -> None:
        self.candidates, self.order, self.settings, self.limit = candidates, order, settings, limit
        self.fresh = [candidate.item.id not in seen for candidate in candidates]
        scores = np.array([candidate.score for candidate in candidates])
        self.scores = _spread(scores)
        self.likeness = _spread(vectors @ vectors.T) if len(vectors) else np.zeros((len(candidates),) * 2)
        self.caps = {
            name: limit if name in asked else max(1, math.ceil(share * limit))
            for name, share in (("brand", settings.brand_share), ("category", settings.category_share))
        }

    def next(self, taken: list[int]) -> tuple[int, Receipt, str]:
        """The place that maximal marginal relevance gives the slot to, with its receipt."""
        left = [place for place in self.order if place not in taken]
        left = [place for place in left if self.fresh[place]] or left
        allowed = [place for place in left if not self._over(place, taken)] or left
        best = max(allowed, key=lambda place: (self._value(place, taken), -self.order.index(place)))
        if best == left[0]:
            return best, "relevance", "the best score of what is left"
        if left[0] not in allowed:
            return best, "balance", f"the best score once one {self._over(left[0], taken)} does not fill the slate"
        return best, "balance", "nearly as good as the next by score, and less like the other picks"

    def explore(self, taken: list[int], chance: random.Random) -> int | None:
        """A well-fitting candidate unlike the picks, drawn by score; None when there is none."""
        fewest = min((len(self.candidates[place].missed) for place in taken), default=0)
        pool = [
            place for place in self.order
            if place not in taken and self.fresh[place] and self.scores[place] >= self.settings.explore_reach
            and len(self.candidates[place].missed) <= fewest and self._differs(place, taken) and not self._over(place, taken)
        ]
        if not pool:
            return None
        return chance.choices(pool, weights=[0.01 + self.scores[place] for place in pool])[0]

    def _value(self, place: int, taken: list[int]) -> float:
        if not taken:
            return float(self.scores[place])
        weight = self.settings.diversity
        likeness = max(self.likeness[place, other] for other in taken)
        price = max(_price_likeness(self.candidates[place], self.candidates[other]) for other in taken)
        return float((1 - weight) * self.scores[place] - weight * likeness - self.settings.price_spread * price)

    def _over(self, place: int, taken: list[int]) -> str:
        """The name of the cap that the place would break; empty when it breaks none."""
        for name, cap in self.caps.items():
            counts = Counter(_label(self.candidates[other], name) for other in taken)
            label = _label(self.candidates[place], name)
            if label and counts[label] >= cap:
                return "shelf" if name == "category" else name
        return ""

    def _differs(self, place: int, taken: list[int]) -> bool:
        """True when brand or shelf is none of the picks', or the price is half as much again off each of theirs."""
        mine = self.candidates[place]
        others = [self.candidates[other] for other in taken]
        labels = any(
            _label(mine, name) and all(_label(mine, name) != _label(other, name) for other in others)
            for name in ("brand", "category")
        )
        return labels or (mine.item.price is not None and all(_price_likeness(mine, other) < 0.4 for other in others))


def _label(candidate: Candidate, name: str) -> str:
    return candidate.item.brand if name == "brand" else " > ".join(candidate.item.category)


def _price_likeness(one: Candidate, other: Candidate) -> float:
    """1 for the same price, falling to 0 at twice or half of it; 0 when one is unknown."""
    a, b = one.item.price, other.item.price
    if a is None or b is None or a.currency != b.currency or not a.amount or not b.amount:
        return 0.0
    return max(0.0, 1.0 - abs(math.log2(a.amount / b.amount)))


def _spread(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """The values brought to 0..1; all 1 when they are equal."""
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        return np.ones_like(values, dtype=np.float64)
    return ((values - low) / (high - low)).astype(np.float64)
