"""Shoppers whose interests change on a known day, and shoppers whose interests stay: what drift is measured on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from zlib import crc32

import numpy as np

from assistant.migration import DEFAULT_DRIFT, Floats, Seen, shares
from assistant.pace import kinds_of
from retrieval.demo.material import Department, load_material
from retrieval.demo.shoppers import Shopper, history_of, shoppers_of
from retrieval.schema import Interaction, Item

_COUNTED = {"view": 0, "click": 1, "rating": 1, "like": 1, "cart": 2, "purchase": 3}
_LEAST_BEFORE, _LEAST_AFTER, _SHOWN = 8, 14, 10
"""Acts before the change to have a taste from, and after it, of which the first ten are shown and the rest is to be found."""
_LIKED = 3.5
"""Stars from which on a rating counts as turning to an item."""
_LONG_BEFORE, _LONG_AFTER = 60, 40
"""Of two spliced histories, the acts taken: the newest of the first, the oldest of the second."""
_ORDERS, _CHANGED, _QUIET = 200, 2, 20
"""Random orders of a history; fewer that split as well as its own make it one of a change, as many a quiet one."""
_PAUSE = timedelta(days=30)
"""Between the two halves of a splice."""


@dataclass(frozen=True, slots=True)
class Case:
    """A shopper who changed: what was seen `before` and `after`, items of the old interest that were held back, and those of what
    was seen after that are of the new one."""

    id: str
    before: tuple[Seen, ...]
    after: tuple[Seen, ...]
    held_back: frozenset[str]
    new: frozenset[str]


@dataclass(frozen=True, slots=True)
class World:
    """Shoppers to measure with."""

    name: str
    told: str
    """Where they come from, for people."""
    cases: tuple[Case, ...]
    quiet: tuple[tuple[str, tuple[Seen, ...]], ...]
    """(id, history) of shoppers whose interests stay."""
    histories: tuple[tuple[str, tuple[str, ...]], ...]
    """(id, item ids) of everyone, for what goes with what."""
    kinds: Mapping[str, tuple[str, ...]]
    """The kinds of each item that a slate is made of."""
    visit: timedelta = DEFAULT_DRIFT.visit
    """A pause from which on a visit is a new one; 0 where everything is told in one go and each act is one of its own."""


def tuned_on(shopper_id: str) -> bool:
    """True for the half of the shoppers that settings are chosen on; the other half is reported."""
    return crc32(shopper_id.encode()) % 2 == 0


def demo_world(count: int, until: datetime, seed: int) -> World:
    """`count` shoppers of the demo shop's generator, a third of which move to another department on a day that it knows."""
    departments = load_material()
    kinds = {p.id: (f"{d.id}/{k.id}",) for d in departments for k in d.kinds for p in k.products}
    shoppers = shoppers_of(departments, count, until, seed)
    seen = {shopper.id: _acts(shopper, departments, until, seed) for shopper in shoppers}
    movers = [shopper for shopper in shoppers if shopper.before != shopper.after]
    cases = [_demo_case(shopper, seen[shopper.id], kinds) for shopper in movers]
    return World(
        "demo", f"{count} shoppers of the demo shop's generator, seed {seed}", tuple(c for c in cases if c is not None),
        tuple((s.id, seen[s.id]) for s in shoppers if s.before == s.after),
        _item_ids(seen), kinds,
    )


def spliced_world(interactions: Iterable[Interaction], items: Mapping[str, Item], seed: int) -> World:
    """Users of a log in pairs: the newest acts of one, after a month the oldest of another whose mix of kinds is far from it.

    The quiet ones are the same users unspliced, their acts in random order, so that nothing can drift.
    """
    liked = _liked(interactions, items)
    users = [user for user, acts in liked.items() if len(acts) >= 40]
    chance, mixes = Random(seed), {user: dict(shares(liked[user])) for user in users}
    cases = []
    for user in users:
        others = [u for u in users if u != user and tuned_on(u) == tuned_on(user)]
        drawn = chance.sample(others, min(20, len(others)))
        if drawn:
            other = max(drawn, key=lambda u: _distance(mixes[user], mixes[u]))
            cases.append(_spliced(user, liked[user], liked[other]))
    quiet = tuple((user, _shuffled(liked[user], Random(f"{seed}:{user}"))) for user in users)
    return World(
        "spliced", f"{len(users)} users with 40 liked items or more, each followed by one of 20 others whose mix is farthest",
        tuple(c for c in cases if c is not None), quiet,
        _item_ids(liked), {item_id: kinds_of(item) for item_id, item in items.items()}, timedelta(0),
    )


def natural_world(interactions: Iterable[Interaction], items: Mapping[str, Item], seed: int) -> World:
    """The users of a log whose own mix of kinds changed, by a rule that asks no method: the split of their acts with the greatest
    G statistic, where fewer than 2 of 200 random orders of the acts have as great a one. The day is known in hindsight only. The
    quiet ones are those of whom 20 have, in their own order."""
    liked = _liked(interactions, items)
    cases, quiet = [], []
    for user, acts in liked.items():
        place, orders = _split(acts, Random(f"{seed}:natural:{user}"))
        if place and orders < _CHANGED:
            cases.append(_turned(user, acts[:place][-_LONG_BEFORE:], acts[place:][:_LONG_AFTER]))
        elif place and orders >= _QUIET:
            quiet.append((user, acts))
    return World(
        "natural", f"users whose mix changed at p < {_CHANGED / _ORDERS}, of {len(liked)}",
        tuple(c for c in cases if c is not None), tuple(quiet),
        _item_ids(liked), {item_id: kinds_of(item) for item_id, item in items.items()}, timedelta(0),
    )


def _acts(shopper: Shopper, departments: Sequence[Department], until: datetime, seed: int) -> tuple[Seen, ...]:
    """Each item once a day, as far as it went."""
    homes = {p.id: (d.id,) for d in departments for k in d.kinds for p in k.products}
    first: dict[tuple[str, object], Seen] = {}
    for act in history_of(shopper, departments, until, seed):
        if act.kind in _COUNTED:
            first.setdefault((act.item_id, act.at.date()), Seen(act.at, homes[act.item_id], act.item_id))
    return tuple(sorted(first.values(), key=lambda s: s.at))


def _demo_case(shopper: Shopper, seen: tuple[Seen, ...], kinds: Mapping[str, tuple[str, ...]]) -> Case | None:
    before, after = (tuple(s for s in seen if (s.at < shopper.change) is early) for early in (True, False))
    shelves = ({shelf.key for shelf in liked} for liked in (shopper.before, shopper.after))
    old, new = ({s.item_id for s in seen if set(kinds[s.item_id]) & liked} for liked in shelves)
    return _held_back(shopper.id, before, after, old, new)


def _turned(user: str, before: tuple[Seen, ...], after: tuple[Seen, ...]) -> Case | None:
    """Items whose kinds have a greater share after the change are of the new interest, the others of the old one."""
    old, new = dict(shares(before)), dict(shares(after))
    gains = {s.item_id: sum(new.get(kind, 0.0) - old.get(kind, 0.0) for kind in s.kinds) for s in (*before, *after)}
    of_new = {item_id for item_id, gain in gains.items() if gain > 0}
    return _held_back(user, before, after, gains.keys() - of_new, of_new)


def _held_back(user: str, before: tuple[Seen, ...], after: tuple[Seen, ...], old: set[str], new: set[str]) -> Case | None:
    """A quarter of the items of the old interest is held back, to see whether it is still found; None with too few of either."""
    if len(before) < _LEAST_BEFORE or len(after) < _LEAST_AFTER:
        return None
    done = {s.item_id for s in after}
    known, coming = sorted({s.item_id for s in before if s.item_id in old} - done), {s.item_id for s in after[_SHOWN:]} & new
    if len(known) < 4 or not coming:
        return None
    held = frozenset(Random(user).sample(known, len(known) // 4))
    return Case(user, tuple(s for s in before if s.item_id not in held), after, held, frozenset(done & new))


def _item_ids(histories: Mapping[str, Sequence[Seen]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((shopper_id, tuple(s.item_id for s in acts)) for shopper_id, acts in histories.items())


def _liked(interactions: Iterable[Interaction], items: Mapping[str, Item]) -> dict[str, tuple[Seen, ...]]:
    found: dict[str, dict[str, Seen]] = defaultdict(dict)
    kinds = {item_id: told for item_id, item in items.items() if (told := kinds_of(item))}
    for act in interactions:
        if act.kind in _COUNTED and (act.value is None or act.value >= _LIKED) and act.item_id in kinds:
            found[act.shopper_id].setdefault(act.item_id, Seen(act.at, kinds[act.item_id], act.item_id))
    return {user: tuple(sorted(acts.values(), key=lambda s: (s.at, s.item_id))) for user, acts in found.items()}


def _distance(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Total variation between mixes of kinds, 0 to 1."""
    return sum(abs(one.get(kind, 0.0) - other.get(kind, 0.0)) for kind in one.keys() | other.keys()) / 2


def _spliced(user: str, first: tuple[Seen, ...], second: tuple[Seen, ...]) -> Case | None:
    before, after = first[-_LONG_BEFORE:], second[:_LONG_AFTER]
    shift = before[-1].at + _PAUSE - after[0].at
    return _turned(user, before, tuple(replace(s, at=s.at + shift) for s in after))


def _shuffled(acts: Sequence[Seen], chance: Random) -> tuple[Seen, ...]:
    """The acts in random order, a day apart."""
    order = chance.sample(acts, len(acts))
    return tuple(replace(act, at=acts[0].at + timedelta(days=day)) for day, act in enumerate(order))


def _split(acts: Sequence[Seen], chance: Random) -> tuple[int, int]:
    """Where the second mix begins, 0 with too few acts, and how many random orders split as well, counted to `_QUIET`."""
    if len(acts) < _LEAST_BEFORE + _LEAST_AFTER:
        return 0, 0
    names = sorted({kind for act in acts for kind in act.kinds})
    rows = np.array([[act.kinds.count(name) / len(act.kinds) for name in names] for act in acts])
    best, place = _greatest(rows)
    as_good = 0
    for _ in range(_ORDERS):
        as_good += _greatest(rows[chance.sample(range(len(rows)), len(rows))])[0] >= best
        if as_good >= _QUIET:
            break
    return place, as_good


def _greatest(rows: Floats) -> tuple[float, int]:
    """The greatest G over the splits that leave enough on both sides, and the first act after it. `rows`: (acts, kinds)."""
    places = np.arange(_LEAST_BEFORE, len(rows) - _LEAST_AFTER + 1)
    before, whole = np.cumsum(rows, axis=0)[places - 1], rows.sum(axis=0)
    statistic = np.zeros(len(places))
    for part in (before, whole - before):
        expected = whole * part.sum(axis=1, keepdims=True) / whole.sum()
        ratio = np.divide(part, expected, out=np.ones_like(part), where=part > 1e-9)
        statistic += 2 * (part * np.log(ratio)).sum(axis=1)
    best = int(np.argmax(statistic))
    return float(statistic[best]), int(places[best])
