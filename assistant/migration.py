"""When a shopper's interests move: a change-point test over what they turn to, and what follows from it. Pure.

Each act is about kinds of product. As long as the taste stays, the next kind is foretold by

    p(kind) = (acts on it + spread * usual share) / (all acts + spread)            (Dirichlet-multinomial)

and for a taste that moved at visit k by the same over the acts since k. The likelihood ratios of all k, weighed by a geometric
prior and added up, are the evidence E of a change. Acts of one visit go together: n of them count n / (1 + (n - 1) together)
(the design effect, Kish 1965), each as much as it adds to that. While the taste stays E is a non-negative martingale that starts
at 1, so that it ever reaches 1 / alarm with a chance of at most `alarm`, however long one looks (Ville 1939; the sum over k is
that of Shiryaev 1963, the posterior over k that of Adams and MacKay 2007). That holds for shoppers who are as the model says;
where a shop has enough of them, the bound is learnt from theirs (`drift_learning`). `daogou evaluate drift` counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shares = tuple[tuple[str, float], ...]
"""Kinds with their shares, the greatest first; they sum to 1."""


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """How readily a change is believed, and how much of the old taste stays."""

    alarm: float = 0.02
    """The chance at most that a shopper whose taste stays is ever taken for one whose taste moved."""
    bound: float = 0.0
    """Evidence at which a move is believed; 0 stands for 1 / alarm, see `learn_bound`."""
    hazard: float = 0.1
    """The chance before a visit that the taste has moved since the visit before."""
    spread: float = 1.0
    """Weight of the shop's usual shares, in acts: how wide a taste is expected to be."""
    together: float = 0.5
    """How far acts of one visit go together, 0 to 1: at 1 they say as much as one act, see `learn_together`."""
    visit: timedelta = timedelta(hours=6)
    """A pause from which on a visit is a new one; the taste moves between visits."""
    kept: float = 0.1
    """What an act of a taste that was left still counts, 0 to 1: people come back."""
    session: float = 0.2
    """Share of the visit under way in the target, whatever came before."""
    longest: int = 400
    """Acts looked at, the newest."""


DEFAULT_DRIFT = DriftSettings()


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that a shopper turned to."""

    at: datetime
    kinds: tuple[str, ...]
    """Kinds of product that it is of, in equal parts."""
    item_id: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Migration:
    """That a shopper's interests moved."""

    at: datetime
    """The first act of the new taste."""
    noticed: datetime
    old: Shares
    new: Shares
    confidence: float
    """The probability of the change when it was noticed, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What is believed of a shopper's taste after the last act."""

    seen: tuple[Seen, ...] = ()
    """The acts that it rests on, oldest first, each once."""
    visits: tuple[int, ...] = ()
    """The visit of each act, from 0."""
    keep: tuple[float, ...] = ()
    """For each act the probability that it is of today's taste."""
    moved: float = 0.0
    """The probability that the taste has moved since the last migration, or at all when there was none."""
    evidence: tuple[float, ...] = ()
    """Of a change, at each act; an alarm starts it anew."""
    migrations: tuple[Migration, ...] = ()


def follow(seen: Sequence[Seen], usual: Mapping[str, float], settings: DriftSettings = DEFAULT_DRIFT) -> Drift:
    """The drift in what was seen, in whatever order it is given; `usual` are the shop's shares of kinds, any scale.

    An act given twice counts once, one without kinds not at all.
    """
    told = tuple(sorted((s for s in dict.fromkeys(seen) if s.kinds), key=in_order))[-settings.longest :]
    if not told:
        return Drift()
    visits = visits_of(told, settings.visit)
    table, base = kinds_table(told, usual)
    table *= np.array(_worths(visits, settings.together))[:, None]
    first, noticed, evidence, migrations = 0, -1, list[float](), list[Migration]()
    while (run := _run(table[first:], visits[first:], base, settings)).alarm is not None:
        evidence += run.evidence[noticed + 1 - first : run.alarm + 1]
        changed, noticed = first + run.began, max(noticed, first + run.alarm)
        old, new = shares(told[first:changed]), shares(told[changed : noticed + 1])
        migrations.append(Migration(told[changed].at, told[noticed].at, old, new, run.moved))
        first = changed
    evidence += run.evidence[noticed + 1 - first :]
    return Drift(told, visits, (*([0.0] * first), *run.keep), run.moved, tuple(evidence), tuple(migrations))


def blend(drift: Drift, settings: DriftSettings = DEFAULT_DRIFT) -> tuple[float, ...]:
    """What each act of `drift.seen` still counts: 1 for today's taste, `kept` for one that was surely left."""
    return tuple(settings.kept + (1 - settings.kept) * keep for keep in drift.keep)


def target(
    drift: Drift, settings: DriftSettings = DEFAULT_DRIFT, finer: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> dict[str, float]:
    """The shares of kinds that a slate for the shopper should have; they sum to 1, the greatest first.

    The acts count as in `blend`, and those of the newest visit make up `session` of the whole. `finer` gives kinds by item id
    where the slate is to follow others than the drift was found in.
    """
    if not drift.seen:
        return {}
    now = [visit == drift.visits[-1] for visit in drift.visits]
    lasting = np.array(blend(drift, settings)) * [s.weight for s in drift.seen]
    current = np.where(now, [s.weight for s in drift.seen], 0.0)
    weights = (1 - settings.session) * lasting / lasting.sum() + settings.session * current / current.sum()
    return dict(shares([_finer(s, finer) for s in drift.seen], weights.tolist()))


def exploration(drift: Drift) -> float:
    """How many times as much as usual to explore, 1 to 2: more the further the blend is from the plain mix of the acts since
    the last migration (total variation, doubled), and most when a migration was just noticed."""
    since = [place for place, keep in enumerate(drift.keep) if keep > 0.0]
    acts = [drift.seen[place] for place in since]
    plain, blended = dict(shares(acts)), dict(shares(acts, [drift.keep[p] * drift.seen[p].weight for p in since]))
    unsettled = sum(abs(share - blended.get(kind, 0.0)) for kind, share in plain.items())
    unsettled += sum(share for kind, share in blended.items() if kind not in plain)
    if not drift.migrations:
        return 1.0 + min(unsettled, 1.0)
    noticed = drift.migrations[-1].noticed
    later = len({visit for seen, visit in zip(drift.seen, drift.visits, strict=True) if seen.at > noticed})
    return 1.0 + max(min(unsettled, 1.0), float(0.5 ** (later / 2)))


def shares(seen: Sequence[Seen], weights: Sequence[float] = ()) -> Shares:
    """The shares of kinds in what was seen, the greatest first."""
    sums: dict[str, float] = defaultdict(float)
    for act, weight in zip(seen, weights or [s.weight for s in seen], strict=True):
        for kind in act.kinds:
            sums[kind] += weight / len(act.kinds)
    whole = sum(sums.values())
    found = ((kind, weight / whole) for kind, weight in sums.items() if weight > 0)
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True)
class _Run:
    evidence: tuple[float, ...]
    moved: float
    alarm: int | None
    """The act at which the evidence reached its bound; None when it did not."""
    began: int
    """The likeliest first act of the new taste."""
    keep: tuple[float, ...]


def _run(table: Floats, visits: Sequence[int], base: Floats, settings: DriftSettings) -> _Run:
    """One taste, until an alarm or to the end. `table` are the acts' kinds with their weights, shape (acts, kinds)."""
    acts, kinds = table.shape
    starts = [place for place in range(1, acts) if visits[place] != visits[place - 1]]
    prior = np.log(settings.hazard) + np.arange(len(starts)) * np.log1p(-settings.hazard)
    ratios, counts, old = np.zeros(len(starts)), np.zeros((len(starts), kinds)), np.zeros(kinds)
    evidence, open_, moved = [], 0, 0.0
    posterior = np.zeros(acts)
    for place, act in enumerate(table):
        open_ += open_ < len(starts) and starts[open_] == place
        at = np.flatnonzero(act)
        stays = np.log((old[at] + settings.spread * base[at]) / (old.sum() + settings.spread))
        mine = counts[:open_]
        leaves = np.log((mine[:, at] + settings.spread * base[at]) / (mine.sum(axis=1, keepdims=True) + settings.spread))
        ratios[:open_] += (leaves - stays) @ act[at]
        mine += act
        old += act
        weighed = prior[:open_] + ratios[:open_]
        unmoved = open_ * np.log1p(-settings.hazard)
        odds = float(np.exp(np.minimum(weighed, 500.0)).sum())
        evidence.append(odds + float(np.exp(unmoved)))
        moved = odds / evidence[-1]
        if evidence[-1] >= (settings.bound or 1 / settings.alarm):
            return _Run(tuple(evidence), moved, place, starts[int(np.argmax(weighed))], ())
        posterior[starts[:open_]] = np.exp(weighed) / evidence[-1]
    return _Run(tuple(evidence), moved, None, 0, tuple(((1 - moved) + np.cumsum(posterior)).tolist()))


def in_order(seen: Seen) -> tuple[datetime, str, tuple[str, ...], float]:
    """Acts of one moment have an order of their own, so that that of their arrival makes no difference."""
    return seen.at, seen.item_id, seen.kinds, seen.weight


def visits_of(told: Sequence[Seen], pause: timedelta) -> tuple[int, ...]:
    """The number of the visit of each act, from 0."""
    numbers = [0]
    for before, after in pairwise(told):
        numbers.append(numbers[-1] + (after.at - before.at > pause))
    return tuple(numbers)


def _worths(visits: Sequence[int], together: float) -> list[float]:
    """What each act adds to what its visit says."""
    found = list[float]()
    for _, visit in groupby(visits):
        sizes = [0.0, *(n / (1 + (n - 1) * together) for n in range(1, len(list(visit)) + 1))]
        found += [after - before for before, after in pairwise(sizes)]
    return found


def kinds_table(told: Sequence[Seen], usual: Mapping[str, float]) -> tuple[Floats, Floats]:
    """The acts' kinds with their weights, shape (acts, kinds + 1), and the usual shares of these kinds among themselves, the last
    being for one that was not turned to, as usual as they are: held against all kinds of a large shop, any second one would look
    like a move. What the shop's shares leave out gets a small one."""
    names = {name: place for place, name in enumerate(dict.fromkeys(k for s in told for k in s.kinds))}
    table = np.zeros((len(told), len(names) + 1))
    for row, seen in enumerate(told):
        for kind, times in Counter(seen.kinds).items():
            table[row, names[kind]] = seen.weight * times / len(seen.kinds)
    base = np.array([max(usual.get(name, 0.0), 0.0) for name in names])
    base = base / base.sum() if base.sum() else base
    base = np.maximum(base, 0.1 / len(names))
    base = np.append(base / base.sum(), 1 / len(names))
    return table, base / base.sum()


def _finer(seen: Seen, finer: Mapping[str, tuple[str, ...]]) -> Seen:
    return Seen(seen.at, finer.get(seen.item_id) or seen.kinds, seen.item_id, seen.weight)
