"""What shoppers did with what they were shown: kept once each, counted by item, and felt in the same session."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Connection, Engine, func, insert, select, update

from assistant.identity import Identity
from assistant.memory_tables import erased_table, feedback_table, impressions_table, turns_table
from assistant.schema import Interest, Profile
from retrieval.database import reading, writing
from retrieval.exploration import Clicks
from retrieval.schema import Item, Signal

Kind = Literal["like", "dislike", "later", "click", "cart", "purchase", "return", "ignored"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TAKEN = frozenset({"like", "click", "cart", "purchase"})
"""Kinds that say yes to an item."""
_LOOKED_INTO = frozenset({"click", "cart", "purchase"})
"""Kinds that count as a click."""
PER_SOURCE = "300/minute"
"""Events that one shopper or session may send: five a second, more than a hand can."""
PER_SHOP = "10000/minute"
"""Events that a shop takes from all together."""
_COUNTED_EVERY = 60.0
"""Seconds after which clicks are counted anew."""
_REASON_STRENGTH = 0.5
_REASON_FACETS = ("color", "material")


@dataclass(frozen=True, slots=True)
class Feedback:
    """A shopper's reaction to a recommended item (`item_id`) or to a whole reply (`item_id` empty)."""

    id: str
    """Given by the face that took it: the same event sent twice counts once."""
    turn_id: str
    """The turn that recommended; empty for an event that came of none, which then names its shopper."""
    kind: Kind
    item_id: str = ""
    at: datetime | None = None
    """When it happened; None is now, and a time to come is taken as now."""
    reason: str = ""
    """A signal such as `color!~red`, one of `reasons_against` the item."""
    shopper_id: str = ""
    """Whose it is; left empty, the shopper of the turn."""

    def __post_init__(self) -> None:
        if not self.id or len(self.id) > 64 or len(self.reason) > 255:
            found = f"an event with an id of {len(self.id)} characters and a reason of {len(self.reason)}"
            raise ValueError(f"found {found}, expected 1 to 64 and at most 255")
        if self.kind not in KINDS:
            raise ValueError(f"found the kind {self.kind!r}, expected one of {', '.join(KINDS)}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the events, counted. Given out after they were committed."""

    kept: int = 0
    repeated: int = 0
    """Known already by their id."""
    refused: int = 0
    """Of erased shoppers, or of turns that nobody knows."""
    limited: int = 0
    """More than one source, or the shop, may send in a minute: to be sent again later."""


class Flood:
    """Tells when one source, or all together, send more than they may. Counts in this process only."""

    def __init__(self, per_source: str = PER_SOURCE, per_shop: str = PER_SHOP) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._source: RateLimitItem = parse(per_source)
        self._shop: RateLimitItem = parse(per_shop)

    def takes(self, source: str) -> bool:
        """True while the source may send; every call counts as one event."""
        return self._limiter.hit(self._source, "source", source) and self._limiter.hit(self._shop, "shop")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FeedbackLog:
    """The reactions of a shop's shoppers, in its tables."""

    engine: Engine
    identity: Identity
    flood: Flood = field(default_factory=Flood)
    now: Callable[[], datetime] = field(default=_now)

    def add(self, events: Sequence[Feedback]) -> Receipt:
        """What became of the events; the kept ones are on the disk. Raises StoreError, and then none was kept."""
        taken = [event for event in events if self.flood.takes(event.shopper_id or event.turn_id)]
        if not taken:
            return Receipt(limited=len(events))
        with writing(self.engine) as connection:
            outcomes = Counter(self._add(connection, event) for event in taken)
        return Receipt(**outcomes, limited=len(events) - len(taken))

    def join(self, connection: Connection, events: Sequence[Feedback]) -> None:
        """The events are kept when the connection's transaction is."""
        for event in events:
            self._add(connection, event)

    def of(self, shopper_id: str) -> tuple[Feedback, ...]:
        """The shopper's reactions, by the time they happened."""
        table = feedback_table.c
        chosen = select(feedback_table).where(table.shopper_id == shopper_id).order_by(table.at, table.id)
        with reading(self.engine) as connection:
            rows = connection.execute(chosen).mappings().all()
        return tuple(
            Feedback(row["id"], row["turn_id"], row["kind"], row["item_id"], _utc(row["at"]), row["reason"], shopper_id)
            for row in rows
        )

    def _add(self, connection: Connection, event: Feedback) -> str:
        """The field of the receipt that the event counts in."""
        turn = turns_table.c
        found = connection.execute(select(turn.session_id, turn.shopper_id).where(turn.id == event.turn_id)).first()
        if found is None and (event.turn_id or not event.shopper_id):
            return self._refused(connection, event.shopper_id)
        session, owner = found if found is not None else ("", "")
        shopper = event.shopper_id or owner
        if (owner and shopper != owner) or self._refused_already(connection, shopper):
            return self._refused(connection, shopper)
        known = connection.execute(select(feedback_table.c.id).where(feedback_table.c.id == event.id)).first()
        if known is not None:
            return "repeated"
        shown = {row.item_id: row for row in connection.execute(_shown(event.turn_id))}
        place = shown[event.item_id].position if event.item_id in shown else 0
        row = self._row(event, session, shopper, place)
        rows = [row]
        if event.kind in _LOOKED_INTO and place:
            here = (impressions_table.c.turn_id == event.turn_id, impressions_table.c.item_id == event.item_id)
            connection.execute(update(impressions_table).where(*here).values(clicked=True))
            rows += self._passed_over(connection, event, place, shown, row)
        connection.execute(insert(feedback_table), rows)
        return "kept"

    def _row(self, event: Feedback, session: str, shopper: str, place: int) -> dict[str, Any]:
        now = self.now()
        at = now if event.at is None else min(_utc(event.at), now)
        return {
            "id": event.id, "turn_id": event.turn_id, "item_id": event.item_id, "kind": event.kind, "at": at,
            "session_id": session, "shopper_id": shopper, "reason": event.reason, "position": place,
        }

    def _passed_over(
        self, connection: Connection, event: Feedback, place: int, shown: dict[str, Any], clicked: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """The items above a clicked one were looked at and passed over (skip above: Joachims et al. 2005)."""
        known = select(feedback_table.c.item_id).where(feedback_table.c.turn_id == event.turn_id)
        reacted = set(connection.scalars(known.where(feedback_table.c.kind.in_([*TAKEN, "ignored"]))))
        above = [row for item, row in shown.items() if row.position < place and item not in reacted]
        return [
            {**clicked, "id": event_id(event.turn_id, row.item_id, "ignored"), "item_id": row.item_id, "kind": "ignored",
             "position": row.position, "reason": ""}
            for row in above
        ]

    def _refused_already(self, connection: Connection, shopper_id: str) -> bool:
        tag = select(erased_table.c.tag).where(erased_table.c.tag == self.identity.tag(shopper_id))
        return bool(shopper_id) and connection.execute(tag).first() is not None

    def _refused(self, connection: Connection, shopper_id: str) -> str:
        """An event of an erased shopper is counted, and nothing else of it is kept."""
        same = erased_table.c.tag == self.identity.tag(shopper_id)
        connection.execute(update(erased_table).where(same).values(refused=erased_table.c.refused + 1))
        return "refused"


def event_id(turn_id: str, item_id: str, kind: str) -> str:
    """The id of a reaction that can happen once: 64 hexadecimal digits."""
    return hashlib.sha256(f"{turn_id}\n{item_id}\n{kind}".encode()).hexdigest()


def clicks(engine: Engine) -> Clicks:
    """How often each item was shown and clicked (or put in a cart, or bought), by the kind of product that was wished for."""
    table = impressions_table.c
    clicked = func.sum(func.cast(table.clicked, table.position.type))
    counted = select(table.item_id, table.context, func.count(), clicked).group_by(table.item_id, table.context)
    counts: dict[str, dict[str, tuple[int, int]]] = {}
    with reading(engine) as connection:
        for item, context, shown, taken in connection.execute(counted):
            counts.setdefault(item, {})[context] = (int(shown), int(taken or 0))
    return Clicks(counts)


class FreshClicks:
    """`clicks` of a shop, counted anew once a minute; safe to share between threads."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._clock = engine, clock
        self._counting = threading.Lock()
        self._held: tuple[float, Clicks] | None = None

    def __call__(self) -> Clicks:
        with self._counting:
            if self._held is None or self._clock() - self._held[0] >= _COUNTED_EVERY:
                self._held = self._clock(), clicks(self._engine)
            return self._held[1]


def felt(profile: Profile, event: Feedback, item: Item, at: datetime) -> Profile:
    """`profile` after the reaction, for the rest of the session.

    A like lifts an earlier dislike and the other way round; a disliked or returned item is not shown again, one put off not in
    this session; a reason against it weighs softly against other items with the same.
    """
    liked = tuple(held for held in profile.liked if held != item.id)
    rejected = tuple(held for held in profile.rejected if held != item.id)
    if event.kind == "like":
        return replace(profile, liked=(*liked, item.id), rejected=rejected)
    if event.kind not in ("dislike", "later", "return"):
        return profile
    known = {str(interest.signal) for interest in profile.interests}
    reason = [Signal.parse(event.reason, "profile")] if event.reason and event.reason not in known else []
    interests = tuple(Interest(signal, _REASON_STRENGTH, "click", at, sentence=item.title) for signal in reason)
    return replace(profile, liked=liked, rejected=(*rejected, item.id), interests=(*profile.interests, *interests))


def reasons_against(item: Item) -> tuple[Signal, ...]:
    """What a shopper may dislike about an item, each resting on its data: its price, brand, colour or material."""
    found = [Signal("price", "!~", "pricey", "profile")] if item.price is not None else []
    found += [Signal("brand", "!~", item.brand, "profile")] if item.brand.strip() else []
    for facet in _REASON_FACETS:
        found += [Signal(facet, "!~", value, "profile") for value in item.values(facet)[:1] if value.strip()]
    return tuple(found)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _shown(turn_id: str) -> Any:
    return select(impressions_table).where(impressions_table.c.turn_id == turn_id)
