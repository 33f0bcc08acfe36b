"""What shoppers would have clicked under other settings, from what they clicked under the logged ones. Pure.

Of each slot the log has the chance with which it was to show its item after the slots before it, and the chance with which it
was to explore. From the two follows what any other share of exploration would have given the same item. Weights multiply along
the slots of a turn: a click may depend on its own slot and on those before it, not on later ones (reward interaction; McInerney
et al. 2020). The package `obp` has the same formulas; it was last released for Python 3.9, brings pandas and seaborn, and wants
the chances of a candidate given, which is the part that is particular here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.exploration import slot_chances

Floats = NDArray[np.float64]
_SHRINK = 20.0
"""Slots of one context that the mean of all contexts is worth in the reward model."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One slot of one turn, as it was logged. Raises ValueError for chances that can't be."""

    turn: str
    slot: int
    """From 1."""
    item: str
    clicked: bool
    propensity: float
    """The chance with which the slot, after those before it, was to show this item."""
    explored: float
    """The chance with which the slot was to explore."""
    receipt: str = "relevance"
    """`exploration` for an item that only the draw gave."""
    context: str = ""

    def __post_init__(self) -> None:
        least = self.explored if self.receipt == "exploration" else 1.0
        if not 0 < self.propensity <= 1 or not 0 <= self.explored <= 1 or self.slot < 1:
            found = f"slot {self.slot}, propensity {self.propensity}, explored {self.explored}"
            raise ValueError(f"found {found}; expected a slot from 1, a propensity above 0 and at most 1, explored from 0 to 1")
        if self.propensity > least + 1e-9 or (self.receipt != "exploration" and self.propensity < 1 - self.explored - 1e-9):
            found = f"propensity {self.propensity} of a {self.receipt} slot that explores with {self.explored}"
            raise ValueError(f"found {found}; the one can't come of the other")


@dataclass(frozen=True)
class Log:
    """The turns as a table; slots that a turn has not hold chances of 1 and no clicks. Shape of each: (turns, slots)."""

    there: NDArray[np.bool_]
    clicks: Floats
    propensity: Floats
    explored: Floats
    greedy: NDArray[np.bool_]
    """Where the item is the one that the order without exploration gives."""
    contexts: tuple[str, ...]
    """One a turn."""

    def __len__(self) -> int:
        return len(self.contexts)

    @property
    def values(self) -> Floats:
        """Clicks of each turn. Shape: (turns,)."""
        summed: Floats = self.clicks.sum(axis=1)
        return summed


def table_of(shown: Sequence[Shown]) -> Log:
    """The slots as a table, turn by turn in the order of the log. Raises ValueError for a slot that comes twice or is missing."""
    turns: dict[str, dict[int, Shown]] = {}
    for one in shown:
        slots = turns.setdefault(one.turn, {})
        if one.slot in slots:
            raise ValueError(f"turn {one.turn}: found slot {one.slot} twice, expected every slot once")
        slots[one.slot] = one
    width = max((len(slots) for slots in turns.values()), default=0)
    there = np.zeros((len(turns), width), dtype=bool)
    clicks, explored, propensity = np.zeros(there.shape), np.zeros(there.shape), np.ones(there.shape)
    greedy = np.ones(there.shape, dtype=bool)
    for row, (turn, slots) in enumerate(turns.items()):
        if sorted(slots) != list(range(1, len(slots) + 1)):
            raise ValueError(f"turn {turn}: found the slots {sorted(slots)}, expected 1 to {len(slots)}")
        for slot, one in slots.items():
            cell = row, slot - 1
            there[cell], clicks[cell], propensity[cell] = True, one.clicked, one.propensity
            explored[cell], greedy[cell] = one.explored, one.receipt != "exploration"
    return Log(there, clicks, propensity, explored, greedy, tuple(slots[1].context for slots in turns.values()))


def weights(log: Log, share: float) -> tuple[Floats, int]:
    """How much likelier each turn up to each slot is under `share` than it was, and how many slots the log can't tell of.

    With e the chance to explore, g whether the item is the greedy one and t its chance in the draw, a slot shows it with
    p = e * t + (1 - e) * g, from which t follows where e > 0. A turn in which no slot was to explore had nothing to explore. A
    slot that never explored in a turn that did tells nothing of a share that reaches it. Shape: (turns, slots).
    """
    exploring = log.explored.max(axis=1, keepdims=True, initial=0) > 0
    chance = np.zeros(log.there.shape)
    for count in np.unique(log.there.sum(axis=1)):
        chance[log.there.sum(axis=1) == count, :count] = slot_chances(share, int(count))
    chance[:, :1] = 0
    chance = np.where(exploring & log.there, chance, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.where(log.explored > 0, (log.propensity - (1 - log.explored) * log.greedy) / log.explored, 0.0)
    untold = int(((chance > 0) & (log.explored == 0)).sum())
    shown = chance * np.clip(drawn, 0, 1) + (1 - chance) * log.greedy
    return np.cumprod(shown / log.propensity, axis=1), untold


def ips(log: Log, weight: Floats) -> Floats:
    """Inverse propensity scores (Horvitz and Thompson 1952): weighted clicks of each turn, whose mean is the estimate."""
    summed: Floats = (weight * log.clicks).sum(axis=1)
    return summed


def snips(log: Log, weight: Floats, turns: NDArray[np.int64]) -> float:
    """Self-normalised (Swaminathan and Joachims 2015) over some turns, slot by slot: sum of w * click / sum of w, times the share
    of turns that have the slot."""
    there, kept = log.there[turns], weight[turns]
    mass, clicked = (kept * there).sum(axis=0), (kept * log.clicks[turns]).sum(axis=0)
    return float((np.divide(clicked, mass, out=np.zeros_like(mass), where=mass > 0) * there.mean(axis=0)).sum())


def doubly_robust(log: Log, weight: Floats, model: Floats) -> Floats:
    """Doubly robust (Dudik et al. 2011; along a list Kiyohara et al. 2022): of each turn sum of w_before * q + w * (click - q),
    whose mean is the estimate. Right when either the chances or the model are."""
    before = np.hstack([np.ones((len(log), 1)), weight[:, :-1]])
    summed: Floats = np.where(log.there, before * model + weight * (log.clicks - model), 0.0).sum(axis=1)
    return summed


def reward_model(log: Log, folds: int = 2) -> Floats:
    """The click rate q of each slot by context, learnt on the other folds. Shape: (turns, slots).

    It knows no items: a log does not hold those that were not shown. Rates of small contexts lean on the slot's own.
    """
    names, codes = np.unique(np.array(log.contexts, dtype=object), return_inverse=True)
    fold = np.arange(len(log)) % folds
    model = np.zeros(log.there.shape)
    for held in range(folds):
        learnt = fold != held
        overall = log.clicks[learnt].sum(axis=0) / np.maximum(log.there[learnt].sum(axis=0), 1)
        for code in range(len(names)):
            mine = learnt & (codes == code)
            rates = (_SHRINK * overall + log.clicks[mine].sum(axis=0)) / (_SHRINK + log.there[mine].sum(axis=0))
            model[(fold == held) & (codes == code)] = rates
    return model


def effective(weight: Floats) -> float:
    """How many unweighted turns say as much: (sum of w)^2 / sum of w^2 over whole turns (Kish 1965)."""
    last = weight[:, -1]
    return float(last.sum() ** 2 / max((last**2).sum(), 1e-12))
