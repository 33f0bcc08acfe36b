"""What choosing costs while it is learnt: simulated shoppers come back session after session, under several policies.

The regret of a session is what the best slate of the items that meet her limits would have been clicked in expectation, less what
the shown one is; by her true utility, at which the assistant never looks. Every policy meets the same shoppers with the same
words and the same draws, over its own copy of the shop; clicks and purchases go where the product puts them: counts by item and
context, of which exploration learns, and the shopper's memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.conversation import Assistant
from assistant.feedback import FreshClicks
from assistant.memory import Memory
from assistant.schema import Turn
from assistant.settings import QuestionSettings, Settings
from retrieval.requirements import requirements
from retrieval.schema import Candidate, Item, Pick
from retrieval.search import Search
from retrieval.shop import Shop
from retrieval.sliders import Sliders
from training.hidden_tastes import Taste
from training.simulate import Progress, as_meant, react, shown
from training.simulated_shoppers import expected_clicks, session_words
from training.throwaway_shop import throwaway

Floats = NDArray[np.float64]
_QUIET = Settings(write_deadline=0.0, questions=QuestionSettings(most=0))
"""Sentences come from templates, and nothing is asked: what is measured is the choice."""
_DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class Policy:
    """How slots are filled."""

    name: str
    exploration: float | None = None
    """The share of explored slots; None is the shop's own."""
    at_random: bool = False
    """Slates are drawn from what meets the limits."""

    @classmethod
    def parse(cls, text: str) -> Policy:
        """`explore` (as the shop is set), `explore:0.3`, `greedy` or `random`. Raises ValueError."""
        name, _, share = text.partition(":")
        if name == "explore" and share:
            value = float(share) if share.replace(".", "", 1).isdigit() else -1.0
            if 0 <= value <= 0.5:
                return cls(text, value)
        elif text in ("explore", "greedy", "random"):
            return cls(text, 0.0 if text != "explore" else None, text == "random")
        raise ValueError(f"found the policy {text!r}, expected explore, explore:SHARE (0 to 0.5), greedy or random")

    def sliders(self, own: Sliders) -> Sliders:
        """The shop's own with this share of exploration."""
        if self.exploration is None:
            return own
        return replace(own, balance=replace(own.balance, exploration=self.exploration))


@dataclass(frozen=True, slots=True)
class Sessions:
    """How often shoppers come back."""

    count: int = 50
    limit: int = 3
    """Items a slate."""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Course:
    """What a policy showed. Shape of each: (shoppers, sessions)."""

    policy: Policy
    regret: Floats
    """Expected clicks missed."""
    clicks: Floats
    """Drawn ones."""


def run_policies(
    shop: Shop, tastes: Sequence[Taste], policies: Sequence[Policy], sessions: Sessions, progress: Progress | None = None
) -> tuple[Course, ...]:
    """A course a policy, each over a copy of the shop that goes away. Raises StoreError."""
    until, found = {taste.shopper: taste.until for taste in tastes}, []
    for policy in policies:
        with throwaway(shop, until) as copy:
            found.append(_course(shop, copy, tastes, policy, sessions, progress))
    return tuple(found)


def _course(
    shop: Shop, copy: Shop, tastes: Sequence[Taste], policy: Policy, sessions: Sessions, progress: Progress | None
) -> Course:
    """Visits in one order for all policies; a visit is an hour after the one before, so that clicks are counted by then."""
    began, passed = max(taste.until for taste in tastes), [timedelta()]
    memory = Memory.of(copy, lambda: began + passed[0])
    fresh = FreshClicks(copy.engine, clock=lambda: passed[0].total_seconds())  # noqa: PLW0108 - `passed` moves on
    search = Search(copy, sliders=policy.sliders(shop.sliders), clicks=fresh)
    assistant = Assistant(copy, search, None, replace(_QUIET, limit=sessions.limit), now=memory.now)
    regret, clicks = (np.zeros((len(tastes), sessions.count)) for _ in range(2))
    for taste in tastes:
        memory.shoppers.consent(taste.shopper, memory=True)
    for number in range(sessions.count):
        for place in Random(f"{sessions.seed}:order:{number}").sample(range(len(tastes)), len(tastes)):
            passed[0] += timedelta(hours=1)
            turn, best = _visit(tastes[place], number, assistant, memory, policy, sessions)
            regret[place, number] = best - expected_clicks(tastes[place], shown(turn))
            clicks[place, number] = len(react(tastes[place], turn, memory, f"{sessions.seed}:{number}"))
        if progress:
            progress(policy.name, number + 1, sessions.count)
    return Course(policy, regret, clicks)


def _visit(
    taste: Taste, number: int, assistant: Assistant, memory: Memory, policy: Policy, sessions: Sessions
) -> tuple[Turn, float]:
    """The turn of one session, kept, and the expected clicks of the best slate that could have been shown."""
    said = session_words(taste, Random(f"{sessions.seed}:{taste.shopper}:{number}"))
    known = memory.begin((), taste.shopper)
    session = f"{sessions.seed}-{taste.shopper}-{number}"
    turn = as_meant(assistant, said).respond(said.text, session_id=session, shopper_id=taste.shopper, profile=known)
    able = _able(turn, assistant)
    if policy.at_random and turn.slate is not None:
        turn = _redrawn(turn, able, Random(f"{session}:random"))
    memory.keep(turn, known)
    return turn, best_clicks(taste, able, sessions.limit)


def best_clicks(taste: Taste, items: Sequence[Item], limit: int) -> float:
    """The expected clicks of the best slate out of the items: the most useful first."""
    order = sorted(items, key=taste.utility, reverse=True)[:limit]
    return expected_clicks(taste, order)


def _able(turn: Turn, assistant: Assistant) -> tuple[Item, ...]:
    """The items that the turn could have shown: all that meet its limits."""
    if turn.query is None:
        return ()
    view = assistant.search.view()
    rows = np.flatnonzero(requirements(turn.query, view.catalogue, view.vocabulary.resolve).fitting())
    return assistant.shop.items([view.catalogue.ids[int(row)] for row in rows])


def _redrawn(turn: Turn, able: Sequence[Item], chance: Random) -> Turn:
    """The turn with a slate drawn from what it could have shown."""
    assert turn.slate is not None
    items = chance.sample(able, min(len(turn.slate.picks), len(able)))
    slate = replace(turn.slate, picks=tuple(Pick(Candidate(item, 0.0)) for item in items))
    return replace(turn, slate=slate, screen=tuple(item.id for item in items))


def told(courses: Sequence[Course], seed: int) -> dict[str, Any]:
    """Cumulative regret and clicks of each policy, and how far each other is from the first, with 95 % bootstrap intervals over
    shoppers; regret a session in the first and the last ten shows what was learnt."""
    found = {}
    for course in courses:
        whole, tenth = course.regret.sum(axis=1), min(10, course.regret.shape[1])
        difference = whole - courses[0].regret.sum(axis=1)
        found[course.policy.name] = {
            "regret": _mean(whole), "interval": _interval(whole, seed), "first_ten": _mean(course.regret[:, :tenth].mean(axis=1)),
            "last_ten": _mean(course.regret[:, -tenth:].mean(axis=1)), "clicks": _mean(course.clicks.sum(axis=1)),
            f"more_than_{courses[0].policy.name}": {"regret": _mean(difference), "interval": _interval(difference, seed)},
            "curve": [_mean(column) for column in np.cumsum(course.regret, axis=1).T],
        }
    return found


def bands(course: Course, seed: int) -> tuple[Floats, Floats, Floats]:
    """(mean, low, high) of the cumulative regret by session, 95 % over drawn shoppers. Shape of each: (sessions,)."""
    cumulated = np.cumsum(course.regret, axis=1)
    draws = np.random.default_rng(seed).integers(0, len(cumulated), size=(_DRAWS, len(cumulated)))
    low, high = np.percentile(cumulated[draws].mean(axis=1), [2.5, 97.5], axis=0)
    return cumulated.mean(axis=0), low, high


def _interval(values: Floats, seed: int) -> tuple[float, float]:
    draws = np.random.default_rng(seed).integers(0, len(values), size=(_DRAWS, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def _mean(values: Floats) -> float:
    return round(float(values.mean()), 4)
