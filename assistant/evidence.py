"""What may be said of an item: its facts, the reasons to take it, and a reviewer's own words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assistant.plain_words import column_name, wish_text
from assistant.remarks import Opinions, best_quote, concerning, opinions_on, shared_words, topic_words
from assistant.safety import language_of, speaks_to_a_machine
from assistant.sentences import sentences_of
from retrieval.earnings import cost_column
from retrieval.money import format_money
from retrieval.schema import Item, Language, Match, Quote, Remark, Review, Signal

_FACTS = 6
_NO = frozenset({"no", "none", "否", "无", "不"})
_UNSPOKEN = frozenset({"category", "price", "brand", "rating", "item"})
"""Facets that title and price tell already."""
_QUOTE_LENGTH = {"en": (18, 160), "zh": (6, 70)}
_SHORTEST = {"en": 10, "zh": 4}
"""Of praise that was read: a few words may be the whole of it."""


def facts_of(item: Item, matches: Sequence[Match], language: Language) -> tuple[str, ...]:
    """Facts to word a recommendation from, the ones that answer a wish first: `material: mesh`, `price: $129.00`."""
    told = [match for match in matches if match.signal.facet not in _UNSPOKEN]
    proven = [
        _spoken(match, language) if ": " in match.evidence else f"{column_name(match.signal.facet, language)}: {match.evidence}"
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
    told = [a for a in translated or item.attributes if a.values and not cost_column(a.name)]
    return tuple((column_name(a.name, language), a.values) for a in told)


def _spoken(match: Match, language: Language) -> str:
    """The evidence, with the name of its attribute as the shopper reads it: `waterproof: 是` is 防水: 是."""
    name, sign, value = match.evidence.partition(": ")
    return f"{column_name(name, language)}{sign}{value}" if sign and match.where == "attribute" else match.evidence


def _denied(values: Sequence[str]) -> bool:
    """True for a property that the item has not: its very name in a sentence would claim it."""
    return all(value.casefold() in _NO for value in values)


def reasons_of(matches: Sequence[Match], language: Language, currency: str = "") -> tuple[str, ...]:
    """One short line a wish that the item meets, with the words that prove it."""
    lines = []
    for match in matches:
        wish = wish_text(match.signal, language, currency)
        same = match.evidence.casefold() in wish.casefold()
        lines.append(wish if same else f"{wish} — {_spoken(match, language)}")
    return tuple(dict.fromkeys(lines))


def quote_for(
    reviews: Iterable[Review], wishes: Sequence[Signal], item: Item, language: Language, remarks: Sequence[Remark] = (),
) -> Quote | None:
    """What a pleased buyer says of a wish, else of the item's own properties; None when nobody says anything of either.

    Praise that was read in the reviews (`remarks`) goes before a sentence that merely names the topic, and no sentence is
    taken that was read as a complaint.
    """
    told = [review for review in reviews if review.rating is None or review.rating >= 4]
    wanted = [wish.value for wish in wishes if wish.wanted and wish.facet not in _UNSPOKEN]
    attributes = (*item.attributes, *(a for translation in item.translations for a in translation.attributes))
    own = [value for attribute in attributes for value in attribute.values]
    for topics in (wanted, own):
        if quote := _praise(told, remarks, topics, language) or _best(told, topics, language, remarks):
            return quote
    return None


def opinion_on(reviews: Iterable[Review], wishes: Sequence[Signal], language: Language) -> Quote | None:
    """What a buyer of any number of stars says of what was asked: an answer is no advertisement."""
    return _best(list(reviews), [wish.value for wish in wishes if wish.facet not in _UNSPOKEN], language)


def opinions_about(
    reviews: Iterable[Review], remarks: Sequence[Remark], wishes: Sequence[Signal], language: Language
) -> Opinions | None:
    """How buyers of any number of stars were read to speak of what was asked; None when none was."""
    topics = [wish.value for wish in wishes if wish.facet not in _UNSPOKEN]
    return opinions_on(remarks, quotable(reviews), topics, language)


def quotable(reviews: Iterable[Review]) -> Mapping[str, Review]:
    """The reviews by id, without text that speaks to a machine: it is never quoted."""
    return {review.id: review for review in reviews if not speaks_to_a_machine(review.text)}


def _praise(
    reviews: Sequence[Review], remarks: Sequence[Remark], topics: Sequence[str], language: Language
) -> Quote | None:
    """The words of praise that speak of most topics."""
    if not remarks or not topics:
        return None
    by_id = quotable(reviews)
    fitting = (
        remark for remark in remarks if remark.aspect.wanted and remark.review_id in by_id
        and len(remark.aspect.span) >= _SHORTEST[language_of(remark.aspect.span)]
    )
    return best_quote(concerning(fitting, topics), by_id, language)


def _best(
    reviews: Sequence[Review], topics: Sequence[str], language: Language, remarks: Sequence[Remark] = ()
) -> Quote | None:
    """The sentence that speaks of most topics, in the shopper's language first; text that speaks to a machine, or that was
    read as a complaint, is never quoted."""
    words = topic_words(topics)
    if not words:
        return None
    blame = [(remark.review_id, remark.aspect.span) for remark in remarks if not remark.aspect.wanted]
    best: tuple[float, Quote] | None = None
    for review in quotable(reviews).values():
        for sentence in sentences_of(review.text):
            score = _score(sentence, words, language)
            if score <= 0 or (best is not None and score <= best[0]):
                continue
            if not any(read == review.id and (span in sentence or sentence in span) for read, span in blame):
                best = (score, Quote(review.id, sentence, language_of(sentence), review.rating))
    return best[1] if best else None


def _score(sentence: str, words: frozenset[str], language: Language) -> float:
    spoken = language_of(sentence)
    low, high = _QUOTE_LENGTH[spoken]
    if not low <= len(sentence) <= high:
        return 0.0
    shared = shared_words(words, sentence)
    return 0.0 if not shared else shared + (0.5 if spoken == language else 0.0) - len(sentence) / 10_000
