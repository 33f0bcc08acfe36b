"""Replies that need no search: greetings, reactions, what is remembered, a person wanted."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.interests import wishes
from assistant.phrases import join, say
from assistant.plain_words import wish_text
from assistant.safety import says_something
from assistant.schema import Profile, Reading, Reply
from retrieval.schema import Item


def small_talk(reading: Reading, *, begun: bool = False) -> Reply:
    """A greeting; in a conversation that has begun, the way back to the shop."""
    if not says_something(reading.text):
        return Reply("chat", say("nothing_said", reading.language))
    return Reply("chat", say("thanks" if begun else "greeting", reading.language))


def on_feedback(reading: Reading, screen: Sequence[Item]) -> Reply:
    """What was understood of a reaction, and what follows from it."""
    language = reading.language
    lines = []
    for signal in reading.signals:
        if signal.facet != "item" or not signal.value.isdigit() or not 0 < int(signal.value) <= len(screen):
            continue
        title = screen[int(signal.value) - 1].words(language)[0]
        if signal.op == "~":
            lines.append(say("noted_like", language, title=title))
        elif signal.op in ("!~", "!="):
            lines.append(say("noted_dislike", language, title=title))
    stated = [wish_text(signal, language) for signal in wishes(reading)]
    if stated:
        lines.append(say("noted", language, wishes=join(stated, language)))
    return Reply("chat", "\n".join(lines) or say("thanks", language), quick_replies=(say("quick_others", language),))


def on_memory(reading: Reading, before: Profile, after: Profile) -> Reply:
    """What is remembered now, what was forgotten, or what is held."""
    language = reading.language
    topics = {signal.value for signal in reading.signals if signal.facet == "topic"}
    held = [wish_text(interest.signal, language) for interest in after.interests]
    if "forget" in topics:
        gone = [wish_text(i.signal, language) for i in before.interests if i not in after.interests]
        if not after.interests:
            return Reply("memory", say("forgotten_all", language))
        return Reply("memory", say("forgotten", language, wishes=join(gone or [reading.text], language)))
    if "remember" in topics:
        stated = [wish_text(signal, language) for signal in wishes(reading)]
        return Reply("memory", say("noted", language, wishes=join(stated or [reading.text], language)))
    if not held:
        return Reply("memory", say("known_nothing", language))
    return Reply("memory", say("known", language, wishes=join(held, language)))


def hand_over(reading: Reading) -> Reply:
    """A person was wanted."""
    return Reply("handoff", say("human", reading.language))
