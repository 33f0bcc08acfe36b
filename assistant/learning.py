"""What a turn teaches of its shopper beyond the session. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.fading import DEFAULT_HALF_LIVES, HalfLives, join
from assistant.feedback import Feedback, event_id
from assistant.interests import long_term, with_long_term
from assistant.schema import Interest, Profile, Turn
from retrieval.schema import Interaction

BELIEVED = 0.5
"""How much of a wish said once is believed to last beyond its session."""
_FLEETING = frozenset({"price", "rating", "item"})
"""Facets whose wishes are about one purchase: "under 60" said of a kettle says nothing of boots."""


def renewed(profile: Profile, known: Sequence[Interest]) -> Profile:
    """A session's profile with the shopper's long-term interests as they are `known` now; what the session set aside stays so."""
    aside = {str(interest.signal) for interest in profile.set_aside}
    held = with_long_term(profile, [interest for interest in known if str(interest.signal) not in aside])
    return replace(held, set_aside=tuple(interest for interest in known if str(interest.signal) in aside))


def taken_back(before: Profile, after: Profile) -> tuple[Interest, ...]:
    """The long-term interests that are held no more."""
    kept = {str(interest.signal) for interest in long_term(after)}
    return tuple(old for old in long_term(before) if str(old.signal) not in kept)


def learnt(
    before: Profile, turn: Turn, known: Sequence[Interest], *, paused: bool = False, half_lives: HalfLives = DEFAULT_HALF_LIVES
) -> tuple[Interest, ...]:
    """What is known of the shopper after the turn: what was `known`, what she asked to be remembered, and, unless learning is
    paused, what she wished for: half believed the first time and more with each time that it is said again."""
    earlier = long_term(before)
    stated = [interest for interest in long_term(turn.profile) if interest not in earlier]
    said = [
        replace(interest, strength=BELIEVED * interest.strength, term="long", turn=0) for interest in turn.profile.interests
        if interest.term == "session" and interest.source == "message" and interest.turn == turn.number
        and interest.signal.facet not in _FLEETING
    ]
    return join(known, stated if paused else [*stated, *said], half_lives)


def acts_of(events: Iterable[Feedback], shopper_id: str) -> tuple[Interaction, ...]:
    """The reactions as what a shopper did with items. A dislike says which item, and by its reason why, but not which of all its
    other properties; what was put off or passed over says less."""
    return tuple(
        Interaction(shopper_id, event.item_id, event.kind, event.at)
        for event in events
        if event.at is not None and event.item_id and event.kind in ("like", "click", "cart", "purchase")
    )


def reactions(before: Profile, turn: Turn) -> tuple[Feedback, ...]:
    """The likes and dislikes of shown items that the turn's message tells."""
    liked = [(item, "like") for item in turn.profile.liked if item not in before.liked]
    disliked = [(item, "dislike") for item in turn.profile.rejected if item not in before.rejected]
    return tuple(
        Feedback(event_id(turn.id, item, kind), turn.id, kind, item, turn.at)  # type: ignore[arg-type]
        for item, kind in (*liked, *disliked)
    )


def with_reactions(profile: Profile, events: Iterable[Feedback]) -> Profile:
    """A new session's profile with what earlier ones liked and disliked; of several reactions to an item the last one counts."""
    last = {event.item_id: event.kind for event in events if event.item_id and event.kind in ("like", "dislike", "return")}
    liked = tuple(item for item, kind in last.items() if kind == "like")
    return replace(profile, liked=liked, rejected=tuple(item for item in last if item not in liked))
