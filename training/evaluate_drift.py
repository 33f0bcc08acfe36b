"""How fast the assistant follows a shopper whose interests change, and how seldom it believes in a change that was none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from assistant.migration import DEFAULT_DRIFT, DriftSettings, Floats, Seen, follow, learn_bound, learn_dispersion, usual_shares
from training.drift_baselines import GRID, LIMIT, Recommender, following_slate, plain_slate, recommender
from training.drift_cases import Case, World, tuned_on

AFTER = (1, 3, 10)
"""Acts after the change at which a slate is judged."""
KEPT = (0.05, 0.1, 0.2)
SESSION = (0.0, 0.2, 0.4)
HAZARD = (0.1, 0.25)
MIXED = (0.0, 0.5, 0.8)
"""Settings that are tried on the tuning half."""
_RESAMPLES = 1000
Slate = Callable[[tuple[Seen, ...]], tuple[str, ...]]


class TooFew(ValueError):
    """There are no shoppers to choose settings on, or none to report."""


@dataclass(frozen=True, slots=True)
class Recalls:
    """Of n cases: what a slate finds of the old interest before the change and after 1, 3 and 10 acts, and of the new one."""

    new: Floats
    """Shape: (n, 3)."""
    old: Floats
    """Shape: (n, 4)."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to deal with change, with its setting."""

    family: str
    setting: str
    recalls: Recalls


def evaluate_drift(
    world: World, *, seed: int = 0, plots: Path | None = None, progress: Callable[[str, int, int | None], None] = lambda *_: None
) -> dict[str, Any]:
    """The figures of one world. Settings are chosen on the half that `tuned_on` names, the other is reported. Raises TooFew."""
    tuning, report = (tuple(c for c in world.cases if tuned_on(c.id) is half) for half in (True, False))
    if not tuning or not report:
        raise TooFew(
            f"{world.name}: found {len(tuning)} and {len(report)} shoppers who change in the halves, expected some in both. "
            "Give a longer log, or more --shoppers"
        )
    learnt = [seen for user, seen in _quiet(world) if tuned_on(user)]
    usual = usual_shares(learnt)
    settings = replace(DEFAULT_DRIFT, dispersion=learn_dispersion(learnt))
    settings = replace(settings, bound=learn_bound(learnt, usual, settings, seed=seed))
    inner = recommender([ids for user, ids in world.histories if tuned_on(user) and _fitted(user)], world.kinds)
    judged = [c for c in tuning if not _fitted(c.id)] or list(tuning)
    progress(f"settings for {world.name}", 0, None)
    ways = [*_usual_ways(inner, judged), *_our_ways(inner, judged, world, usual, settings)]
    ours, level = _operating(ways)
    chosen = {family: _at_level(ways, family, level) for family in _families(ways)}
    outer = recommender([ids for user, ids in world.histories if tuned_on(user)], world.kinds)
    progress(f"slates of {world.name}", 0, None)
    told = list(_usual_ways(outer, report))
    (mine,) = _our_ways(outer, report, world, usual, settings, ours.setting)
    found = {way.family: way for way in told if chosen.get(way.family) == way.setting} | {"daogou": mine}
    curve = [way for way in told if way.family in GRID]
    result = {
        "world": world.name, "about": world.told, "cases": len(report), "tuned_on": len(tuning), "setting": ours.setting,
        "ways": {name: _figures(way, _before(told), seed) for name, way in found.items()},
        "at_equal_forgetting": {name: _reached([w for w in told if w.family == name], mine, _before(told)) for name in chosen},
        "margin_at_equal_forgetting": _margin(mine, curve, _before(told), seed),
        **_detection(world, report, usual, settings, seed),
    }
    if plots:
        from training.drift_plots import trade_off

        trade_off([(w.family, *_point(w.recalls, _before(told))) for w in (*told, mine)], plots / f"drift_{world.name}.png")
    return result


def _quiet(world: World) -> Sequence[tuple[str, tuple[Seen, ...]]]:
    return world.quiet or tuple((case.id, case.before) for case in world.cases)


def _fitted(user: str) -> bool:
    """Half of the tuning half: what goes with what is learnt from it while settings are chosen."""
    return tuned_on("fit:" + user)


def _families(ways: Sequence[Way]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(way.family for way in ways if way.family != "daogou"))


def _usual_ways(model: Recommender, cases: Sequence[Case]) -> Iterator[Way]:
    """Every family at every setting."""
    for family, grid in GRID.items():
        for value in grid:
            yield Way(family, f"{value:g}", _recalls(cases, partial(plain_slate, model, family=family, setting=value)))
            if family.startswith("half-life"):
                slate = partial(plain_slate, model, family=family, setting=value, share=0.5)
                yield Way(f"{family}, mixed slate", f"{value:g}", _recalls(cases, slate))


def _our_ways(
    model: Recommender, cases: Sequence[Case], world: World, usual: Mapping[str, float], settings: DriftSettings, only: str = ""
) -> Iterator[Way]:
    """Ours at every setting, or at one."""
    drift_of = lru_cache(maxsize=None)(lambda seen, hazard: follow(seen, usual, replace(settings, hazard=hazard, bound=0.0)))

    def slate(seen: tuple[Seen, ...], *, mine: DriftSettings, share: float) -> tuple[str, ...]:
        return following_slate(model, drift_of(seen, mine.hazard), mine, world.kinds, share)

    for hazard, kept, session, share in product(HAZARD, KEPT, SESSION, MIXED):
        mine = replace(settings, hazard=hazard, kept=kept, session=session)
        name = f"hazard {hazard}, kept {kept}, session {session}, mix {share}"
        if only in ("", name):
            yield Way("daogou", name, _recalls(cases, partial(slate, mine=mine, share=share)))


def _recalls(cases: Sequence[Case], slate: Slate) -> Recalls:
    new, old = np.zeros((len(cases), len(AFTER))), np.zeros((len(cases), len(AFTER) + 1))
    for row, case in enumerate(cases):
        old[row, 0] = _recall(slate(case.before), case.held_back)
        for place, count in enumerate(AFTER):
            seen = (*case.before, *case.after[:count])
            shown = slate(seen)
            old[row, place + 1] = _recall(shown, case.held_back)
            new[row, place] = _recall(shown, {s.item_id for s in case.after[count:]} - {s.item_id for s in seen})
    return Recalls(new, old)


def _recall(shown: Sequence[str], wanted: frozenset[str] | set[str]) -> float:
    return len(wanted.intersection(shown)) / min(LIMIT, len(wanted)) if wanted else 0.0


def _before(ways: Sequence[Way]) -> float:
    """What a slate without decay finds of the old interest before the change: the whole of which is forgotten."""
    return float(next(way for way in ways if way.family == "no decay").recalls.old[:, 0].mean())


def _point(recalls: Recalls, before: float, rows: Sequence[int] | slice = slice(None)) -> tuple[float, float]:
    """(forgetting, recall of the new interest), each the mean over 1, 3 and 10 acts."""
    return 1 - float(recalls.old[rows, 1:].mean()) / max(before, 1e-9), float(recalls.new[rows].mean())


def _operating(ways: Sequence[Way]) -> tuple[Way, float]:
    """The setting of ours that is furthest ahead of every usual way at its own forgetting, and that forgetting."""
    before = _before(ways)
    points = [_point(way.recalls, before) for way in ways if way.family in GRID]
    ahead = [
        (new - _envelope(points, forgotten), -forgotten, way)
        for way in ways if way.family == "daogou" for forgotten, new in (_point(way.recalls, before),)
    ]
    best = max(ahead, key=lambda entry: entry[:2])[2]
    return best, _point(best.recalls, before)[0]


def _envelope(points: Sequence[tuple[float, float]], forgotten: float) -> float:
    """The highest recall of the new interest that the usual ways, or a lottery between two, reach when they forget no more."""
    reach = [new for old, new in points if old <= forgotten]
    between = [
        a_new + (b_new - a_new) * (forgotten - a_old) / (b_old - a_old)
        for a_old, a_new in points for b_old, b_new in points if a_old <= forgotten < b_old
    ]
    return max([*reach, *between], default=0.0)


def _at_level(ways: Sequence[Way], family: str, level: float) -> str:
    """The setting of a family that finds most of the new interest and forgets at most `level`, else the one nearest to it."""
    before = _before(ways)
    mine = [(way, *_point(way.recalls, before)) for way in ways if way.family == family]
    within = [entry for entry in mine if entry[1] <= level + 0.01]
    return (max(within, key=lambda e: e[2]) if within else min(mine, key=lambda e: e[1]))[0].setting


def _figures(way: Way, before: float, seed: int) -> dict[str, Any]:
    chance, n = np.random.default_rng(seed), len(way.recalls.new)
    forgotten, new = _point(way.recalls, before)
    drawn = [_point(way.recalls, before, chance.integers(0, n, n).tolist()) for _ in range(_RESAMPLES)]
    return {
        "setting": way.setting,
        **{f"new_recall10_after_{count}": round(float(way.recalls.new[:, p].mean()), 4) for p, count in enumerate(AFTER)},
        "new_recall10": round(new, 4), "forgetting": round(forgotten, 4),
        "intervals": {
            "forgetting": np.quantile([d[0] for d in drawn], [0.025, 0.975]).round(4).tolist(),
            "new_recall10": np.quantile([d[1] for d in drawn], [0.025, 0.975]).round(4).tolist(),
        },
    }


def _reached(family: Sequence[Way], mine: Way, before: float) -> float | None:
    """The recall of the new interest that a family reaches at our forgetting, any of its settings and mixtures of two allowed;
    None for one that always forgets more."""
    points = [_point(way.recalls, before) for way in family]
    level = _point(mine.recalls, before)[0]
    return round(_envelope(points, level), 4) if any(forgotten <= level for forgotten, _ in points) else None


def _margin(mine: Way, usual: Sequence[Way], before: float, seed: int) -> dict[str, Any]:
    """Recall of the new interest over the best that the usual ways, or a mixture of two, reach at our forgetting; on the report
    half every one of their settings is allowed, so that the choice of one can't be unlucky."""
    def ahead(rows: Sequence[int] | slice) -> float:
        forgotten, new = _point(mine.recalls, before, rows)
        return new - _envelope([_point(way.recalls, before, rows) for way in usual], forgotten)

    chance, n = np.random.default_rng(seed), len(mine.recalls.new)
    drawn = [ahead(chance.integers(0, n, n).tolist()) for _ in range(_RESAMPLES // 5)]
    return {"mean": round(ahead(slice(None)), 4), "interval": np.quantile(drawn, [0.025, 0.975]).round(4).tolist()}


def _detection(
    world: World, report: Sequence[Case], usual: Mapping[str, float], settings: DriftSettings, seed: int
) -> dict[str, Any]:
    """False alarms among the quiet, and how late the others are noticed."""
    quiet = [seen for user, seen in world.quiet if not tuned_on(user)]
    alarms = np.array([bool(follow(seen, usual, settings).migrations) for seen in quiet], dtype=float)
    delays, early = [], 0
    for case in report:
        noticed = [m.noticed for m in follow((*case.before, *case.after), usual, settings).migrations]
        early += any(moment < case.after[0].at for moment in noticed)
        late = [moment for moment in noticed if moment >= case.after[0].at]
        if late:
            delays.append(sum(s.at <= late[0] for s in case.after))
    chance = np.random.default_rng(seed)
    drawn = [alarms[chance.integers(0, len(alarms), len(alarms))].mean() for _ in range(_RESAMPLES)] if len(alarms) else []
    return {
        "dispersion": round(settings.dispersion, 2), "bound": round(settings.bound, 2), "quiet": len(quiet),
        "false_alarms_per_1000": round(float(alarms.mean()) * 1000, 1) if len(alarms) else None,
        "false_alarms_interval": (np.quantile(drawn, [0.025, 0.975]) * 1000).round(1).tolist() if drawn else None,
        "noticed": round(len(delays) / len(report), 4), "noticed_before_the_change": round(early / len(report), 4),
        "delay_events_median": float(np.median(delays)) if delays else None,
        "delay_events_p90": float(np.quantile(delays, 0.9)) if delays else None,
    }
