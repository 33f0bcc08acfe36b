"""Does a turn do what it must? Every check returns why it failed; pure, and independent of the search that it judges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Protocol

from assistant.evidence import attributes_of
from assistant.notation import fold
from assistant.schema import Turn
from retrieval.money import format_money, major
from retrieval.schema import NUMBER, Item, Review, Signal

if TYPE_CHECKING:
    from training.dialogues import Expectation, ItemChecks

Reason = tuple[str, str]
"""(name of the check, why it failed)."""
_CONDITION = re.compile(r"^(<=|>=|!=|<|>|=)?\s*(.*)$", re.DOTALL)


class Reviews(Protocol):
    """Where quotes are looked up."""

    def reviews_of(self, item_id: str) -> tuple[Review, ...]: ...


def check_turn(turn: Turn, history: Sequence[Turn], expect: Expectation) -> Iterator[Reason]:
    """What the turn does not do that it should."""
    if expect.intent and turn.reading.intent not in expect.intent:
        yield "intent", f"read as {turn.reading.intent}, expected {' or '.join(expect.intent)}"
    if expect.kind and turn.reply.kind not in expect.kind:
        yield "kind", f"replied with {turn.reply.kind}, expected {' or '.join(expect.kind)}"
    asked = turn.reply.question.facet if turn.reply.question else "nothing"
    if expect.asks and asked not in expect.asks and not ("anything" in expect.asks and asked != "nothing"):
        yield "asks", f"asked about {asked}, expected {' or '.join(expect.asks)}"
    read = {_folded(signal) for signal in turn.reading.signals}
    for text in expect.signals:
        if _folded(Signal.parse(text)) not in read:
            yield "signals", f"{text} was not read; read: {' | '.join(map(str, turn.reading.signals)) or 'nothing'}"
    if expect.items is not None:
        yield from check_items(turn, history, expect.items)
    for words in expect.says:
        if not _says(turn.reply.text, words):
            yield "says", f"the reply does not say {words!r}: {turn.reply.text[:200]!r}"
    for words in expect.not_says:
        if _says(turn.reply.text, words):
            yield "not_says", f"the reply says {words!r}"


def check_items(turn: Turn, history: Sequence[Turn], expect: ItemChecks) -> Iterator[Reason]:
    """What the items offered do not meet."""
    items = [entry.item for entry in turn.reply.recommendations] if turn.slate and turn.slate.picks else []
    if expect.count is not None and not _counts(len(items), str(expect.count)):
        yield "items.count", f"{len(items)} items offered, expected {expect.count}"
    for item in items:
        for name, condition in expect.every.items():
            if not meets(item, name, condition):
                yield "items.every", f"{item.id} ({item.title}) fails {name} {condition}: {_shown(item, name)}"
        if expect.none and all(meets(item, name, condition) for name, condition in expect.none.items()):
            yield "items.none", f"{item.id} ({item.title}) meets {dict(expect.none)}, none should"
    if expect.any and not any(all(meets(i, n, c) for n, c in expect.any.items()) for i in items):
        yield "items.any", f"no item meets {dict(expect.any)}"
    before = [entry.item for entry in history[-1].reply.recommendations] if history else []
    if expect.cheaper_than_previous:
        prices = [item.price.amount for item in before if item.price]
        dear = [i for i in items if i.price and prices and i.price.amount >= min(prices)]
        if dear or not items:
            found = [item.id for item in dear] or "nothing offered"
            yield "items.cheaper_than_previous", f"{found}, expected all below {min(prices, default=0)} in minor units"
    shown = {item_id for earlier in history for item_id in earlier.profile.shown}
    if expect.not_shown_before and (again := [item.id for item in items if item.id in shown]):
        yield "items.not_shown_before", f"shown again: {', '.join(again)}"


def meets(item: Item, name: str, condition: str | int | float) -> bool:
    """Does the item's field or attribute `name` meet `<= 80`, `!= leather`, `red`?"""
    found = _CONDITION.match(str(condition).strip())
    sign, wanted = (found.group(1) or "=", found.group(2)) if found else ("=", str(condition))
    values = _shown(item, name)
    if sign in ("<=", ">=", "<", ">"):
        numbers = [number for number in map(_number, values) if number is not None]
        bound = Decimal(wanted)
        compare = {"<=": bound.__ge__, "<": bound.__gt__, ">=": bound.__le__, ">": bound.__lt__}[sign]
        return bool(numbers) and all(compare(number) for number in numbers)
    holds = any(fold(wanted) in fold(value) for value in values)
    return holds if sign == "=" else not holds


def broken_hard_signals(turn: Turn) -> list[str]:
    """Offered items that break a hard signal held after the turn, judged from the item's own fields."""
    reasons = []
    picks = turn.slate.picks if turn.slate else ()
    for item in (pick.candidate.item for pick in picks):
        for signal in turn.profile.signals:
            if signal.hard and _breaks(item, signal):
                reasons.append(f"{item.id} ({item.title}) breaks {signal}: {_shown(item, signal.facet)}")
    return reasons


def _breaks(item: Item, signal: Signal) -> bool:
    if signal.facet in ("price", "rating") and signal.op in ("<=", ">="):
        if not re.fullmatch(r"[\d.,]+", signal.value):
            return False
        return not meets(item, signal.facet, f"{signal.op} {signal.number}")
    if signal.op == "!=" and signal.facet in ("color", "material", "brand", "category"):
        values = {fold(value) for value in _shown(item, signal.facet)}
        return fold(signal.value) in values and (signal.facet != "color" or len(values) == 1)
    return False


def ungrounded(turn: Turn, reviews: Reviews) -> list[str]:
    """Numbers and quotes of the reply that stand in no fact, and cards that are not the slate's, in its order."""
    reasons = []
    entries = turn.reply.recommendations
    if turn.slate and turn.slate.picks:
        offered = [pick.candidate.item.id for pick in turn.slate.picks]
        if [entry.item.id for entry in entries] != offered[: len(entries)]:
            reasons.append(f"cards {[entry.item.id for entry in entries]} are not the slate {offered}")
    for entry in entries:
        texts = {review.id: review.text for review in reviews.reviews_of(entry.item.id)}
        for quote in entry.quotes:
            if quote.text not in texts.get(quote.review_id, ""):
                reasons.append(f"the quote {quote.text!r} does not stand in review {quote.review_id} of {entry.item.id}")
    known = _numbers(" ".join(_ground(turn)))
    for number in NUMBER.findall(turn.reply.text):
        if number not in known and not (number.isdigit() and int(number) <= max(len(entries), 3)):
            reasons.append(f"the number {number} stands in no fact")
    return reasons


def _ground(turn: Turn) -> Iterator[str]:
    yield turn.message
    yield from map(str, turn.profile.signals)
    yield from map(str, turn.reading.signals)
    yield str(turn.slate.fitting) if turn.slate else ""
    for passage in turn.reply.passages:
        yield f"{passage.title} {passage.text} {passage.version}"
    for entry in turn.reply.recommendations:
        item = entry.item
        yield from (item.title, item.description, entry.title, str(item.rating_count), *(q.text for q in entry.quotes))
        yield f"{item.rating:.1f}" if item.rating is not None else ""
        yield from (part for t in item.translations for part in (t.title, t.description))
        yield from (v for language in ("en", "zh") for _, values in attributes_of(item, language) for v in values)
        yield from (v for variant in item.variants for a in variant.attributes for v in a.values)
        prices = [p for p in (item.price, item.list_price, *(v.price for v in item.variants)) if p]
        yield from (format_money(price, language) for price in prices for language in ("en", "zh"))
    if turn.reply.kind in ("service", "handoff"):
        yield turn.reply.text  # records and rules are quoted whole; their own tests compare them with the tables


def _numbers(text: str) -> set[str]:
    return set(NUMBER.findall(text))


def _shown(item: Item, name: str) -> list[str]:
    match name:
        case "price":
            return [str(major(item.price))] if item.price else []
        case "rating":
            return [str(item.rating)] if item.rating is not None else []
        case "brand":
            return [item.brand]
        case "category":
            return [*item.category, *(word for t in item.translations for word in t.category)]
        case "title":
            return [item.title, *(t.title for t in item.translations)]
        case "text":
            return [item.title, item.description, *(w for t in item.translations for w in (t.title, t.description))]
        case "available":
            return ["yes" if item.available else "no"]
        case _:
            return list(item.values(name)) or list(item.values(name.replace(" ", "_")))


def _number(text: str) -> Decimal | None:
    found = NUMBER.search(text)
    try:
        return Decimal(found.group().replace(",", "")) if found else None
    except InvalidOperation:
        return None


def _says(text: str, words: str) -> bool:
    if len(words) > 2 and words.startswith("/") and words.endswith("/"):
        return re.search(words[1:-1], text, re.IGNORECASE) is not None
    return words.casefold() in text.casefold()


def _counts(count: int, wanted: str) -> bool:
    low, dots, high = wanted.partition("..")
    return int(low) <= count <= int(high) if dots else count == int(low)


def _folded(signal: Signal) -> tuple[str, str, str]:
    return signal.facet, signal.op, fold(signal.value)
