"""How fast tastes move in a shop: half-lives, and what a change of taste is told by, learnt from what its shoppers did.

They lie in the shop's `pace.json`, which the daily sweep makes anew when there is more to learn from. A shop with too few
shoppers goes by the usual ones.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from assistant.behaviour import learn_half_lives
from assistant.drift_learning import learn_drift
from assistant.fading import DEFAULT_HALF_LIVES, HalfLives
from assistant.migration import DEFAULT_DRIFT, DriftSettings, Seen
from retrieval.schema import Interaction, Item
from retrieval.watched_file import WatchedFile

PACE_FILE = "pace.json"
"""In the shop's directory; names no shopper."""
_LEAST_SHOPPERS = 40
"""Shoppers whose acts the usual shares and what a visit says are learnt from; a bound needs more, see `learn_bound`."""
_COUNTED = frozenset({"view", "click", "cart", "purchase", "like", "rating"})
"""Kinds of interaction that tell what a shopper turns to."""
_LIKED = 3.5
"""Stars from which on a rating counts as turning to an item."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a pace was learnt from."""

    at: datetime
    interactions: int
    """In the shop at the time: while there are as many there is nothing new to learn."""
    shoppers: int
    """Who were learnt from."""
    facets: tuple[str, ...] = ()
    """Those whose half-life is the shop's own."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How interests fade and drift is followed in a shop."""

    half_lives: HalfLives = DEFAULT_HALF_LIVES
    drift: DriftSettings = DEFAULT_DRIFT
    usual: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Shares of kinds over all shoppers; empty: every kind is as usual as another."""
    learnt: Learnt | None = None
    """None for the usual pace, which is every shop's until there is enough to learn from."""

    def __str__(self) -> str:
        if self.learnt is None:
            return "the usual ones; a shop learns its own from 40 shoppers on"
        days = ", ".join(f"{facet} {self.half_lives.days[facet]:g}" for facet in self.learnt.facets) or "none of its own"
        bound = self.drift.bound or 1 / self.drift.alarm
        return (
            f"learnt of {self.learnt.shoppers} shoppers on {self.learnt.at:%Y-%m-%d}: half-lives in days {days}; "
            f"a change of taste is believed at {bound:.3g} to 1, acts of a visit go together by {self.drift.together:.2g}"
        )


USUAL_PACE = Pace()


def kinds_of(item: Item) -> tuple[str, ...]:
    """The kinds that a drift is looked for in: the first step of the category path, or each genre where a feed lists several."""
    genres = next((a.values for a in item.attributes if a.name.casefold() in ("genre", "genres")), ())
    return tuple(genres) or item.category[:1]


def seen_in(interactions: Iterable[Interaction], items: Mapping[str, Item]) -> tuple[Seen, ...]:
    """What one shopper turned to, the oldest first: each item once a day, as a drift is followed in it."""
    first: dict[tuple[str, object], Seen] = {}
    for act in sorted(interactions, key=lambda a: a.at):
        item = items.get(act.item_id)
        if item is not None and act.kind in _COUNTED and (act.value is None or act.value >= _LIKED) and kinds_of(item):
            first.setdefault((act.item_id, act.at.date()), Seen(act.at, kinds_of(item), act.item_id))
    return tuple(first.values())


def learn_pace(
    interactions: Sequence[Interaction], items: Mapping[str, Item], now: datetime, *, known: int | None = None, seed: int = 0
) -> Pace:
    """The pace of the shoppers whose interactions these are, as far as they are enough; else the usual one.

    `known` is how many interactions the shop has, when these are of some shoppers only.
    """
    by_shopper: dict[str, list[Interaction]] = defaultdict(list)
    for act in interactions:
        by_shopper[act.shopper_id].append(act)
    histories = [seen for acts in by_shopper.values() if (seen := seen_in(acts, items))]
    if len(histories) < _LEAST_SHOPPERS:
        return USUAL_PACE
    half_lives, (drift, usual) = learn_half_lives(interactions, items), learn_drift(histories, seed=seed)
    facets = tuple(facet for facet, days in half_lives.days.items() if days != DEFAULT_HALF_LIVES.days.get(facet))
    count = len(interactions) if known is None else known
    return Pace(half_lives, drift, usual, Learnt(now, count, len(histories), facets))


def save_pace(directory: Path, pace: Pace) -> None:
    """The pace is in the shop's `pace.json`, whole; the usual one takes the file away."""
    path = directory / PACE_FILE
    if pace.learnt is None:
        path.unlink(missing_ok=True)
        return
    found = {
        "learnt_at": pace.learnt.at.isoformat(), "interactions": pace.learnt.interactions, "shoppers": pace.learnt.shoppers,
        "half_lives_days": {facet: pace.half_lives.days[facet] for facet in pace.learnt.facets},
        "drift": {"bound": pace.drift.bound, "together": pace.drift.together}, "usual": dict(pace.usual),
    }
    draft = path.with_name(f".{path.name}")
    draft.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def load_pace(directory: Path) -> Pace:
    """The shop's own pace; the usual one where it has learnt none. Raises ValueError for a file that can't be read."""
    path = directory / PACE_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        own = {str(facet): _positive(days) for facet, days in found["half_lives_days"].items()}
        told = found["drift"]
        if "dispersion" in told:  # of a version that told moves by another measure
            return USUAL_PACE
        drift = replace(DEFAULT_DRIFT, bound=_positive(told["bound"]), together=_share(told["together"]))
        usual = {str(kind): float(share) for kind, share in found["usual"].items()}
        at = datetime.fromisoformat(found["learnt_at"])
        learnt = Learnt(at, int(found["interactions"]), int(found["shoppers"]), tuple(own))
    except FileNotFoundError:
        return USUAL_PACE
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} can't be read: {error!r}. Delete it; the next sweep makes it anew.") from error
    half_lives = replace(DEFAULT_HALF_LIVES, days={**DEFAULT_HALF_LIVES.days, **own})
    return Pace(half_lives, drift, usual, learnt)


def pace_file(directory: Path) -> WatchedFile[Pace]:
    """The pace of a running shop; the earlier one while the file can't be read."""
    return WatchedFile(directory / PACE_FILE, lambda: load_pace(directory), USUAL_PACE, ValueError)


def _share(value: object) -> float:
    number = float(str(value))
    if not 0 <= number <= 1:
        raise ValueError(f"found {value!r}, expected a number from 0 to 1")
    return number


def _positive(value: object) -> float:
    number = float(str(value))
    if not 0 < number < 1e9:
        raise ValueError(f"found {value!r}, expected a number above 0")
    return number
