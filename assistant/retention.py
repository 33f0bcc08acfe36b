"""What is kept ends: sessions that nobody agreed to, turns and interests past their time, erasures that were begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, delete, func, select

from assistant.erasure import Erasure
from assistant.fading import DEFAULT_HALF_LIVES, HalfLives, fade
from assistant.memory_tables import feedback_table, shoppers_table, turns_table
from assistant.shoppers import drop, interests_of
from retrieval.database import reading, writing

SESSION_HOURS = 24
"""After this long without a message a session is over; the turns of one whose shopper did not agree to be remembered go."""
_IDS_A_QUERY = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep deleted."""

    turns: int = 0
    reactions: int = 0
    interests: int = 0
    erasures: int = 0
    """Ended, after a kill had stopped them."""
    brought_back: int = 0
    """Rows of erased shoppers that an import had brought back."""


def sweep(erasure: Erasure, now: datetime, half_lives: HalfLives = DEFAULT_HALF_LIVES) -> Swept:
    """What was past its time is gone. Meant for once a day; run twice it does nothing more. Raises StoreError.

    A clock that was set back keeps more and loses nothing.
    """
    ended = erasure.end_begun()
    with reading(erasure.engine) as connection:
        gone = tuple(dict.fromkeys((*_over(connection, now), *_past(connection, now))))
    with writing(erasure.engine) as connection:
        reactions = sum(_delete_turns(connection, gone[at : at + _IDS_A_QUERY]) for at in range(0, len(gone), _IDS_A_QUERY))
        interests = sum(_delete_interests(connection, *row, now, half_lives) for row in connection.execute(_agreed()).all())
    return Swept(len(gone), reactions, interests, len(ended), erasure.brought_back())


def _over(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Turns of ended sessions that nobody agreed to be kept."""
    agreed = select(shoppers_table.c.id).where(shoppers_table.c.memory)
    turn = turns_table.c
    last = select(turn.session_id).group_by(turn.session_id).having(func.max(turn.at) < now - timedelta(hours=SESSION_HOURS))
    chosen = select(turn.id).where(turn.shopper_id.not_in(agreed), turn.session_id.in_(last))
    return tuple(connection.scalars(chosen))


def _past(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Turns of shoppers that are older than was agreed."""
    turn = turns_table.c
    found = (
        connection.scalars(select(turn.id).where(turn.shopper_id == shopper, turn.at < now - timedelta(days=days)))
        for shopper, days in connection.execute(_agreed()).all()
    )
    return tuple(turn_id for ids in found for turn_id in ids)


def _agreed() -> Select[str, int]:
    return select(shoppers_table.c.id, shoppers_table.c.retention_days).where(shoppers_table.c.memory)


def _delete_turns(connection: Connection, ids: tuple[str, ...]) -> int:
    """How many reactions went with the turns. What was shown and clicked stays: it names nobody."""
    reactions = connection.execute(delete(feedback_table).where(feedback_table.c.turn_id.in_(ids))).rowcount
    connection.execute(delete(turns_table).where(turns_table.c.id.in_(ids)))
    return reactions


def _delete_interests(connection: Connection, shopper_id: str, days: int, now: datetime, half_lives: HalfLives) -> int:
    """How many interests faded away, or had no evidence for as long as was agreed: pinned ones too, the period was agreed to."""
    held = interests_of(connection, shopper_id)
    alive = {str(interest.signal) for interest in fade(held, now, half_lives)}
    gone = [old for old in held if str(old.signal) not in alive or old.at < now - timedelta(days=days)]
    drop(connection, shopper_id, gone)
    return len(gone)
