"""Which reactions are not learnt from because they may have been planted: repeats, sources that say too much, bursts. Pure.

Every screen tells what it dropped and why. A purchase that the shop's own records show is real and is never dropped as a burst.
What no screen sees is an attack of many accounts that each say little, spread over weeks: the gate stands behind them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from scipy.stats import nbinom

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

    An item's reactions of a day are Poisson with mean share * (the other items' reactions of that day); the share has a Gamma
    posterior from the days before, with one reaction of an even share as prior, so that the tail is negative binomial. Days
    called bursts are no history. The level is `alpha` over the number of days looked at (Bonferroni).
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
    level, found, burst = alpha / max(len(counts), 1), [], set[tuple[str, date]]()
    for (item, day), count in sorted(counts.items(), key=lambda row: (row[0][1], row[0][0])):
        past = [each for each in totals if 0 < (day - each).days <= HISTORY and (item, each) not in burst]
        seen = 1.0 + sum(counts.get((item, each), 0) for each in past)
        among = float(len(items)) + sum(totals[each] - counts.get((item, each), 0) for each in past)
        others = max(totals[day] - count, 1)
        if nbinom.sf(count - 1, seen, among / (among + others)) < level:
            burst.add((item, day))
            found.append((item, day, seen / among * others))
    return found
