"""What may be said of an item: its facts, the reasons to take it, and a reviewer's own words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assistant.plain_words import column_name, wish_text
from assistant.safety import language_of, speaks_to_a_machine
from retrieval.money import format_money
from retrieval.schema import Item, Language, Match, Quote, Review, Signal
from retrieval.text import tokens

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_FACTS = 6
_EMPTY_WORDS = frozenset("your with from that this have very more some than them they when what".split())
_NO = frozenset({"no", "none", "否", "无", "不"})
_UNSPOKEN = frozenset({"category", "price", "brand", "rating", "item"})
"""Facets that title and price tell already."""
_QUOTE_LENGTH = {"en": (18, 160), "zh": (6, 70)}


def facts_of(item: Item, matches: Sequence[Match], language: Language) -> tuple[str, ...]:
    """Facts to word a recommendation from, the ones that answer a wish first: `material: mesh`, `price: $129.00`."""
    told = [match for match in matches if match.signal.facet not in _UNSPOKEN]
    proven = [
        match.evidence if ": " in match.evidence else f"{column_name(match.signal.facet, language)}: {match.evidence}"
        for match in told
    ]
    own = [(name, values) for name, values in attributes_of(item, language) if not _denied(values)]
    facts = [*proven, *(f"{name}: {', '.join(values)}" for name, values in own)]
    if item.price is not None:
        facts.append(f"price: {format_money(item.price, language)}")
    return tuple(dict.fromkeys(facts))[:_FACTS]


def attributes_of(item: Item, language: Language) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The item's attributes in the shopper's language where the shop has them translated."""
    translated = next((t.attributes for t in item.translations if t.language == language and t.attributes), ())
    return tuple((column_name(a.name, language), a.values) for a in translated or item.attributes if a.values)


def _denied(values: Sequence[str]) -> bool:
    """True for a property that the item has not: its very name in a sentence would claim it."""
    return all(value.casefold() in _NO for value in values)


def reasons_of(matches: Sequence[Match], language: Language, currency: str = "") -> tuple[str, ...]:
    """One short line a wish that the item meets, with the words that prove it."""
    lines = []
    for match in matches:
        wish = wish_text(match.signal, language, currency)
        same = match.evidence.casefold() in wish.casefold()
        lines.append(wish if same else f"{wish} — {match.evidence}")
    return tuple(dict.fromkeys(lines))


def quote_for(reviews: Iterable[Review], wishes: Sequence[Signal], item: Item, language: Language) -> Quote | None:
    """What a pleased buyer says of a wish, else of the item's own properties; None when nobody says anything of either."""
    told = [review for review in reviews if review.rating is None or review.rating >= 4]
    wanted = [wish.value for wish in wishes if wish.wanted and wish.facet not in _UNSPOKEN]
    attributes = (*item.attributes, *(a for translation in item.translations for a in translation.attributes))
    own = [value for attribute in attributes for value in attribute.values]
    return _best(told, wanted, language) or _best(told, own, language)


def opinion_on(reviews: Iterable[Review], wishes: Sequence[Signal], language: Language) -> Quote | None:
    """What a buyer of any number of stars says of what was asked: an answer is no advertisement."""
    return _best(list(reviews), [wish.value for wish in wishes if wish.facet not in _UNSPOKEN], language)


def _best(reviews: Sequence[Review], topics: Sequence[str], language: Language) -> Quote | None:
    """The sentence that speaks of most topics, in the shopper's language first; text that speaks to a machine, or is one of
    several copies of an advertisement, is never quoted."""
    words = {word for topic in topics for word in tokens(topic) if len(word) >= (4 if word.isascii() else 2)} - _EMPTY_WORDS
    best: tuple[float, Quote] | None = None
    for review in reviews:
        if speaks_to_a_machine(review.text) or not words:
            continue
        for sentence in sentences_of(review.text):
            score = _score(sentence, words, language)
            if score > 0 and (best is None or score > best[0]):
                best = (score, Quote(review.id, sentence, language_of(sentence), review.rating))
    return best[1] if best else None


def _score(sentence: str, words: set[str], language: Language) -> float:
    spoken = language_of(sentence)
    low, high = _QUOTE_LENGTH[spoken]
    if not low <= len(sentence) <= high:
        return 0.0
    said = set(tokens(sentence))
    shared = sum(any(_akin(word, other) for other in said) for word in words)
    return 0.0 if not shared else shared + (0.5 if spoken == language else 0.0) - len(sentence) / 10_000


def _akin(one: str, other: str) -> bool:
    """The same word, or forms of one: quiet, quieter; hike, hiking."""
    if one == other:
        return True
    stem = min(len(one), len(other)) - 1
    return one.isascii() and stem >= 4 and one[:stem] == other[:stem] and abs(len(one) - len(other)) <= 3


def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences of a text, each copied verbatim."""
    return tuple(found.group().strip() for found in _SENTENCE.finditer(text) if found.group().strip())
