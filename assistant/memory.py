"""What is remembered of conversations: turns by session, and of shoppers who consented their interests beyond it.

A turn begins with `begin` (the profile, with what is known of the shopper) and ends with `keep`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, delete, insert, select, update

from assistant.fading import fade, join
from assistant.feedback import Feedback, FeedbackLog
from assistant.identity import Identity, open_identity
from assistant.learning import learnt, reactions, renewed, taken_back, with_reactions
from assistant.memory_tables import feedback_table, impressions_table, shoppers_table, turns_table
from assistant.own_review import agrees, review_of
from assistant.pace import USUAL_PACE, Pace, pace_file
from assistant.past import Items, has_news, learn_past
from assistant.schema import Interest, Profile, Turn
from assistant.shoppers import Shopper, Shoppers, claim, drop, interests_of, is_erased, shopper_of, store
from retrieval.database import reading, upsert, writing
from retrieval.exploration import context_of
from retrieval.rows import digest, review_row
from retrieval.shop import Shop
from retrieval.tables import interactions, orders, reviews

__all__ = ["Feedback", "Memory", "feedback_table", "turn_json", "turns_table"]

_TURN = TypeAdapter(Turn)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Memory:
    """What was said, by session and by shopper."""

    engine: Engine
    identity: Identity
    now: Callable[[], datetime] = field(default=_now)
    items: Items = field(default=lambda _: ())
    """The shop's items by their ids."""
    pace: Callable[[], Pace] = field(default=lambda: USUAL_PACE)
    """How interests fade and drift here."""
    feedback: FeedbackLog = field(init=False)
    shoppers: Shoppers = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "feedback", FeedbackLog(self.engine, self.identity, now=self.now))
        object.__setattr__(self, "shoppers", Shoppers(self.engine, self.identity, now=self.now))

    @classmethod
    def of(cls, shop: Shop, now: Callable[[], datetime] = _now) -> Memory:
        """The memory of a shop; its keys are made at first use. Raises StoreError."""
        return cls(shop.engine, open_identity(shop.directory), now, shop.items, pace_file(shop.directory).current)

    def turns(self, session_id: str) -> tuple[Turn, ...]:
        """The session's turns, oldest first; empty for a session that nobody began."""
        chosen = select(turns_table).where(turns_table.c.session_id == session_id).order_by(turns_table.c.number)
        with reading(self.engine) as connection:
            return tuple(map(turn_of, connection.execute(chosen)))

    def turns_of(self, shopper_id: str) -> tuple[Turn, ...]:
        """The shopper's turns, oldest first."""
        chosen = select(turns_table).where(turns_table.c.shopper_id == shopper_id)
        with reading(self.engine) as connection:
            return tuple(map(turn_of, connection.execute(chosen.order_by(turns_table.c.at, turns_table.c.number))))

    def consented(self) -> Iterator[Turn]:
        """The turns that may be learnt from, oldest first: those of shoppers who agreed to it."""
        agreed = select(shoppers_table.c.id).where(shoppers_table.c.training, shoppers_table.c.erasing.is_(False))
        chosen = select(turns_table).where(turns_table.c.shopper_id.in_(agreed), turns_table.c.shopper_id != "")
        with reading(self.engine) as connection:
            yield from map(turn_of, connection.execute(chosen.order_by(turns_table.c.at, turns_table.c.id)))

    def begin(self, history: Sequence[Turn], shopper_id: str = "") -> Profile:
        """The profile before the next turn: the session's, with the shopper's long-term interests as they are now.

        What the shop's records tell of a shopper who agreed to be remembered, and was not learnt from, is learnt from first.
        """
        profile = history[-1].profile if history else Profile()
        self._catch_up(shopper_id)
        with reading(self.engine) as connection:
            shopper = shopper_of(connection, shopper_id) if shopper_id else None
            if shopper is None or not shopper.memory:
                return profile
            known = fade(interests_of(connection, shopper_id), self.now(), self.pace().half_lives)
        profile = renewed(profile, known)
        return profile if history else with_reactions(profile, self.feedback.of(shopper_id))

    def keep(self, turn: Turn, before: Profile | None = None) -> None:
        """Keep a finished turn, and what it changed of what was known `before` when its shopper agreed to be remembered.

        All of it or nothing. Raises ValueError for a turn whose reply still grows, StoreError.
        """
        if not turn.done:
            raise ValueError(f"turn {turn.id} is not finished; only whole turns are kept")
        with writing(self.engine) as connection:
            owner = "" if is_erased(connection, self.identity, turn.shopper_id) else turn.shopper_id
            row = {"id": turn.id, "session_id": turn.session_id, "number": turn.number, "at": turn.at, "shopper_id": owner}
            connection.execute(insert(turns_table), [{**row, "body": turn_json(replace(turn, shopper_id=""))}])
            upsert(connection, impressions_table, _impressions(turn))
            if owner and agrees(turn.reading):
                self._keep_review(connection, turn)
            shopper = shopper_of(connection, owner) if owner else None
            if shopper is not None and shopper.memory:
                self._learn(connection, shopper, before or Profile(), turn)

    def amend(self, session_id: str, profile: Profile) -> bool:
        """True when the session has a turn: its newest one ends with `profile` now, as the shopper corrected it."""
        chosen = select(turns_table).where(turns_table.c.session_id == session_id)
        with writing(self.engine) as connection:
            row = connection.execute(chosen.order_by(turns_table.c.number.desc()).limit(1)).first()
            if row is None:
                return False
            body = turn_json(replace(turn_of(row), profile=profile, shopper_id=""))
            connection.execute(update(turns_table).where(turns_table.c.id == row.id).values(body=body))
            return True

    def merge(self, session_id: str, shopper_id: str) -> bool:
        """True when an anonymous session became the shopper's: only of one who agreed to be remembered."""
        history = self.turns(session_id)
        with writing(self.engine) as connection:
            shopper = shopper_of(connection, shopper_id)
            if shopper is None or not shopper.memory:
                return False
            claim(connection, session_id, shopper_id)
            before = Profile()
            for turn in history:
                self._learn(connection, shopper, before, turn)
                before = turn.profile
        return True

    def learn(self, shopper_id: str, new: Sequence[Interest]) -> bool:
        """True when the interests were added to what is known of a shopper: of one who agreed and did not pause."""
        lasting = [replace(interest, term="long", turn=0) for interest in new]
        with writing(self.engine) as connection:
            shopper = shopper_of(connection, shopper_id)
            if shopper is None or not shopper.learns:
                return False
            stored = interests_of(connection, shopper_id)
            store(connection, shopper_id, stored, join(stored, lasting, self.pace().half_lives))
            return True

    def erase(self, session_id: str) -> None:
        """Forget a session and the reactions to it."""
        ids = select(turns_table.c.id).where(turns_table.c.session_id == session_id)
        with writing(self.engine) as connection:
            for table in (feedback_table, impressions_table):
                connection.execute(delete(table).where(table.c.turn_id.in_(ids)))
            connection.execute(delete(turns_table).where(turns_table.c.session_id == session_id))

    def _catch_up(self, shopper_id: str) -> None:
        """The shopper is known by what she did in the shop, if she agreed to be remembered."""
        if not shopper_id:
            return
        with reading(self.engine) as connection:
            shopper = shopper_of(connection, shopper_id)
            if shopper is None or not shopper.memory or not has_news(connection, shopper_id):
                return
        with writing(self.engine) as connection:
            learn_past(connection, shopper, self.items, self.pace(), self.now())

    def _keep_review(self, connection: Connection, turn: Turn) -> None:
        """The review that the turn agrees to stands among the shop's, not read yet."""
        before = (turns_table.c.session_id == turn.session_id, turns_table.c.number == turn.number - 1)
        row = connection.execute(select(turns_table).where(*before)).first()
        offered = turn_of(row) if row is not None else None
        review = review_of(turn, offered)
        if review is not None:
            review = replace(review, verified=_bought(connection, turn.shopper_id, review.item_id))
            upsert(connection, reviews, [review_row(review, digest(review.text))])

    def _learn(self, connection: Connection, shopper: Shopper, before: Profile, turn: Turn) -> None:
        """What the turn said of the shopper is known; what she took back is gone, also while learning is paused."""
        drop(connection, shopper.id, taken_back(before, turn.profile))
        seen = {"seen": max(shopper.seen, turn.at)}
        connection.execute(update(shoppers_table).where(shoppers_table.c.id == shopper.id).values(**seen))
        stored = interests_of(connection, shopper.id)
        new = learnt(before, turn, stored, paused=shopper.paused, half_lives=self.pace().half_lives)
        store(connection, shopper.id, stored, new)
        if not shopper.paused:
            self.feedback.join(connection, reactions(before, turn))


def turn_json(turn: Turn) -> str:
    """The whole turn as JSON, read back by `Memory.turns`."""
    return _TURN.dump_json(turn).decode()


def turn_of(row: Any) -> Turn:
    """The turn of a row; whose it is stands in the row's column, so that it can be changed without the body."""
    return replace(_TURN.validate_json(row.body), shopper_id=row.shopper_id)


def _bought(connection: Connection, shopper_id: str, item_id: str) -> bool:
    """True when the shop's records say that the shopper bought the item."""
    acts = interactions.c
    purchase = (acts.shopper_id == shopper_id, acts.item_id == item_id, acts.kind == "purchase")
    ordered = connection.scalars(select(orders.c["items"]).where(orders.c.shopper_id == shopper_id))
    known = any(item_id == item for body in ordered for item, _ in json.loads(body))
    return known or connection.execute(select(acts.item_id).where(*purchase)).first() is not None


def _impressions(turn: Turn) -> list[dict[str, Any]]:
    """A row for every item of the slate that the shopper saw."""
    if turn.slate is None or turn.query is None:
        return []
    seen, context = frozenset(turn.screen), context_of(turn.query.signals)[:255]
    return [
        {
            "turn_id": turn.id, "item_id": pick.candidate.item.id, "position": place, "context": context,
            "propensity": getattr(pick, "propensity", 1.0), "clicked": False,
        }
        for place, pick in enumerate(turn.slate.picks, 1) if pick.candidate.item.id in seen
    ]
