"""Replies that need no search: greetings, reactions, what is remembered, a person wanted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.interests import wishes
from assistant.memory_card import Entry, entries
from assistant.phrases import join, say
from assistant.plain_words import wish_text
from assistant.safety import says_something
from assistant.schema import Profile, Reading, Reply
from retrieval.schema import Item, Language

_TOLD = 8
"""Lasting interests that a reply lists, the surest first; the memory card has all."""


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


def on_memory(reading: Reading, before: Profile, after: Profile, now: datetime) -> Reply:
    """What is remembered now, what was forgotten, or what is held and where it comes from."""
    language = reading.language
    topics = {signal.value for signal in reading.signals if signal.facet == "topic"}
    if "forget" in topics:
        return Reply("memory", _forgotten(reading, before, after))
    if "remember" in topics:
        stated = [wish_text(signal, language) for signal in wishes(reading)]
        return Reply("memory", say("noted", language, wishes=join(stated or [reading.text], language)))
    asked = {signal.value for signal in wishes(reading)} if "show" in topics else set()
    held = [entry for entry in entries(after, language, now) if not asked or entry.interest.signal.value in asked]
    lasting, fleeting = [entry for entry in held if entry.lasting], [entry.words for entry in held if not entry.lasting]
    if not lasting:
        text = say("known", language, wishes=join(fleeting, language)) if fleeting else say("known_nothing", language)
        return Reply("memory", text)
    lines = [say("known_long", language), "", *(_told(entry, language) for entry in lasting[:_TOLD])]
    lines += [say("known_more", language, count=len(lasting) - _TOLD)] if len(lasting) > _TOLD else []
    lines.append("")
    lines += [say("known_now", language, wishes=join(fleeting, language)), ""] if fleeting else []
    return Reply("memory", "\n".join([*lines, say("known_how", language, wish=lasting[0].interest.signal.value)]))


def _forgotten(reading: Reading, before: Profile, after: Profile) -> str:
    """What is gone; never that something is which was not held."""
    language, stated = reading.language, wishes(reading)
    kept = {str(interest.signal) for interest in (*after.interests, *after.set_aside)}
    gone = [i.signal for i in (*before.interests, *before.set_aside) if str(i.signal) not in kept]
    if gone and not stated:
        return say("forgotten_all", language)
    if gone:
        return say("forgotten", language, wishes=join(list(dict.fromkeys(wish_text(s, language) for s in gone)), language))
    if stated:
        return say("forgotten_nothing", language, wishes=join([wish_text(s, language) for s in stated], language))
    return say("known_nothing", language)


def _told(entry: Entry, language: Language) -> str:
    sentence = entry.interest.sentence
    facts = {"wish": entry.words, "surety": entry.surety, "age": entry.age, "origin": entry.origin}
    return say("known_entry" if sentence else "known_brief", language, sentence=sentence, **facts)


def hand_over(reading: Reading) -> Reply:
    """A person was wanted."""
    return Reply("handoff", say("human", reading.language))
