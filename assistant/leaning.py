"""What a shopper leans to in this session: long-term interests, and how what she turns to now moves them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from assistant.fading import mass_of
from assistant.interests import long_term, wishes
from assistant.migration import Drift, DriftSettings, Seen, follow, target
from assistant.notation import format_line
from assistant.phrases import say
from assistant.safety import language_of
from assistant.schema import Answer, Profile, Question, Turn
from retrieval.catalogue import Shelf
from retrieval.schema import Item, Language, Signal, Slate

WORDS = DriftSettings(together=0.0, visit=timedelta(0), hazard=0.1)
"""A message is an act on its own, and a taste may move between any two."""
_ACTS = 4.0
"""Acts that a unit of evidence for a long-term interest stands for: bought once, about three."""
_MOST = 5
"""Kinds that a slate's mix is given."""
_MATTERS = 0.15, 0.85
"""Between these probabilities of a move it is open which interest counts today."""
_FACET = "interest"
_HALF = 0.5


def session_drift(profile: Profile, history: Sequence[Turn], items: Callable[[Sequence[str]], Sequence[Item]]) -> Drift:
    """Where the taste stands after the turns of the session, beginning with the profile's long-term interests in kinds.

    A turn counts for the kinds that its wishes found; one that wished for nothing shows what was held already and counts not.
    Without long-term interests there is nothing to move away from.
    """
    held = [i for i in long_term(profile) if i.signal.facet == "category" and i.signal.wanted]
    if not held:
        return Drift()
    earlier = min([turn.at for turn in history] or [max(i.at for i in held)]) - timedelta(days=1)
    acts = [Seen(earlier, (i.signal.value,), weight=_ACTS * mass_of(i.strength)) for i in held if i.strength > 0]
    for turn in history:
        if turn.slate and turn.slate.picks and wishes(turn.reading):
            kinds = tuple(item.category[-1] for item in items([item.id for item in turn.slate.items]) if item.category)
            acts.append(Seen(turn.at, kinds, turn.id))
    return follow(acts, {}, WORDS)


def leanings(drift: Drift) -> tuple[tuple[str, float], ...]:
    """The kinds that a slate's mix is to follow, with their shares, the greatest first; for `Query.interests`."""
    return tuple(target(drift, WORDS).items())[:_MOST]


def leaning_wishes(profile: Profile, leans: Sequence[tuple[str, float]]) -> tuple[Signal, ...]:
    """The kind that makes up half of the leaning or more, as a soft wish; none when the shopper has wished for anything but a
    price herself: a gift for somebody has nothing to do with what she buys."""
    if any(signal.facet not in ("price", "rating") for signal in profile.signals):
        return ()
    return tuple(Signal("category", "~", kind, "profile") for kind, share in leans[:1] if share >= _HALF)


def unspoken(slate: Slate, inferred: Sequence[Signal]) -> Slate:
    """The slate without a word on unmet wishes that nobody stated."""
    return replace(slate, relaxed=tuple(signal for signal in slate.relaxed if signal not in inferred))


def which_today(
    profile: Profile, drift: Drift, history: Sequence[Turn], language: Language, shelves: Iterable[Shelf] = ()
) -> Question | None:
    """"You used to ask for hiking, lately for gardening: which is it today?"

    Asked once, and only when it matters: the message names no kind of product, and it is open whether the taste has moved.
    """
    asked = any(turn.reply.question is not None and turn.reply.question.facet == _FACET for turn in history)
    named = any(signal.facet == "category" and signal.wanted for signal in profile.signals)
    if asked or named or not drift.seen:
        return None
    old, new = _sides(drift)
    if not old or not new or old == new or not _open(drift):
        return None
    return question_for(old, new, language, shelves)


def question_for(old: str, new: str, language: Language, shelves: Iterable[Shelf] = ()) -> Question:
    """Which of two kinds it is today, with an answer for either and one for both; named as the shelves are in the language."""
    names = {path_name: shelf.names for shelf in shelves for path_name in shelf.names}
    called = [next((n for n in sorted(names.get(k, ())) if language_of(n, language) == language), k) for k in (new, old)]
    lines = (format_line("refine", (Signal("category", "~", kind),)) for kind in (new, old))
    told = [Answer(name, line) for name, line in zip(called, lines, strict=True)]
    both = Answer(say("no_preference", language), format_line("refine", ()))
    return Question(_FACET, say("which_today", language, new=called[0], old=called[1]), (*told, both), 1.0)


def _open(drift: Drift) -> bool:
    """True when a move was just noticed, or is neither likely nor unlikely."""
    least, most = _MATTERS
    just = bool(drift.migrations) and drift.migrations[-1].noticed == drift.seen[-1].at
    return just or least < _left(drift) < most


def _left(drift: Drift) -> float:
    """The share of the first act's weight that the blend has given up."""
    return 1.0 - drift.keep[0]


def _sides(drift: Drift) -> tuple[str, str]:
    """The kind that was most turned to before, and lately."""
    if drift.migrations:
        return drift.migrations[-1].old[0][0], drift.migrations[-1].new[0][0]
    return _most(s for s in drift.seen if s.at == drift.seen[0].at), _most(drift.seen[-1:])


def _most(seen: Iterable[Seen]) -> str:
    weights: dict[str, float] = {}
    for act in seen:
        for kind in act.kinds:
            weights[kind] = weights.get(kind, 0.0) + act.weight / len(act.kinds)
    return max(weights, key=lambda kind: weights[kind], default="")
