"""What a shop's records say of a shopper who agreed to be remembered: her acts and orders, each learnt from once.

What she forgets stays forgotten, since the acts that it came from are not looked at again; erasing her erases which they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, select

from assistant.behaviour import facets_of, interests_from
from assistant.fading import join, mass_of, strength_of
from assistant.memory_tables import learnt_acts_table
from assistant.migration import Drift, blend, follow
from assistant.pace import Pace, kinds_of, seen_in
from assistant.schema import Interest
from assistant.shoppers import Shopper, interests_of, store
from retrieval.database import upsert
from retrieval.rows import interaction_of
from retrieval.schema import Interaction, Item
from retrieval.tables import interactions, orders

Items = Callable[[Sequence[str]], Sequence[Item]]
_NOT_BOUGHT = ("cancelled", "lost")
"""States of an order that say nothing of what its shopper has, or wants to have."""
_INFERRED = ("click", "purchase")


def acts_of_records(connection: Connection, shopper_id: str) -> tuple[Interaction, ...]:
    """What the shopper did by the shop's records, the oldest first: interactions, and orders that these do not tell already."""
    done = connection.execute(select(interactions).where(interactions.c.shopper_id == shopper_id)).mappings()
    acts = [interaction_of(row) for row in done]
    told = {(act.item_id, act.at.date()) for act in acts if act.kind == "purchase"}
    placed = select(orders.c["items"], orders.c.placed_at).where(
        orders.c.shopper_id == shopper_id, orders.c.status.not_in(_NOT_BOUGHT)
    )
    for body, at in connection.execute(placed):
        bought = {str(item_id) for item_id, _ in json.loads(body)}
        acts += [Interaction(shopper_id, each, "purchase", at) for each in sorted(bought) if (each, at.date()) not in told]
    return tuple(sorted(acts, key=lambda act: (act.at, act.item_id, act.kind)))


def has_news(connection: Connection, shopper_id: str) -> bool:
    """True when the records tell of acts that were not learnt from."""
    done, learnt = interactions.c, learnt_acts_table.c
    same = and_(
        learnt.shopper_id == done.shopper_id, learnt.item_id == done.item_id, learnt.kind == done.kind, learnt.at == done.at
    )
    fresh = select(done.item_id).outerjoin(learnt_acts_table, same).where(done.shopper_id == shopper_id, learnt.at.is_(None))
    if connection.execute(fresh.limit(1)).first() is not None:
        return True
    ordered = connection.execute(select(orders.c.id).where(orders.c.shopper_id == shopper_id).limit(1)).first()
    return ordered is not None and bool(_unlearnt(connection, shopper_id, acts_of_records(connection, shopper_id)))


def learn_past(connection: Connection, shopper: Shopper, items_of: Items, pace: Pace, now: datetime) -> None:
    """What is new in the records is known of the shopper; passed over while learning is paused, or when it is older than what
    she agreed to have kept. Where her taste has moved, what was inferred of the one that she left counts less."""
    acts = acts_of_records(connection, shopper.id)
    new = _unlearnt(connection, shopper.id, acts)
    rows = [{"shopper_id": a.shopper_id, "item_id": a.item_id, "kind": a.kind, "at": a.at, "learnt": now} for a in new]
    upsert(connection, learnt_acts_table, rows)
    kept = [act for act in new if act.at >= now - timedelta(days=shopper.retention_days)]
    if shopper.paused or not kept:
        return
    items = {item.id: item for item in items_of(sorted({act.item_id for act in acts}))}
    drift = follow(seen_in(acts, items), pace.usual, pace.drift)
    found = interests_from(kept, items, now=now, half_lives=pace.half_lives, weights=weights(acts, drift, pace))
    stored = interests_of(connection, shopper.id)
    lessened = [_left(old, drift, {act.at for act in new}, items, pace) for old in stored]
    store(connection, shopper.id, stored, join(lessened, found, pace.half_lives))


def weights(acts: Iterable[Interaction], drift: Drift, pace: Pace) -> dict[tuple[str, datetime], float]:
    """What each act counts in a taste that drifted so, 0 to 1, as `interests_from` takes it: all acts on an item of one day the
    same, those before the first that the drift rests on as much as that one."""
    if not drift.seen:
        return {}
    counts = blend(drift, pace.drift)
    by_day = {(seen.item_id, seen.at.date()): count for seen, count in zip(drift.seen, counts, strict=True)}
    began = drift.seen[0].at
    return {
        (act.item_id, act.at): by_day.get((act.item_id, act.at.date()), counts[0] if act.at < began else 1.0) for act in acts
    }


def _left(old: Interest, drift: Drift, new: set[datetime], items: Mapping[str, Item], pace: Pace) -> Interest:
    """The stored interest, weaker when it was inferred and nothing of it belongs to the kinds that the new acts moved to."""
    moves = [move for move in drift.migrations if move.noticed in new]
    if not moves or old.source not in _INFERRED or old.pinned:
        return old
    told = old.signal.facet, old.signal.value
    kinds = {kind for item in items.values() if told in facets_of(item) for kind in kinds_of(item)}
    today = dict(moves[-1].new)
    if not kinds or any(today.get(kind, 0.0) >= 1 / (1 + len(today)) for kind in kinds):
        return old
    return replace(old, strength=strength_of(mass_of(old.strength) * pace.drift.kept))


def _unlearnt(connection: Connection, shopper_id: str, acts: Iterable[Interaction]) -> tuple[Interaction, ...]:
    table = learnt_acts_table.c
    chosen = select(table.item_id, table.kind, table.at).where(table.shopper_id == shopper_id)
    known = {tuple(row) for row in connection.execute(chosen)}
    return tuple(act for act in acts if (act.item_id, act.kind, act.at) not in known)
