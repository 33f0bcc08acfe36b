"""Shoppers in the shop's tables: what they consented to, and the interests that outlive a session.

Nothing is kept of a shopper who did not consent to it; an id that nobody has, that was erased, or that belongs to someone
else gives the same None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, delete, select, update

from assistant.identity import Identity
from assistant.memory_tables import (
    erased_table,
    feedback_table,
    interests_table,
    learnt_acts_table,
    shoppers_table,
    turns_table,
)
from assistant.schema import Interest
from retrieval.database import reading, upsert, writing
from retrieval.schema import Signal

RETENTION_DAYS = 365
"""How long a shopper's turns and unused interests are kept when nothing else was agreed."""
_INTEREST = TypeAdapter(Interest)


@dataclass(frozen=True, slots=True)
class Shopper:
    """What a shopper agreed to."""

    id: str
    created: datetime
    seen: datetime
    """The newest turn."""
    memory: bool = False
    """Interests and turns may be kept beyond the session."""
    training: bool = False
    """Turns and reactions may be learnt from."""
    paused: bool = False
    """Nothing new is learnt until it goes on; what is known is used."""
    retention_days: int = RETENTION_DAYS

    @property
    def learns(self) -> bool:
        """True when something new may be kept."""
        return self.memory and not self.paused


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Shoppers:
    """The shoppers of a shop."""

    engine: Engine
    identity: Identity
    now: Callable[[], datetime] = field(default=_now)

    def get(self, shopper_id: str) -> Shopper | None:
        """The shopper; None for an id that is unknown, erased or being erased."""
        with reading(self.engine) as connection:
            return shopper_of(connection, shopper_id)

    def consent(
        self, shopper_id: str, *, memory: bool, training: bool = False, retention_days: int | None = None
    ) -> Shopper | None:
        """What the shopper agrees to from now on; None for an erased id, which stays erased.

        Without `memory` the interests go at once and the turns are nobody's, so that they go with their sessions. Raises
        ValueError for an id that can't be one, or for a retention under a day.
        """
        self.identity.sign(shopper_id)
        if retention_days is not None and retention_days < 1:
            raise ValueError(f"found a retention of {retention_days} days, expected 1 or more")
        with writing(self.engine) as connection:
            if is_erased(connection, self.identity, shopper_id):
                return None
            held = shopper_of(connection, shopper_id) or Shopper(shopper_id, self.now(), self.now())
            days = held.retention_days if retention_days is None else retention_days
            paused = held.paused and memory
            agreed = replace(held, memory=memory, training=memory and training, paused=paused, retention_days=days)
            upsert(connection, shoppers_table, [{**asdict(agreed), "erasing": False}])
            if not memory:
                for table in (interests_table, learnt_acts_table):
                    connection.execute(delete(table).where(table.c.shopper_id == shopper_id))
                release(connection, shopper_id)
            return agreed

    def pause(self, shopper_id: str, paused: bool = True) -> Shopper | None:
        """The shopper, of whom nothing new is learnt while paused; None for an unknown id."""
        with writing(self.engine) as connection:
            held = shopper_of(connection, shopper_id)
            if held is None:
                return None
            connection.execute(update(shoppers_table).where(shoppers_table.c.id == shopper_id).values(paused=paused))
            return replace(held, paused=paused)

    def interests(self, shopper_id: str) -> tuple[Interest, ...]:
        """The long-term interests, oldest evidence first; empty for an unknown id."""
        with reading(self.engine) as connection:
            return interests_of(connection, shopper_id) if shopper_of(connection, shopper_id) else ()

    def forget(self, shopper_id: str, signals: Iterable[Signal]) -> int:
        """How many interests are gone now: those with the facet and value of one of the signals, whatever their operator."""
        gone = {(signal.facet, signal.value) for signal in signals}
        with writing(self.engine) as connection:
            held = [i for i in self._held(connection, shopper_id) if (i.signal.facet, i.signal.value) in gone]
            drop(connection, shopper_id, held)
            return len(held)

    def pin(self, shopper_id: str, signal: Signal, pinned: bool = True) -> bool:
        """True when the interest is there; it is pinned from now on, or not any more."""
        return self._change(shopper_id, signal, lambda old: replace(old, pinned=pinned))

    def edit(self, shopper_id: str, signal: Signal, new: Signal) -> bool:
        """True when the interest was there; it is `new` from now on, as stated by the shopper."""
        at = self.now()
        return self._change(shopper_id, signal, lambda old: edited(old, new, at))

    def save(self, shopper_id: str, interests: Sequence[Interest]) -> bool:
        """True when the interests were kept: for a shopper who consented and did not pause."""
        with writing(self.engine) as connection:
            held = shopper_of(connection, shopper_id)
            if held is None or not held.learns:
                return False
            put(connection, shopper_id, interests)
            return True

    def _change(self, shopper_id: str, signal: Signal, change: Callable[[Interest], Interest]) -> bool:
        with writing(self.engine) as connection:
            old = next((i for i in self._held(connection, shopper_id) if same(i.signal, signal)), None)
            if old is None:
                return False
            drop(connection, shopper_id, [old])
            put(connection, shopper_id, [change(old)])
            return True

    def _held(self, connection: Connection, shopper_id: str) -> tuple[Interest, ...]:
        return interests_of(connection, shopper_id) if shopper_of(connection, shopper_id) else ()


def edited(old: Interest, new: Signal, at: datetime) -> Interest:
    """The interest as the shopper words it now: her own statement, as strong as one."""
    return replace(old, signal=replace(new, source="profile", span=""), strength=max(old.strength, 0.9), source="stated", at=at)


def same(one: Signal, other: Signal) -> bool:
    """True for the same wish, wherever it was read."""
    return str(one) == str(other)


def shopper_of(connection: Connection, shopper_id: str) -> Shopper | None:
    """The shopper's row; None when there is none or it is being erased."""
    chosen = select(shoppers_table).where(shoppers_table.c.id == shopper_id, shoppers_table.c.erasing.is_(False))
    row = connection.execute(chosen).mappings().first()
    return Shopper(**{name: value for name, value in row.items() if name != "erasing"}) if row else None


def is_erased(connection: Connection, identity: Identity, shopper_id: str) -> bool:
    """True for an id whose erasure was asked for."""
    chosen = select(erased_table.c.tag).where(erased_table.c.tag == identity.tag(shopper_id))
    return connection.execute(chosen).first() is not None


def interests_of(connection: Connection, shopper_id: str) -> tuple[Interest, ...]:
    """The stored interests, oldest evidence first."""
    chosen = select(interests_table.c.body).where(interests_table.c.shopper_id == shopper_id)
    ordered = chosen.order_by(interests_table.c.at, interests_table.c.facet, interests_table.c.value)
    return tuple(_INTEREST.validate_json(body) for (body,) in connection.execute(ordered))


def put(connection: Connection, shopper_id: str, interests: Iterable[Interest]) -> None:
    """The interests are the shopper's, in place of those with the same signal."""
    found = {_key(shopper_id, interest): replace(interest, term="long", turn=0) for interest in interests}
    rows: list[dict[str, Any]] = [
        {
            "shopper_id": key[0], "facet": key[1], "op": key[2], "value": key[3], "at": interest.at,
            "body": _INTEREST.dump_json(interest).decode(),
        }
        for key, interest in found.items()
    ]
    upsert(connection, interests_table, rows)


def drop(connection: Connection, shopper_id: str, interests: Iterable[Interest]) -> None:
    """The shopper does not hold the interests any more."""
    table = interests_table.c
    for _, facet, op, value in {_key(shopper_id, interest) for interest in interests}:
        same_row = (table.shopper_id == shopper_id, table.facet == facet, table.op == op, table.value == value)
        connection.execute(delete(interests_table).where(*same_row))


def store(connection: Connection, shopper_id: str, old: Sequence[Interest], new: Sequence[Interest]) -> None:
    """The shopper, who held `old`, holds `new` and nothing else."""
    drop(connection, shopper_id, [interest for interest in old if interest not in new])
    put(connection, shopper_id, [interest for interest in new if interest not in old])


def release(connection: Connection, shopper_id: str) -> None:
    """The shopper's turns and reactions are nobody's: they go when their sessions go."""
    for table in (turns_table, feedback_table):
        connection.execute(update(table).where(table.c.shopper_id == shopper_id).values(shopper_id=""))


def claim(connection: Connection, session_id: str, shopper_id: str) -> None:
    """The anonymous turns and reactions of a session are the shopper's."""
    for table in (turns_table, feedback_table):
        theirs = (table.c.session_id == session_id, table.c.shopper_id == "")
        connection.execute(update(table).where(*theirs).values(shopper_id=shopper_id))


def _key(shopper_id: str, interest: Interest) -> tuple[str, str, str, str]:
    return shopper_id, interest.signal.facet, interest.signal.op, interest.signal.value
