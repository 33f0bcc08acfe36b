"""Which hard wishes exclude each other, whatever a shop has: "under 50 and over 100", "steel but not steel"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product

from retrieval.meaning import Meaning
from retrieval.requirements import Group


def contradiction(groups: Sequence[Group]) -> tuple[Group, ...]:
    """The first two groups that nothing could meet together; empty when there are none.

    Alternatives exclude another wish only when every one of them does.
    """
    for one, other in combinations(groups, 2):
        if all(_exclusive(*pair) or _exclusive(*pair[::-1]) for pair in product(one.meanings, other.meanings)):
            return one, other
    return ()


def _exclusive(one: Meaning, other: Meaning) -> bool:
    """True when what meets `one` breaks `other`, told from what the two mean alone."""
    if one.kind in ("nothing", "any") or one.kind != other.kind:
        return False
    if one.measure is None or other.measure is None:
        return (one.signal.op, other.signal.op) == ("=", "!=") and _same(one, other)
    if (one.measure.dimension, one.measure.columns) != (other.measure.dimension, other.measure.columns):
        return False
    low, high = one.measure.amounts[0], other.measure.amounts[0]
    if (one.signal.op, other.signal.op) == ("=", "!="):
        return low == high
    if one.signal.op == "=" and other.signal.op in ("<=", ">="):
        near = low * one.measure.tolerance
        return low - near > high if other.signal.op == "<=" else low + near < high
    return one.signal.op == ">=" and other.signal.op == "<=" and low > high


def _same(one: Meaning, other: Meaning) -> bool:
    """True when both speak of the same values, shelves and words; how far each reaches beyond them differs with the operator."""
    return replace(one, signal=other.signal, reach=other.reach, deciding=other.deciding) == other
