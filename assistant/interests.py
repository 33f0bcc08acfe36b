"""Signals folded into a profile, and the query that a profile asks for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from assistant.schema import Interest, Profile, Reading, Turn
from retrieval.money import major
from retrieval.people import labels_for
from retrieval.schema import Item, Money, Query, Signal
from retrieval.text import scan, stems

REFERENCES = frozenset({"item", "order", "action", "topic"})
"""Facets that point at something instead of wishing for it."""
ANY = frozenset({"any", "anything", "whatever", "either", "无所谓", "不限", "都行", "都可以", "随便", "随意"})
CHEAPER = frozenset({"cheaper", "less expensive", "lower", "less", "cheapest", "便宜", "更便宜", "低", "实惠"})
DEARER = frozenset({"pricier", "more expensive", "higher", "贵", "高档", "高端"})
REPLACED = frozenset({"category", "color", "brand", "size"})
"""Facets of which a newer wish takes the place of an older one, instead of joining it."""
_NEAR = 2
"""Words between what a text denies and the person that it is denied of: "shopping for"."""
_MINE = ("my ", "our ", "我")
"""How an audience begins that is somebody the shopper knows, and not the cut of a garment."""


def fold(profile: Profile, reading: Reading, screen: Sequence[Item], at: datetime, turn: int) -> Profile:
    """`profile` after what `reading` said about the items on the `screen`.

    A new request replaces the wishes of the old one, except what was asked to be remembered; a refinement adds to
    them, the newer of two contradicting wishes staying. When either names another kind of product, what was said of
    the old kind (its price, material, size, features ...) goes, and for whom it is stays.
    """
    if reading.intent == "memory":
        return _remember(profile, reading, at, turn)
    if reading.intent == "feedback":
        profile = _react(profile, reading, screen)
    if reading.intent not in ("recommend", "refine", "feedback"):
        return profile
    held, aside, moved = profile.interests, profile.set_aside, _names_another_kind(profile, reading)
    if reading.intent == "recommend" or moved:
        held = (*aside, *(i for i in held if i.term == "long" or (moved and _of_a_person(i.signal))))
        aside = ()
    for signal in wishes(reading):
        if reading.intent == "feedback" and _names_the_thing(signal, reading, screen):
            continue
        if _disowned(signal, reading.text):
            held, aside = _without_person(held, signal), _without_person(aside, signal)
            continue
        # "cheaper" said of another kind is not measured by the prices on the screen
        for stated in (signal,) if moved else _absolute(signal, screen, reading):
            new = Interest(stated, 1.0 if stated.hard else 0.7, "message", at, turn, sentence=reading.text)
            held, gone = _add(held, new)
            aside += tuple(old for old in gone if old.term == "long")
    return replace(profile, interests=held, set_aside=aside)


def without(profile: Profile, signals: Sequence[Signal]) -> Profile:
    """`profile` with some of its wishes given up."""
    return replace(profile, interests=tuple(held for held in profile.interests if held.signal not in signals))


def long_term(profile: Profile) -> tuple[Interest, ...]:
    """The interests that outlive the session: what a memory keeps of the profile."""
    return (*(interest for interest in profile.interests if interest.term == "long"), *profile.set_aside)


def with_long_term(profile: Profile, interests: Sequence[Interest]) -> Profile:
    """`profile` with `interests` as its long-term ones, whatever it held of these before."""
    session = tuple(interest for interest in profile.interests if interest.term == "session")
    lasting = tuple(replace(interest, term="long", turn=0) for interest in interests)
    return replace(profile, interests=(*lasting, *session), set_aside=())


def wishes(reading: Reading) -> tuple[Signal, ...]:
    """The signals of a reading that say what an item should be."""
    return tuple(signal for signal in reading.signals if signal.facet not in REFERENCES)


def referred(reading: Reading, screen: Sequence[Item]) -> tuple[Item, ...]:
    """The items on the screen that the message speaks of by number."""
    numbers = [signal.value for signal in reading.signals if signal.facet == "item" and signal.value.isdigit()]
    return tuple(screen[int(number) - 1] for number in numbers if 0 < int(number) <= len(screen))


def named(reading: Reading) -> tuple[str, ...]:
    """Names of products that the message speaks of and the screen does not show."""
    return tuple(s.value for s in reading.signals if s.facet == "item" and not s.value.isdigit())


def show(profile: Profile, items: Sequence[Item]) -> Profile:
    """`profile` after the items were put on the screen."""
    return replace(profile, shown=tuple(dict.fromkeys((*profile.shown, *(item.id for item in items)))))


def query_for(profile: Profile, reading: Reading, screen: Sequence[Item], history: Sequence[Turn], limit: int) -> Query:
    """What to search for after the message: the wishes held, items to resemble, and what not to show again."""
    held = profile.signals
    like = tuple(item.id for item in referred(reading, screen)) if reading.intent == "refine" else ()
    names = named(reading) if reading.intent in ("recommend", "refine") else ()
    signals = held + tuple(s for s in reading.signals if s.facet == "item" and s.value in names)
    if reading.intent == "refine" and not like and any(s.facet == "size" and not s.number for s in wishes(reading)):
        like = tuple(item.id for item in screen)
    return Query(
        text=_search_text(held, reading, history),
        language=reading.language,
        signals=signals,
        like=like,
        shown=profile.shown,
        rejected=profile.rejected,
        fresh=reading.intent == "refine" and not reading.signals,
        limit=limit,
        seed=len(history),
    )


def _names_another_kind(profile: Profile, reading: Reading) -> bool:
    """True when the reading names a kind of product, and none of those that the profile holds."""
    if reading.intent not in ("recommend", "refine"):
        return False
    old, new = _kinds(profile.signals), _kinds(reading.signals)
    return bool(old and new) and not any(_same_kind(one, other) for one in old for other in new)


def _kinds(signals: Sequence[Signal]) -> list[tuple[str, ...]]:
    return [stems(s.value) for s in signals if s.facet == "category" and s.wanted and s.value not in ANY]


def _same_kind(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """True for a kind in fewer or in more words: "boots" and "hiking boots", but neither "phone" and "phone case" (the last
    word names the thing) nor "hiking boots" and "rain boots"."""
    return one[-1:] == other[-1:] and (set(one) <= set(other) or set(other) <= set(one))


def _of_a_person(signal: Signal) -> bool:
    """True for a wish that says whom the shopping is for: "my mother", not "women's"."""
    if signal.facet != "audience" or signal.hard:
        return False
    return signal.value.casefold().startswith(_MINE) or bool(labels_for(signal.value))


def _search_text(held: Sequence[Signal], reading: Reading, history: Sequence[Turn]) -> str:
    """Words for the dense search: the wishes' values; the message itself when nothing was read from it."""
    wanted = [s.value for s in held if s.wanted and s.facet not in ("price", "rating")]
    wanted += named(reading)
    if wanted:
        return " ".join(dict.fromkeys(wanted))
    earlier = [turn.message for turn in history[-1:] if reading.intent == "refine"]
    return " ".join([*earlier, reading.text]).strip()


def _absolute(signal: Signal, screen: Sequence[Item], reading: Reading) -> tuple[Signal, ...]:
    """A wish relative to the screen made absolute: "cheaper" is a bound under the lowest price on it."""
    if signal.facet != "price" or signal.number is not None or not signal.wanted:
        return (signal,)
    prices = [item.price for item in (referred(reading, screen) or screen) if item.price is not None]
    if not prices:
        return (signal,)
    if signal.value in CHEAPER:
        return (replace(signal, op="<=", value=_amount(min(prices), -1)),)
    if signal.value in DEARER:
        return (replace(signal, op=">=", value=_amount(max(prices), +1)),)
    return (signal,)


def _amount(price: Money, step: int) -> str:
    return str(major(Money(max(price.amount + step, 0), price.currency)))


def _add(held: tuple[Interest, ...], new: Interest) -> tuple[tuple[Interest, ...], list[Interest]]:
    """The interests with the new one, and those that made way for it."""
    facet, kept, gone = new.signal.facet, list[Interest](), list[Interest]()
    for old in held:
        (gone if old.signal.facet == facet and _overrides(new, old) else kept).append(old)
    return tuple(kept) if new.signal.value in ANY else (*kept, new), gone


def _overrides(new: Interest, old: Interest) -> bool:
    """True when `old` can't stand beside `new`, which is of the same facet."""
    wish, held = new.signal, old.signal
    if old.term == "long" and not old.stated:  # what was learnt only raises scores: it makes way for its opposite alone
        return wish.value == held.value and (wish.wanted != held.wanted or new.term == "long")
    if wish.value in ANY or wish.value == held.value:
        return True
    if wish.facet in ("price", "rating"):
        return _direction(wish) == _direction(held) or "value" in (_direction(wish), _direction(held))
    if wish.facet == "audience" and _of_a_person(wish) and _of_a_person(held):
        return old.turn < new.turn
    # several values of one message are alternatives; a newer message's value takes the older one's place
    return wish.wanted and held.wanted and wish.facet in REPLACED and old.turn < new.turn


def _direction(signal: Signal) -> str:
    return signal.op if signal.op in ("<=", ">=") else "value"


def _react(profile: Profile, reading: Reading, screen: Sequence[Item]) -> Profile:
    """Likes, dislikes and ownership of shown items."""
    liked, rejected = list(profile.liked), list(profile.rejected)
    for signal in reading.signals:
        if signal.facet != "item" or not signal.value.isdigit() or not 0 < int(signal.value) <= len(screen):
            continue
        item_id = screen[int(signal.value) - 1].id
        if signal.op == "~":
            liked.append(item_id)
        elif signal.op in ("!~", "!="):
            rejected.append(item_id)
    return replace(profile, liked=tuple(dict.fromkeys(liked)), rejected=tuple(dict.fromkeys(rejected)))


def _remember(profile: Profile, reading: Reading, at: datetime, turn: int) -> Profile:
    topics = {signal.value for signal in reading.signals if signal.facet == "topic"}
    stated = wishes(reading)
    if "forget" in topics:
        if not stated:
            return Profile()
        gone = _meant([signal.value for signal in stated], [i.signal.value for i in (*profile.interests, *profile.set_aside)])
        kept, aside = (
            tuple(i for i in held if i.signal.value not in gone) for held in (profile.interests, profile.set_aside)
        )
        return replace(profile, interests=kept, set_aside=aside)
    if "show" in topics:
        return profile
    held = profile.interests
    for signal in stated:
        held, _ = _add(held, Interest(replace(signal, source="profile"), 0.9, "stated", at, turn, "long", reading.text))
    return replace(profile, interests=held)


def _meant(named: Sequence[str], held: Sequence[str]) -> frozenset[str]:
    """The held values that are named: the same but for case, or where there is none those that have every word of the name."""
    found: set[str] = set()
    for name in named:
        same = {value for value in held if value.casefold() == name.casefold()}
        words = set(stems(name))
        found |= same or {value for value in held if words and words <= set(stems(value))}
    return frozenset(found)


def _names_the_thing(signal: Signal, reading: Reading, screen: Sequence[Item]) -> bool:
    """True for an aversion that only names what the complaint is about: who is let down by a kettle may want one."""
    said = set(stems(signal.value))
    words = (word for item in referred(reading, screen) for word in (item.title, *item.category[-1:], *_translated(item)))
    return not signal.wanted and signal.facet == "feature" and any(said <= set(stems(word)) for word in words)


def _translated(item: Item) -> tuple[str, ...]:
    return tuple(word for each in item.translations for word in (each.title, *each.category[-1:]))


def _disowned(signal: Signal, text: str) -> bool:
    """True for a person whom the message is not about: "I'm not shopping for my mother any more", 不是给妈妈买的. The text denies
    a word that stands within two of the person's, in the same clause."""
    if not signal.wanted or not _of_a_person(signal):
        return False
    said, name = scan(text), tuple(token.text for token in scan(signal.value))
    starts = [place for place in range(len(said)) if tuple(t.text for t in said[place : place + len(name)]) == name]
    for start in starts[:1] if name else ():
        clause = max(place for place in range(start + 1) if said[place].after_stop)
        return said[start].negated or any(token.negated for token in said[max(clause, start - _NEAR) : start])
    return False


def _without_person(held: tuple[Interest, ...], signal: Signal) -> tuple[Interest, ...]:
    """The interests without the one for the same person: the end of what names her is the same word."""
    person = stems(signal.value)[-1:]
    return tuple(i for i in held if i.signal.facet != "audience" or stems(i.signal.value)[-1:] != person)
