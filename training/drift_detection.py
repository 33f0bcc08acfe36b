"""False alarms among shoppers whose taste stays, and how late the moves of the others are noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assistant.migration import DriftSettings, Floats, Seen, follow
from training.drift_cases import Case

BAR = 0.02
"""The rate of false alarms at which paces are compared."""
_RESAMPLES = 1000
_NEVER = 1e-300


@dataclass(frozen=True, slots=True)
class Paths:
    """The evidence of a change, without any bound, in shoppers' own order."""

    quiet: Floats
    """The highest of each who stays. Shape: (quiet,)."""
    moved: tuple[tuple[tuple[float, ...], int], ...]
    """At each act of each who moved, and how many of the acts were before the change."""


def paths(quiet: Sequence[Sequence[Seen]], cases: Sequence[Case], usual: Mapping[str, float], settings: DriftSettings) -> Paths:
    """The paths of those who stay and of those who moved."""
    free = replace(settings, alarm=_NEVER, bound=0.0)
    highest = [max(follow(seen, usual, free).evidence, default=0.0) for seen in quiet]
    drifts = [(case, follow((*case.before, *case.after), usual, free)) for case in cases]
    moved = tuple((drift.evidence, sum(s.at < case.after[0].at for s in drift.seen)) for case, drift in drifts)
    return Paths(np.array(highest), moved)


def detection(found: Paths, settings: DriftSettings, seed: int) -> dict[str, Any]:
    """The figures of a pace: with its own bound, and how many it would notice at a bound that 2 % of the quiet reach.

    Counted is the first alarm of each shopper; one before the change is none that noticed it.
    """
    bound = settings.bound or 1 / settings.alarm
    alarms = (found.quiet >= bound).astype(np.float64)
    delays, early = _delays(found, bound)
    result: dict[str, Any] = {
        "together": round(settings.together, 2), "bound": round(bound, 2), "quiet": len(found.quiet), "moved": len(found.moved),
        "false_alarms": int(alarms.sum()), "false_alarms_per_1000": None, "false_alarms_interval": None,
        "noticed": round(len(delays) / len(found.moved), 4), "noticed_interval": _interval(_hits(found, bound), seed),
        "noticed_before_the_change": round(early / len(found.moved), 4), **_told(delays),
    }
    if len(alarms):
        result["false_alarms_per_1000"] = round(float(alarms.mean()) * 1000, 1)
        result["false_alarms_interval"] = [round(1000 * end, 1) for end in _interval(alarms, seed)]
        equal = float(np.nextafter(np.sort(found.quiet)[::-1][int(BAR * len(found.quiet))], np.inf))
        noticed, _ = _delays(found, equal)
        result["at_2_percent"] = {
            "bound": round(equal, 2), "false_alarms": int((found.quiet >= equal).sum()),
            "noticed": round(len(noticed) / len(found.moved), 4), **_told(noticed),
        }
    return result


def _delays(found: Paths, bound: float) -> tuple[list[int], int]:
    """The acts after the change at which it was noticed, of those who were, and how many had an alarm before it."""
    firsts = [(next((n for n, e in enumerate(path) if e >= bound), None), before) for path, before in found.moved]
    delays = [first - before + 1 for first, before in firsts if first is not None and first >= before]
    return delays, sum(first is not None and first < before for first, before in firsts)


def _hits(found: Paths, bound: float) -> Floats:
    return np.array([float(max(path, default=0.0) >= bound > max(path[:before], default=0.0)) for path, before in found.moved])


def _told(delays: Sequence[int]) -> dict[str, float | None]:
    return {
        "delay_events_median": float(np.median(delays)) if delays else None,
        "delay_events_p90": float(np.quantile(delays, 0.9)) if delays else None,
    }


def _interval(hits: Floats, seed: int) -> list[float]:
    """The 95 % bootstrap interval of a share."""
    chance = np.random.default_rng(seed)
    drawn = [hits[chance.integers(0, len(hits), len(hits))].mean() for _ in range(_RESAMPLES)]
    return [round(float(end), 4) for end in np.quantile(drawn, [0.025, 0.975])]
