"""How a shopper's interests moved: strengths over time of what is known of her, for herself and for whoever may look.

Only interests that are held now are told, from acts, reactions and wishes no older than was agreed: what she forgot is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from assistant.behaviour import Strength, Trace, timeline
from assistant.fading import mass_of
from assistant.learning import BELIEVED, acts_of
from assistant.memory import Memory
from assistant.memory_tables import turns_table
from assistant.migration import follow
from assistant.pace import Pace, seen_in
from assistant.past import acts_of_records, weights
from retrieval.database import reading
from retrieval.schema import Interaction, Item, Signal

FACET = "category"
"""Whose values are told: what she looks for, not how it should be."""


def story(memory: Memory, shopper_id: str, moments: Sequence[datetime], most: int = 4) -> tuple[Strength, ...]:
    """How strong each of the `most` strongest kinds of product that are held now was at the moments; empty for an unknown id."""
    shopper, now = memory.shoppers.get(shopper_id), memory.now()
    if shopper is None or not shopper.memory:
        return ()
    begin = now - timedelta(days=shopper.retention_days)
    known = [interest.signal for interest in memory.shoppers.interests(shopper_id)]
    held = {signal.value.casefold() for signal in known if signal.facet == FACET and signal.wanted}
    with reading(memory.engine) as connection:
        done = [*acts_of_records(connection, shopper_id), *acts_of(memory.feedback.of(shopper_id), shopper_id)]
        said = tuple(_wishes(connection, shopper_id))
    acts = [act for act in done if act.at >= begin]
    items = {item.id: item for item in memory.items(sorted({act.item_id for act in acts}))}
    also = [trace for trace in said if trace.at >= begin]
    strengths = {at: _strengths([act for act in acts if act.at <= at], also, items, at, memory.pace()) for at in sorted(moments)}
    last = strengths[max(strengths)] if strengths else {}
    told = sorted((value for value in last if value.casefold() in held), key=lambda value: (-last[value], value))[:most]
    return tuple(Strength(at, FACET, value, then.get(value, 0.0)) for value in told for at, then in strengths.items())


def _strengths(
    acts: Sequence[Interaction], also: Sequence[Trace], items: Mapping[str, Item], at: datetime, pace: Pace
) -> dict[str, float]:
    """What each kind was at a moment, a taste that had been left by then counting less."""
    counted = weights(acts, follow(seen_in(acts, items), pace.usual, pace.drift), pace)
    points = timeline(acts, items, (at,), pace.half_lives, FACET, also, counted)
    return {point.value: point.strength for point in points}


def month_ends(now: datetime, months: int) -> tuple[datetime, ...]:
    """The last moments of the months before this one, and now: `months` moments, the oldest first, in UTC."""
    found = [now.astimezone(UTC)]
    while len(found) < months:
        first = found[-1].replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        found.append(first - timedelta(microseconds=1))
    return tuple(reversed(found))


def _wishes(connection: Connection, shopper_id: str) -> Iterator[Trace]:
    """What she asked for in her own words, believed as much as the memory believes it."""
    chosen = select(turns_table.c.at, turns_table.c.body).where(turns_table.c.shopper_id == shopper_id)
    for at, body in connection.execute(chosen):
        turn = json.loads(body)
        for signal in _wanted(turn["reading"]):
            strength = BELIEVED * (1.0 if signal.hard else 0.7)
            yield Trace(shopper_id, FACET, signal.value, _aware(at), "message", mass_of(strength), str(turn["message"]))


def _wanted(found: dict[str, Any]) -> Iterator[Signal]:
    if found["intent"] in ("recommend", "refine"):
        signals = (Signal(each["facet"], each["op"], each["value"]) for each in found["signals"])
        yield from (signal for signal in signals if signal.facet == FACET and signal.wanted)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
