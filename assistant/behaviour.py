"""Interests that nobody stated: from what a shopper looked at, bought and reviewed. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from types import MappingProxyType
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assistant.fading import DEFAULT_HALF_LIVES, WEAKEST, HalfLives, faded_mass, strength_of
from assistant.schema import Interest, Origin
from retrieval.schema import FACETS, Interaction, Item, ReadReview, Review, Signal, Source

_LEARNT_FROM: Mapping[str, tuple[Origin, float]] = MappingProxyType({
    "view": ("click", 0.05), "click": ("click", 0.2), "cart": ("click", 0.4), "like": ("click", 0.5), "dislike": ("click", -0.5),
    "purchase": ("purchase", 0.8), "rating": ("review", 0.6),
})
"""What each kind of interaction counts as, and its mass of evidence: a purchase makes a strength of 0.55, a view one of 0.05."""
_TASTES = frozenset(FACETS) - {"category", "brand", "price", "rating", "size", "item", "order", "action", "topic"}
_SHARE = 0.5
"""What an attribute gets of the evidence for its item: nobody buys for each of them."""
_A_FACET = 6
"""Interests kept a facet."""
_LEAST_SHOPPERS, _LEAST_STEPS = 40, 400
"""Shoppers with a history, and steps from one visit to the next, that half-lives can be learnt from."""
_TRIED = (7.0, 15.0, 30.0, 60.0, 90.0, 120.0, 180.0, 270.0, 365.0, 730.0)


@dataclass(frozen=True, slots=True)
class Trace:
    """One piece of evidence: a value of a facet that an act of a shopper speaks for, or with negative mass against."""

    shopper_id: str
    facet: str
    value: str
    at: datetime
    source: Origin
    mass: float
    sentence: str


def facets_of(item: Item) -> tuple[tuple[str, str], ...]:
    """(facet, value) of an item that a taste can show in: its shelf, its brand, and the attributes that describe."""
    found = [("category", item.category[-1])] if item.category else []
    found += [("brand", item.brand)] if item.brand else []
    found += [(a.name, value) for a in item.attributes if a.name in _TASTES for value in a.values]
    return tuple((facet, value.strip()) for facet, value in dict.fromkeys(found) if value.strip())


def traces(
    interactions: Iterable[Interaction], items: Mapping[str, Item], reviews: Iterable[Review] = (),
    read: Mapping[str, ReadReview] = MappingProxyType({}),
) -> Iterator[Trace]:
    """The evidence in what shoppers did and wrote. Events told twice count once; items no longer known tell nothing."""
    for act in dict.fromkeys(interactions):
        source, mass = _LEARNT_FROM[act.kind]
        yield from _of_item(items.get(act.item_id), act.shopper_id, act.at, source, mass * _favour(act.value))
    for review in {r.id: r for r in reviews if r.author and r.at}.values():
        assert review.at is not None
        understood = read.get(review.id)
        stars = review.rating if review.rating is not None or understood is None else understood.rating
        yield from _of_item(items.get(review.item_id), review.author, review.at, "review", 0.6 * _favour(stars))
        for aspect in dict.fromkeys(understood.aspects if understood else ()):  # praised or blamed: it matters to the writer
            yield Trace(review.author, "feature", aspect.facet, review.at, "review", 0.3, aspect.span)


def interests_from(
    interactions: Iterable[Interaction], items: Mapping[str, Item], reviews: Iterable[Review] = (),
    read: Mapping[str, ReadReview] = MappingProxyType({}), *, now: datetime, half_lives: HalfLives = DEFAULT_HALF_LIVES,
    weights: Mapping[tuple[str, datetime], float] = MappingProxyType({}),
) -> tuple[Interest, ...]:
    """The long-term interests of one shopper at `now`, strongest first, at most six a facet.

    `weights` lowers the evidence of a taste that was left: (item id, moment) -> 0 to 1, see `migration.blend`. What lies in
    the future of `now`, as a clock that jumped writes it, counts as of now.
    """
    evidence = [*_weighed(interactions, items, weights), *traces((), items, reviews, read)]
    by_value: dict[tuple[str, str], list[Trace]] = defaultdict(list)
    for trace in evidence:
        by_value[trace.facet, trace.value.casefold()].append(trace)
    found = sorted(
        (i for told in by_value.values() if (i := _summed(told, now, half_lives)).strength >= WEAKEST),
        key=lambda i: (-i.strength, str(i.signal)),
    )
    taken: Counter[str] = Counter()
    kept = []
    for interest in found:
        taken[interest.signal.facet] += 1
        if taken[interest.signal.facet] <= _A_FACET:
            kept.append(interest)
    return tuple(kept)


def _weighed(
    interactions: Iterable[Interaction], items: Mapping[str, Item], weights: Mapping[tuple[str, datetime], float]
) -> Iterator[Trace]:
    for act in dict.fromkeys(interactions):
        weight = weights.get((act.item_id, act.at), 1.0)
        yield from (replace(trace, mass=trace.mass * weight) for trace in traces((act,), items))


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong an interest was at a moment."""

    at: datetime
    facet: str
    value: str
    strength: float
    """0 to 1; negative where the evidence spoke against it, to -1."""


def timeline(
    interactions: Sequence[Interaction], items: Mapping[str, Item], moments: Sequence[datetime],
    half_lives: HalfLives = DEFAULT_HALF_LIVES, facet: str = "category", also: Iterable[Trace] = (),
    weights: Mapping[tuple[str, datetime], float] = MappingProxyType({}),
) -> tuple[Strength, ...]:
    """How strong the interests of a facet were at each of the moments, from what had been done by then, and `also` told; 0
    before and after. `weights` are those of `interests_from`."""
    by_value: dict[str, list[Trace]] = defaultdict(list)
    for trace in (*_weighed(interactions, items, weights), *also):
        if trace.facet == facet:
            by_value[trace.value.casefold()].append(trace)
    told = sorted(((acts[0].value, acts) for acts in by_value.values()), key=lambda pair: pair[0])
    found = [
        (moment, value, _signed(_summed(done, moment, half_lives)) if (done := [t for t in acts if t.at <= moment]) else 0.0)
        for moment in sorted(moments) for value, acts in told
    ]
    seen = {value for _, value, strength in found if abs(strength) >= WEAKEST}
    return tuple(
        Strength(moment, facet, value, strength if abs(strength) >= WEAKEST else 0.0)
        for moment, value, strength in found if value in seen
    )


def _signed(interest: Interest) -> float:
    return interest.strength if interest.signal.wanted else -interest.strength


def learn_half_lives(
    interactions: Iterable[Interaction], items: Mapping[str, Item], known: HalfLives = DEFAULT_HALF_LIVES
) -> HalfLives:
    """`known` with the half-life of each facet under which past acts best foretell the next: the highest log-likelihood of

        p(v) = (sum of 0.5 ** (age / (h * slower)) over past acts on v + q(v)) / (the same over all values + 1)

    with q the shop's own shares, and `slower` the factor of an act's source. It is found on one half of the shoppers and must
    foretell the other half better than what was `known`. A facet with fewer than 40 shoppers or 400 visits keeps what it had;
    mere views do not count.
    """
    told: dict[str, dict[str, list[Trace]]] = defaultdict(lambda: defaultdict(list))
    for trace in traces((act for act in interactions if act.kind != "view"), items):
        if trace.mass > 0:
            told[trace.facet][trace.shopper_id].append(trace)
    days = dict(known.days)
    for facet, by_shopper in told.items():
        histories = {shopper_id: _visits(acts) for shopper_id, acts in by_shopper.items()}
        if len(histories) < _LEAST_SHOPPERS or sum(len(visits) - 1 for visits in histories.values()) < _LEAST_STEPS:
            continue
        halves = [[visits for s, visits in histories.items() if crc32(s.encode()) % 2 == half] for half in (0, 1)]
        usual = _usual(histories.values())
        best = _TRIED[int(np.argmax(_likelihoods(halves[0], usual, _TRIED, known)))]
        held, other = _likelihoods(halves[1], usual, (days.get(facet, known.other), best), known)
        if other > held:
            days[facet] = best
    return replace(known, days=days)


_Visits = Sequence[tuple[int, Mapping[tuple[str, Origin], int]]]
"""Days, as ordinals, with how often each value was acted on and by what kind of source."""


def _visits(acts: Iterable[Trace]) -> _Visits:
    days = groupby(sorted(acts, key=lambda t: t.at), key=lambda t: t.at.toordinal())
    return [(day, Counter((t.value, t.source) for t in same)) for day, same in days]


def _usual(histories: Iterable[_Visits]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for visits in histories:
        for _, seen in visits:
            for (value, _), count in seen.items():
                counts[value] += count
    whole = sum(counts.values())
    return {value: count / whole for value, count in counts.items()}


def _likelihoods(
    histories: Iterable[_Visits], usual: Mapping[str, float], days: Sequence[float], known: HalfLives
) -> NDArray[np.float64]:
    """The log-likelihood of each visit's values given those before it, summed over shoppers, for each of the half-lives.
    Shape: (half-lives,)."""
    left = {source: 0.5 ** (1 / (np.array(days) * known.slower.get(source, 1.0))) for source, _ in _LEARNT_FROM.values()}
    found, nothing = np.zeros(len(days)), np.zeros(len(days))
    for visits in histories:
        held: dict[tuple[str, Origin], tuple[NDArray[np.float64], int]] = {}  # masses, and the day as of which
        whole = dict.fromkeys(left, nothing)
        for (before, seen), (day, coming) in pairwise(visits):
            for key, count in seen.items():
                mass, since = held.get(key, (nothing, before))
                held[key] = mass * left[key[1]] ** (before - since) + count, before
                whole[key[1]] = whole[key[1]] + count
            whole = {source: mass * left[source] ** (day - before) for source, mass in whole.items()}
            acts, bottom = sum(coming.values()), np.log(sum(whole.values()) + 1.0)
            for (value, _), count in coming.items():
                mine = [held[value, s][0] * left[s] ** (day - held[value, s][1]) for s in left if (value, s) in held]
                found += count / acts * (np.log(sum(mine) + usual[value]) - bottom)
    return found


def _of_item(item: Item | None, shopper_id: str, at: datetime, source: Origin, mass: float) -> Iterator[Trace]:
    if item is None or not mass:
        return
    for facet, value in facets_of(item):
        if mass < 0 and facet == "category":
            continue  # one bad kettle does not speak against kettles
        share = 1.0 if facet == "category" else _SHARE
        yield Trace(shopper_id, facet, value, at, source, mass * share, item.title)


def _favour(stars: float | None) -> float:
    """-1 for one star, 0 for three, 1 for four and five; 1 without stars."""
    return 1.0 if stars is None else min(1.0, max(-1.0, stars - 3.0))


def _summed(told: Sequence[Trace], now: datetime, half_lives: HalfLives) -> Interest:
    """What all evidence on one value comes to at `now`."""
    masses = [
        faded_mass(1.0, max(now - t.at, timedelta()), half_lives.of(t.facet, t.source)) * t.mass for t in told
    ]
    whole = sum(masses)
    strongest = max(zip(masses, told, strict=True), key=lambda pair: (abs(pair[0]), pair[1].at, pair[1].sentence))[1]
    told_by: Source = "review" if strongest.source == "review" else "profile"
    signal = Signal(strongest.facet, "~" if whole >= 0 else "!~", strongest.value, told_by)
    return Interest(
        signal, strength_of(abs(whole)), strongest.source, now, term="long", sentence=strongest.sentence,
        since=min(now, *(t.at for t in told)),
    )
