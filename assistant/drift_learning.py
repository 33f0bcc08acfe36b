"""What a change of taste is told by, learnt from the histories of a shop's shoppers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from random import Random

import numpy as np
from scipy.special import bdtr

from assistant.migration import DEFAULT_DRIFT, DriftSettings, Seen, follow, in_order, kinds_table, shares, visits_of

_SURE = 0.75
"""How sure a learnt bound is to keep the rate of false alarms."""
_ORDERS = 3
"""Random orders of each history."""
_NEVER = 1e-300
"""A chance of a false alarm that lets the evidence run on."""


def learn_drift(
    histories: Sequence[Sequence[Seen]], settings: DriftSettings = DEFAULT_DRIFT, *, seed: int = 0
) -> tuple[DriftSettings, dict[str, float]]:
    """The settings with what these shoppers teach of visits and of the bound, and the usual shares of kinds.

    Shoppers too few for a bound, see `learn_bound`, teach nothing of visits either: the two go together.
    """
    usual = usual_shares(histories)
    if not _over(len(histories), settings.alarm):
        return replace(settings, bound=1 / settings.alarm), usual
    settings = replace(settings, together=learn_together(histories, settings))
    return replace(settings, bound=learn_bound(histories, usual, settings, seed=seed)), usual


def usual_shares(histories: Sequence[Sequence[Seen]]) -> dict[str, float]:
    """The shares of kinds over all shoppers, each shopper counting the same."""
    sums: dict[str, float] = defaultdict(float)
    for seen in histories:
        for kind, share in shares(seen):
            sums[kind] += share / len(histories)
    return dict(sums)


def learn_together(histories: Sequence[Sequence[Seen]], settings: DriftSettings = DEFAULT_DRIFT) -> float:
    """How far acts of one visit go together: how much oftener two of them are of a kind than two acts of different visits of the
    same shopper, over how much oftener they could be (the chance-corrected agreement of Fleiss 1971); each shopper counts by her
    acts. From 0 to the setting's, beyond which a test would make too little of long visits, and that one when no shopper has two
    visits and one of two acts."""
    together = possible = 0.0
    for seen in histories:
        told = _told(seen, settings)
        if not told:
            continue
        table, numbers = kinds_table(told, {})[0], np.array(visits_of(told, settings.visit))
        sums = np.array([table[numbers == visit].sum(axis=0) for visit in range(numbers[-1] + 1)])
        sizes, each = np.bincount(numbers), (table**2).sum()
        within, between = (sizes * (sizes - 1)).sum(), len(told) ** 2 - (sizes**2).sum()
        if within and between:
            same = ((sums**2).sum() - each) / within
            other = ((table.sum(axis=0) ** 2).sum() - (sums**2).sum()) / between
            together += len(told) * (same - other)
            possible += len(told) * (each / len(told) - other)
    return float(np.clip(together / possible, 0.0, settings.together)) if possible > 0 else settings.together


def learn_bound(
    histories: Sequence[Sequence[Seen]], usual: Mapping[str, float], settings: DriftSettings = DEFAULT_DRIFT, *, seed: int = 0
) -> float:
    """The least evidence of which it is three to one that all but `alarm` of the shoppers whose taste stays never reach it.

    Histories with their visits in random order show no drift (a permutation test, Fisher 1935). Of n of them, sorted by their
    highest evidence, the bound is the order statistic that holds with that confidence (a tolerance limit, Wilks 1941), from
    three orders each. Tastes that moved, shuffled, are wider than others: the bound errs to the safe side by them. With too few
    histories for any (fewer than 69 at 2 %) it is 1 / alarm.
    """
    over = _over(len(histories), settings.alarm)
    if not over:
        return 1 / settings.alarm
    chance, quiet = Random(seed), replace(settings, alarm=_NEVER, bound=0.0)
    highest = sorted(
        max(follow(_shuffled(seen, settings, chance), usual, quiet).evidence, default=0.0)
        for seen in histories for _ in range(_ORDERS)
    )
    return max(2.0, float(np.nextafter(highest[-over * _ORDERS], np.inf)))


def _over(count: int, alarm: float) -> int:
    """Of so many the rank of the one whose value is the tolerance limit, from the greatest; 0 when there is none."""
    return sum(bool(bdtr(k, count, alarm) <= 1 - _SURE) for k in range(count))


def _told(seen: Sequence[Seen], settings: DriftSettings) -> list[Seen]:
    """The acts that a drift is followed in, oldest first."""
    return sorted((s for s in dict.fromkeys(seen) if s.kinds), key=in_order)[-settings.longest :]


def _shuffled(seen: Sequence[Seen], settings: DriftSettings, chance: Random) -> list[Seen]:
    """The acts with their visits in random order, two pauses apart."""
    told = _told(seen, settings)
    if not told:
        return []
    numbered = zip(visits_of(told, settings.visit), told, strict=True)
    order = [list(visit) for _, visit in groupby(numbered, key=lambda pair: pair[0])]
    chance.shuffle(order)
    start, apart = told[0].at, 2 * settings.visit + timedelta(seconds=1)
    return [
        replace(act, at=start + apart * number + timedelta(microseconds=place if settings.visit else 0))
        for number, visit in enumerate(order) for place, (_, act) in enumerate(visit)
    ]
