"""Which reactions are not learnt from because they may have been planted: repeats, sources that say too much, bursts. Pure.

Every screen tells what it dropped and why. A purchase that the shop's own records show is real and is never dropped as a burst.
What no screen sees is an attack of many accounts that each say little, spread over weeks: the gate stands behind them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from scipy.stats import betabinom

from training.adapt_settings import AdaptSettings

HISTORY = 28
"""Days that an item's usual rate is told by."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a shopper did with an item of a slate."""

    turn: str
    item: str
    taken: bool
    """True for yes (like, click, cart, purchase), False for no (dislike, return)."""
    at: datetime
    shopper: str
    session: str
    worth: float = 0.5
    """How relevant it says that the item is, 0 to 1."""
    verified: bool = False
    """True for a purchase that stands in the shop's records."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A reaction that is not learnt from."""

    reaction: Reaction
    screen: str
    why: str


@dataclass(frozen=True, slots=True)
class Screened:
    """What the screens left, and what they took."""

    kept: tuple[Reaction, ...]
    dropped: tuple[Dropped, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Dropped reactions by screen."""
        return dict(Counter(each.screen for each in self.dropped))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, each once."""
        return tuple(dict.fromkeys(each.why for each in self.dropped))


def screen(reactions: Sequence[Reaction], settings: AdaptSettings) -> Screened:
    """The reactions, oldest first, that repeat nothing, are within the caps of their source, and are no burst."""
    kept, dropped = tuple(sorted(reactions, key=lambda each: (each.at, each.turn, each.item))), list[Dropped]()
    for step in (_repeats, _by_session, _by_shopper, _bursts):
        found = step(kept, settings)
        gone = {id(each.reaction) for each in found}
        kept = tuple(each for each in kept if id(each) not in gone)
        dropped += found
    return Screened(kept, tuple(dropped))


def _repeats(reactions: Sequence[Reaction], _: AdaptSettings) -> list[Dropped]:
    """A shopper says yes, or no, to an item once, however many slates had it."""
    seen: set[tuple[str, str, bool]] = set()
    found = []
    for each in reactions:
        key = each.shopper, each.item, each.taken
        if key in seen:
            found.append(Dropped(each, "repeats", "said again by the same shopper of the same item"))
        seen.add(key)
    return found


def _by_session(reactions: Sequence[Reaction], settings: AdaptSettings) -> list[Dropped]:
    return _capped(reactions, lambda each: each.session, settings.per_session, "session")


def _by_shopper(reactions: Sequence[Reaction], settings: AdaptSettings) -> list[Dropped]:
    return _capped(reactions, lambda each: each.shopper, settings.per_shopper, "shopper")


def _capped(reactions: Sequence[Reaction], source: Callable[[Reaction], Hashable], most: int, name: str) -> list[Dropped]:
    """What a source says beyond its cap; its verified purchases count first, then its oldest reactions."""
    groups: dict[Hashable, list[Reaction]] = defaultdict(list)
    for each in reactions:
        groups[source(each)].append(each)
    beyond = [each for group in groups.values() for each in sorted(group, key=lambda each: not each.verified)[most:]]
    return [Dropped(each, f"per {name}", f"more than {most} reactions of one {name}") for each in beyond]


def _bursts(reactions: Sequence[Reaction], settings: AdaptSettings) -> list[Dropped]:
    """What is not verified of an item's day that its history makes too unlikely, for yes and for no apart.

    The reactions of a day are Poisson by item, so that given their total an item's are binomial; its share has a Beta posterior
    from the days before, all shares being alike likely at first (Dirichlet), so that the tail is beta-binomial. Days called
    bursts are no history. The level is `alpha` over the number of items times days (Bonferroni).
    """
    found = []
    for taken in (True, False):
        side = [each for each in reactions if each.taken == taken]
        days: dict[tuple[str, date], set[str]] = defaultdict(set)
        for each in side:
            days[each.item, each.at.date()].add(each.shopper)
        counts = {key: len(shoppers) for key, shoppers in days.items()}
        for item, day, usual in _unlikely(counts, settings.alpha):
            why = f"{counts[item, day]} shoppers on {day} for an item that has {usual:.1f} on such a day: {item}"
            found += [
                Dropped(each, "bursts", why) for each in side if each.item == item and each.at.date() == day and not each.verified
            ]
    return found


def _unlikely(counts: dict[tuple[str, date], int], alpha: float) -> list[tuple[str, date, float]]:
    """(item, day, count that was expected) of the days below the level."""
    totals, items = Counter[date](), {item for item, _ in counts}
    for (_, day), count in counts.items():
        totals[day] += count
    level, found, burst = alpha / max(len(items) * len(totals), 1), [], set[tuple[str, date]]()
    for day in sorted(totals):
        past = [each for each in totals if 0 < (day - each).days <= HISTORY]
        names = sorted(item for item in items if (item, day) in counts)
        usual = [[each for each in past if (item, each) not in burst] for item in names]
        taken = np.array([counts[item, day] for item in names])
        pairs = zip(names, usual, strict=True)
        mine = np.array([1.0 + sum(counts.get((item, each), 0) for each in days) for item, days in pairs])
        others = max(len(items) - 1.0, 1.0) + np.array([sum(totals[each] for each in days) for days in usual]) - (mine - 1.0)
        rare = np.flatnonzero(betabinom.sf(taken - 1, totals[day], mine, others) < level)
        burst |= {(names[place], day) for place in rare}
        found += [(names[place], day, float(totals[day] * mine[place] / (mine[place] + others[place]))) for place in rare]
    return found
