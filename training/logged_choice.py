"""How often a ranker's choices would have been clicked, from places that were left to chance with known chances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from assistant.memory_tables import impressions_table
from assistant.schema import Turn
from retrieval.database import reading
from retrieval.shop import Shop
from training.class_figures import Places, intervals
from training.shadow_replay import Shadow

FEWEST = 100.0
"""Effective places of either ranker below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Logged:
    """Clicks a place under both rankers, with the 95 % interval of the difference; None where the log can't tell."""

    before: float | None = None
    after: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
    """Why it can't tell."""


def logged_choice(shop: Shop, shadow: Shadow, *, seed: int = 0) -> Logged:
    """The estimate over the explored places of the replayed turns: of those where the log showed what the ranker would choose,
    clicks weighed by 1 / chance, self-normalised (Swaminathan and Joachims 2015). Raises StoreError."""
    clicks = select(impressions_table.c.turn_id, impressions_table.c.item_id).where(impressions_table.c.clicked)
    with reading(shop.engine) as connection:
        clicked = {(str(turn), str(item)) for turn, item in connection.execute(clicks)}
    rows = [
        (float((each.turn.id, pick.candidate.item.id) in clicked), *_matches(each.turn, place, pick.propensity, slates))
        for each in shadow.turns if each.turn.slate is not None
        for slates in [{"before": [i.id for i in each.before.items], "after": [i.id for i in each.after.items]}]
        for place, pick in enumerate(each.turn.slate.picks) if pick.explored > 0
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    fewest = min(_effective(table[:, 1]), _effective(table[:, 2]))
    if fewest < FEWEST:
        return Logged(why=f"{fewest:.0f} effective explored places, too few of {FEWEST:.0f} to tell")
    figures: dict[str, Callable[[Places], float]] = {
        "difference": lambda at: _rate(table[at], 2) - _rate(table[at], 1)
    }
    low, high = intervals(figures, len(table), seed=seed)["difference"]
    return Logged(round(_rate(table, 1), 4), round(_rate(table, 2), 4), low, high)


def _matches(turn: Turn, place: int, propensity: float, slates: Mapping[str, Sequence[str]]) -> tuple[float, float]:
    """The weights of one place under both rankers: 0 where they would have shown something else."""
    shown = turn.slate.picks[place].candidate.item.id if turn.slate else ""
    same = [len(ids) > place and ids[place] == shown for ids in (slates["before"], slates["after"])]
    return same[0] / propensity, same[1] / propensity


def _rate(table: NDArray[np.float64], column: int) -> float:
    mass = table[:, column].sum()
    return float((table[:, column] @ table[:, 0]) / mass) if mass else 0.0


def _effective(weight: NDArray[np.float64]) -> float:
    """How many unweighted places say as much: (sum of w)^2 / sum of w^2 (Kish 1965)."""
    return float(weight.sum() ** 2 / max((weight**2).sum(), 1e-12))
