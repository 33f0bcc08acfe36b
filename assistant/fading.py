"""How strong an interest is: evidence that adds up, fades by half-life and gives way to what was stated. Pure.

A strength s in 0..1 stands for a mass of evidence m = -ln(1 - s). Masses add, so that each further piece of evidence counts for
less, and fade by 0.5 ** (age / half-life); order and grouping of the evidence make no difference to what comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import expm1, log1p
from types import MappingProxyType

from assistant.schema import Interest, Origin

STRONGEST = 0.99
"""No evidence makes certain; 1.0 would never fade."""
WEAKEST = 0.02
"""Under it an interest is let go."""
_DAYS: Mapping[str, float] = MappingProxyType({
    "category": 60.0,  # a need is met by a purchase or given up within a season
    "use": 90.0,  # an activity lasts a season
    "price": 90.0,  # a budget belongs to a purchase, less to a person
    "feature": 120.0, "style": 180.0, "color": 180.0, "material": 180.0,  # taste moves slowly
    "brand": 270.0,  # trust in a maker outlasts single purchases
    "size": 730.0, "audience": 365.0,  # bodies and families change slowest
})
_SLOWER: Mapping[Origin, float] = MappingProxyType({
    "click": 0.5,  # curiosity
    "message": 1.0,
    "purchase": 2.0,  # money is a surer sign than a click
    "review": 3.0,  # written on reflection, of a thing that was used
    "stated": 12.0,  # holds until it is taken back
})


@dataclass(frozen=True, slots=True)
class HalfLives:
    """Half-lives by facet, times a factor by source."""

    days: Mapping[str, float] = field(default_factory=lambda: _DAYS)
    """Days in which an interest of the facet loses half its evidence."""
    slower: Mapping[Origin, float] = field(default_factory=lambda: _SLOWER)
    other: float = 120.0
    """Days for a facet that is not named: a catalogue's own columns."""

    def of(self, facet: str, source: Origin) -> timedelta:
        """The half-life of what `source` says of `facet`."""
        return timedelta(days=self.days.get(facet, self.other) * self.slower.get(source, 1.0))


DEFAULT_HALF_LIVES = HalfLives()


def mass_of(strength: float) -> float:
    """The evidence that stands behind a strength, 0 and up."""
    return -log1p(-min(max(strength, 0.0), STRONGEST))


def strength_of(mass: float) -> float:
    """The strength that a mass of evidence gives, 0 to `STRONGEST`."""
    return min(-expm1(-max(mass, 0.0)), STRONGEST)


def faded_mass(mass: float, age: timedelta, half_life: timedelta) -> float:
    """What is left of a mass after `age`; a negative age, as clocks that jump give, leaves it whole."""
    return float(mass * 0.5 ** (max(age, timedelta()) / half_life))


def fade(interests: Iterable[Interest], now: datetime, half_lives: HalfLives = DEFAULT_HALF_LIVES) -> tuple[Interest, ...]:
    """The interests as strong as they are at `now`, without those that have faded away.

    What is pinned keeps its strength. A `now` before an interest's own moment leaves it as it is. Fading in steps comes to the
    same as fading at once.
    """
    return tuple(held for interest in interests if (held := _at(interest, now, half_lives)).strength >= WEAKEST or held.stated)


def _at(interest: Interest, now: datetime, half_lives: HalfLives) -> Interest:
    moment, now = _aware(interest.at), _aware(now)
    if interest.pinned or now <= moment:
        return interest
    life = half_lives.of(interest.signal.facet, interest.source)
    strength = strength_of(faded_mass(mass_of(interest.strength), now - moment, life))
    return replace(interest, strength=strength, at=now, since=interest.since or interest.at)


def join(
    held: Sequence[Interest], new: Sequence[Interest], half_lives: HalfLives = DEFAULT_HALF_LIVES
) -> tuple[Interest, ...]:
    """`held` with `new` evidence, strongest first.

    Evidence for the same value adds up; of two that contradict each other the stated one stays, between equals the newer. A
    stated one takes in nothing inferred. The same piece twice counts once, and it is one which of two arrives first.
    """
    kept: dict[tuple[str, str], Interest] = {}
    for interest in dict.fromkeys((*held, *new)):
        key = (interest.signal.facet, interest.signal.value.casefold())
        other = kept.get(key)
        kept[key] = interest if other is None else _joined(other, interest, half_lives)
    return tuple(sorted(kept.values(), key=lambda i: (-i.strength, str(i.signal))))


def _joined(one: Interest, other: Interest, half_lives: HalfLives) -> Interest:
    if one.signal.wanted != other.signal.wanted or one.stated or other.stated:  # saying a thing again renews it
        return max(one, other, key=lambda i: (i.stated, i.pinned, _aware(i.at), i.strength, repr(i)))
    early, late = sorted((one, other), key=lambda i: (_aware(i.at), repr(i)))
    brought = _at(early, late.at, half_lives)
    firmer = max(early, late, key=lambda i: half_lives.of(i.signal.facet, i.source))
    since = min(_aware(i.since or i.at) for i in (early, late))
    return replace(
        late, strength=strength_of(mass_of(brought.strength) + mass_of(late.strength)), source=firmer.source, since=since,
        sentence=late.sentence or early.sentence,
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
