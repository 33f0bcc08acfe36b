"""How fast the assistant follows a shopper whose interests change, and how seldom it believes in a change that was none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from assistant.drift_learning import learn_drift
from assistant.migration import DEFAULT_DRIFT, DriftSettings, Floats, Seen, follow
from training.drift_baselines import GRID, LIMIT, Recommender, following_slate, plain_slate, recommender
from training.drift_cases import Case, World, tuned_on
from training.drift_detection import detection, paths

AFTER = (1, 3, 10)
"""Acts after the change at which a slate is judged."""
KEPT = (0.1, 0.2, 0.5)
SESSION = (0.0, 0.2, 0.4)
FADE = (0.0, 30.0, 60.0, 90.0, 365.0)
"""Half-lives in days, as interests have them; 0 for none."""
MIXED = (0.0, 0.5)
"""Settings that are tried on the tuning half."""
_FOLDS = 3
_RESAMPLES = 1000
Models = Callable[[str], Recommender]
"""What a shopper's slates are made with, by her id."""
Slate = Callable[[Recommender, tuple[Seen, ...]], tuple[str, ...]]


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
    learnt = [seen for user, seen in _everyone(world) if tuned_on(user)]
    settings, usual = learn_drift(learnt, replace(DEFAULT_DRIFT, visit=world.visit), seed=seed)
    inner = _folded(world)
    progress(f"settings for {world.name}", 0, None)
    ways = [*_usual_ways(inner, tuning), *_our_ways(inner, tuning, world, usual, settings)]
    ours, level = _operating(ways)
    chosen = {family: _at_level(ways, family, level) for family in _families(ways)}
    model = recommender([ids for user, ids in world.histories if tuned_on(user)], world.kinds)
    progress(f"slates of {world.name}", 0, None)
    told = list(_usual_ways(lambda _: model, report))
    mine, shipped = (
        next(_our_ways(lambda _: model, report, world, usual, settings, only)) for only in (ours.setting, _shipped(ours.setting))
    )
    found = {way.family: way for way in told if chosen.get(way.family) == way.setting}
    found |= {"daogou": mine, "daogou, as shipped": shipped}
    curve = [way for way in told if way.family in GRID]
    result = {
        "world": world.name, "about": world.told, "cases": len(report), "tuned_on": len(tuning), "setting": ours.setting,
        "ways": {name: _figures(way, _before(told), seed) for name, way in found.items()},
        "at_equal_forgetting": {name: _reached([w for w in told if w.family == name], mine, _before(told)) for name in chosen},
        "margin_at_equal_forgetting": _margin(mine, curve, _before(told), seed),
        "margin_when_theirs_are_mixed_too": _margin(mine, told, _before(told), seed),
        "margin_as_shipped": _margin(shipped, curve, _before(told), seed),
        **_paces(world, report, usual, settings, seed),
    }
    if plots:
        from training.drift_plots import trade_off

        trade_off([(w.family, *_point(w.recalls, _before(told))) for w in (*told, mine)], plots / f"drift_{world.name}.png")
    return result


def _everyone(world: World) -> list[tuple[str, tuple[Seen, ...]]]:
    """Who moved and who did not, as a shop sees them: it is not told which."""
    return [*((case.id, (*case.before, *case.after)) for case in world.cases), *world.quiet]


def _folded(world: World) -> Models:
    """What goes with what, for a shopper of the tuning half learnt from the two thirds of it that she is not in."""
    models = [
        recommender([ids for user, ids in world.histories if tuned_on(user) and _fold(user) != fold], world.kinds)
        for fold in range(_FOLDS)
    ]
    return lambda user: models[_fold(user)]


def _fold(user: str) -> int:
    return crc32(f"fold:{user}".encode()) % _FOLDS


def _shipped(setting: str) -> str:
    """The name of the shipped settings, with the mixing of the slate that was chosen: a merchant's choice."""
    return _name(DEFAULT_DRIFT, 0.0, float(setting.rsplit(" ", 1)[1]))


def _name(mine: DriftSettings, days: float, share: float) -> str:
    return f"kept {mine.kept:g}, session {mine.session:g}, half-life {days:g} days, mix {share:g}"


def _families(ways: Sequence[Way]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(way.family for way in ways if way.family != "daogou"))


def _usual_ways(models: Models, cases: Sequence[Case]) -> Iterator[Way]:
    """Every family at every setting."""
    for family, grid in GRID.items():
        for value in grid:
            yield Way(family, f"{value:g}", _recalls(models, cases, partial(plain_slate, family=family, setting=value)))
            if family.startswith("half-life"):
                slate = partial(plain_slate, family=family, setting=value, share=0.5)
                yield Way(f"{family}, mixed slate", f"{value:g}", _recalls(models, cases, slate))


def _our_ways(
    models: Models, cases: Sequence[Case], world: World, usual: Mapping[str, float], settings: DriftSettings, only: str = ""
) -> Iterator[Way]:
    """Ours at every setting, or at one."""
    drift_of = lru_cache(maxsize=None)(lambda seen: follow(seen, usual, settings))

    def slate(
        model: Recommender, seen: tuple[Seen, ...], *, mine: DriftSettings, days: float, share: float
    ) -> tuple[str, ...]:
        return following_slate(model, drift_of(seen), mine, world.kinds, share, days)

    for kept, session, days, share in product(KEPT, SESSION, FADE, MIXED):
        mine = replace(settings, kept=kept, session=session)
        name = _name(mine, days, share)
        if only in ("", name):
            yield Way("daogou", name, _recalls(models, cases, partial(slate, mine=mine, days=days, share=share)))


def _recalls(models: Models, cases: Sequence[Case], slate: Slate) -> Recalls:
    new, old = np.zeros((len(cases), len(AFTER))), np.zeros((len(cases), len(AFTER) + 1))
    for row, case in enumerate(cases):
        model = models(case.id)
        old[row, 0] = _recall(slate(model, case.before), case.held_back)
        for place, count in enumerate(AFTER):
            seen = (*case.before, *case.after[:count])
            shown = slate(model, seen)
            old[row, place + 1] = _recall(shown, case.held_back)
            new[row, place] = _recall(shown, (case.new & {s.item_id for s in case.after[count:]}) - {s.item_id for s in seen})
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
    points = [_point(way.recalls, before) for way in ways if way.family != "daogou"]
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

    def told(rows: Sequence[int] | slice) -> dict[str, float]:
        forgotten, new = _point(way.recalls, before, rows)
        after = {f"new_recall10_after_{count}": float(way.recalls.new[rows, p].mean()) for p, count in enumerate(AFTER)}
        return {**after, "new_recall10": new, "forgetting": forgotten}

    figures, drawn = told(slice(None)), [told(chance.integers(0, n, n).tolist()) for _ in range(_RESAMPLES)]
    return {
        "setting": way.setting, **{name: round(value, 4) for name, value in figures.items()},
        "intervals": {name: np.quantile([d[name] for d in drawn], [0.025, 0.975]).round(4).tolist() for name in figures},
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


def _paces(
    world: World, report: Sequence[Case], usual: Mapping[str, float], settings: DriftSettings, seed: int
) -> dict[str, Any]:
    """What the pace learnt of the tuning half notices, and beside it that of a shop which has learnt none."""
    quiet = [seen for user, seen in world.quiet if not tuned_on(user)]
    unlearnt = replace(DEFAULT_DRIFT, visit=world.visit)
    learnt = detection(paths(quiet, report, usual, settings), settings, seed)
    return {**learnt, "usual_pace": detection(paths(quiet, report, {}, unlearnt), unlearnt, seed)}
