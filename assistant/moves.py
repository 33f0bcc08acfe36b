"""Where shoppers' interests move in a shop: counts of people who left one kind of product for another, never of one or a few.

The same promise as `insight`: a count is of distinct shoppers and told from a group of them on, or with noise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from assistant.insight import GROUP, Count, told_counts
from assistant.migration import Drift, follow
from assistant.pace import Pace, seen_in
from retrieval.schema import Interaction, Item

ARROW = " → "


@dataclass(frozen=True, slots=True)
class Moves:
    """The aggregates of a shop's migrations."""

    turned_to: tuple[Count, ...]
    """`2026-03 Garden`: people who looked at, chose or bought of the kind in the month."""
    left: tuple[Count, ...]
    """Kinds that people moved away from."""
    taken_up: tuple[Count, ...]
    """Kinds that people moved to."""
    pairs: tuple[Count, ...]
    """`Outdoor → Garden`."""
    group: int
    epsilon: float | None = None


def moves(
    interactions: Iterable[Interaction], items: Mapping[str, Item], pace: Pace, *, since: datetime, group: int = GROUP,
    epsilon: float | None = None,
) -> Moves:
    """The migrations of all shoppers that began since then. Raises InsightError as `insight` does."""
    by_shopper: dict[str, list[Interaction]] = defaultdict(list)
    for act in interactions:
        by_shopper[act.shopper_id].append(act)
    tables: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in ("turned_to", "left", "taken_up", "pairs")}
    for shopper_id, acts in by_shopper.items():
        for name, key in _keys(follow(seen_in(acts, items), pace.usual, pace.drift), since):
            tables[name][key].add(shopper_id)
    told = {name: told_counts(table, group, epsilon) for name, table in tables.items()}
    return Moves(told["turned_to"], told["left"], told["taken_up"], told["pairs"], group, epsilon)


def _keys(drift: Drift, since: datetime) -> Iterable[tuple[str, str]]:
    """(table, key) of everything that one shopper counts for."""
    yield from (("turned_to", f"{seen.at:%Y-%m} {kind}") for seen in drift.seen if seen.at >= since for kind in seen.kinds)
    for move in drift.migrations:
        old, new = move.old[0][0], move.new[0][0]
        if move.at >= since and old != new:
            yield from (("left", old), ("taken_up", new), ("pairs", f"{old}{ARROW}{new}"))
