"""Turns, feedback and sessions in the shop's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy import Engine, delete, insert, select

from assistant.memory_tables import feedback_table, turns_table
from assistant.schema import Turn

_TURN = TypeAdapter(Turn)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A shopper's reaction to a recommended item (`item_id`) or to a whole reply (`item_id` empty)."""

    id: str
    """Given by the face that took it: the same event sent twice counts once."""
    turn_id: str
    kind: Literal["like", "dislike", "click", "cart"]
    item_id: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What was said, by session. Turns are only ever added."""

    engine: Engine

    def turns(self, session_id: str) -> tuple[Turn, ...]:
        """The session's turns, oldest first; empty for a session that nobody began."""
        rows = select(turns_table.c.body).where(turns_table.c.session_id == session_id).order_by(turns_table.c.number)
        with self.engine.connect() as connection:
            return tuple(_TURN.validate_json(body) for (body,) in connection.execute(rows))

    def add(self, turn: Turn) -> None:
        """Keep a finished turn. Raises ValueError for one whose reply still grows."""
        if not turn.done:
            raise ValueError(f"turn {turn.id} is not finished; only whole turns are kept")
        row = {
            "id": turn.id, "session_id": turn.session_id, "shopper_id": turn.shopper_id,
            "number": turn.number, "at": turn.at, "body": turn_json(turn),
        }
        with self.engine.begin() as connection:
            connection.execute(insert(turns_table), [row])

    def feedback(self, events: Sequence[Feedback]) -> int:
        """Keep reactions; those whose id is known already are passed over. The number kept."""
        with self.engine.begin() as connection:
            ids = [event.id for event in events]
            known = set(connection.scalars(select(feedback_table.c.id).where(feedback_table.c.id.in_(ids))))
            rows = [
                {"id": e.id, "turn_id": e.turn_id, "item_id": e.item_id, "kind": e.kind, "at": e.at or datetime.now(UTC),
                 "session_id": "", "shopper_id": "", "reason": "", "position": 0}
                for e in {event.id: event for event in events}.values() if e.id not in known
            ]
            if rows:
                connection.execute(insert(feedback_table), rows)
        return len(rows)

    def erase(self, session_id: str) -> None:
        """Forget a session and the reactions to it."""
        ids = select(turns_table.c.id).where(turns_table.c.session_id == session_id)
        with self.engine.begin() as connection:
            connection.execute(delete(feedback_table).where(feedback_table.c.turn_id.in_(ids)))
            connection.execute(delete(turns_table).where(turns_table.c.session_id == session_id))


def turn_json(turn: Turn) -> str:
    """The whole turn as JSON, read back by `Memory.turns`."""
    return _TURN.dump_json(turn).decode()
