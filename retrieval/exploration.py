"""Which item gets a slot that learns: Thompson sampling over how often items were clicked, with exact chances. Pure.

Ten lines of NumPy and not MABWiser: its Thompson sampling has one prior for all arms, keeps its posteriors inside a fitted object
and gives no propensities; here the prior comes from the ranker, the counts from the caller, and the chances are logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrieval.schema import Signal
from retrieval.text import stems

Floats = NDArray[np.float64]

TICKETS = 64
"""Draws of all posteriors, of which one is played. More tell chances below 1/64 apart and cost time; none below that is played,
which bounds the weights of off-policy estimates."""
PRIOR_STRENGTH = 10.0
"""Impressions that the ranker's opinion is worth against the counted ones."""
PRIOR_RATE = 0.1
"""Clicks an impression before any were counted."""


@dataclass(frozen=True, slots=True)
class Clicks:
    """How often items were shown and clicked, by item id and context. Raises ValueError for more clicks than impressions."""

    counts: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    """Item id -> context (see `context_of`) -> (times shown, times clicked)."""
    rate: float = field(init=False, default=PRIOR_RATE)
    """Clicks an impression over all items, held near PRIOR_RATE while there are few."""

    def __post_init__(self) -> None:
        total = np.array([PRIOR_STRENGTH, PRIOR_RATE * PRIOR_STRENGTH])
        for item, by_context in self.counts.items():
            for shown, clicked in by_context.values():
                if not 0 <= clicked <= shown:
                    raise ValueError(f"item {item}: found {clicked} clicks of {shown} impressions, expected at most as many")
                total += (shown, clicked)
        object.__setattr__(self, "rate", float(total[1] / total[0]))

    @classmethod
    def counted(cls, shown: Iterable[tuple[str, str, bool]]) -> Clicks:
        """The counts of impressions (context, item id, clicked)."""
        counts: dict[str, dict[str, tuple[int, int]]] = {}
        for context, item, clicked in shown:
            before = counts.setdefault(item, {}).get(context, (0, 0))
            counts[item][context] = (before[0] + 1, before[1] + clicked)
        return cls(counts)

    def of(self, ids: Sequence[str], context: str) -> tuple[Floats, Floats]:
        """(shown, clicked) of the items in the context and in all others. Shape of each: (2, n)."""
        found = np.zeros((len(ids), 2, 2))
        for place, item in enumerate(ids):
            for name, pair in self.counts.get(item, {}).items():
                found[place, int(name != context)] += pair
        return found[:, :, 0].T, found[:, :, 1].T


NO_CLICKS = Clicks()


def context_of(signals: Iterable[Signal]) -> str:
    """The bucket that clicks are counted in: the kind of product wished for, as bare words; empty when none is."""
    return next((" ".join(stems(s.value)) for s in signals if s.facet == "category" and s.wanted), "")


def posteriors(clicks: Clicks, ids: Sequence[str], context: str, scores: Floats) -> tuple[Floats, Floats]:
    """The two parameters of each item's Beta posterior of being clicked in the context. Shape of each: (n,).

    The prior's mean is the shop's click rate times 1/2 to 3/2 by the item's score (0..1), worth PRIOR_STRENGTH impressions; what
    happened in other contexts moves that mean, and only what happened in this one makes it surer.
    """
    shown, clicked = clicks.of(ids, context)
    believed = clicks.rate * (0.5 + np.clip(scores, 0.0, 1.0))
    believed = (PRIOR_STRENGTH * believed + clicked[1]) / (PRIOR_STRENGTH + shown[1])
    believed = np.clip(believed, 1e-3, 1 - 1e-3)
    return PRIOR_STRENGTH * believed + clicked[0], PRIOR_STRENGTH * (1 - believed) + shown[0] - clicked[0]


def chances(alpha: Floats, beta: Floats, seed: Sequence[int]) -> Floats:
    """The chance of each item to be drawn, multiples of 1/TICKETS that add up to 1. Shape: (n,).

    Thompson sampling (Thompson 1933; Chapelle and Li 2011) draws a click rate from every posterior and plays the highest. TICKETS
    such draws are made and one of them is played, so that the chances are exact and not estimated.
    """
    winners = np.random.default_rng(seed).beta(alpha, beta, size=(TICKETS, len(alpha))).argmax(axis=1)
    return np.bincount(winners, minlength=len(alpha)) / TICKETS


def slot_chances(share: float, limit: int) -> Floats:
    """The chance of each slot to explore, the last slots first to: they add up to `share * limit`. Shape: (limit,)."""
    wanted = share * limit
    return np.clip(wanted - np.arange(limit)[::-1], 0.0, 1.0)
