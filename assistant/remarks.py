"""What reviewers were read to say of an item: which remarks concern a wish, how many praise, in whose words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.safety import language_of
from retrieval.schema import Language, Quote, Remark, Review
from retrieval.text import tokens

_EMPTY_WORDS = frozenset("your with from that this have very more some than them they when what".split())
_LONGEST_QUOTE = 160


@dataclass(frozen=True, slots=True)
class Opinions:
    """How reviewers speak of something, each reviewer counted once a side."""

    praise: int
    complaints: int
    praised: Quote | None
    """In the words of one who praises."""
    blamed: Quote | None
    """In the words of one who complains."""


def topic_words(topics: Iterable[str]) -> frozenset[str]:
    """The words of the topics by which a text is found that speaks of them."""
    words = {word for topic in topics for word in tokens(topic) if len(word) >= (4 if word.isascii() else 2)}
    return frozenset(words - _EMPTY_WORDS)


def shared_words(words: Iterable[str], text: str) -> int:
    """How many of the words the text says, in whichever form."""
    said = set(tokens(text))
    return sum(any(_akin(word, other) for other in said) for word in words)


def concerning(remarks: Iterable[Remark], topics: Sequence[str]) -> tuple[tuple[int, Remark], ...]:
    """The remarks whose aspect, word or quote speaks of a topic, each with how many of the topics' words it says; those
    that name the aspect itself, however short, count twice."""
    names = {name for topic in topics for name in tokens(topic)} - _EMPTY_WORDS
    words = topic_words(topics)
    found = []
    for remark in remarks:
        aspect = remark.aspect
        shared = shared_words(words, f"{aspect.facet} {aspect.value} {aspect.span}")
        shared += 2 * len(names & set(tokens(aspect.facet)))
        if shared:
            found.append((shared, remark))
    return tuple(found)


def opinions_on(
    remarks: Sequence[Remark], reviews: Mapping[str, Review], topics: Sequence[str], language: Language
) -> Opinions | None:
    """How the reviewers speak of the topics; None when none of the remarks concerns them. `reviews` are those that may be
    quoted, by id."""
    told = [(shared, remark) for shared, remark in concerning(remarks, topics) if remark.review_id in reviews]
    if not told:
        return None
    praise = [(shared, remark) for shared, remark in told if remark.aspect.wanted]
    blame = [(shared, remark) for shared, remark in told if not remark.aspect.wanted]
    return Opinions(
        len({remark.review_id for _, remark in praise}), len({remark.review_id for _, remark in blame}),
        best_quote(praise, reviews, language), best_quote(blame, reviews, language),
    )


def best_quote(
    told: Iterable[tuple[int, Remark]], reviews: Mapping[str, Review], language: Language
) -> Quote | None:
    """The quote of the remark that says most, in the shopper's language first, a longer one before a shorter."""
    quotable = [(shared, remark) for shared, remark in told if len(remark.aspect.span) <= _LONGEST_QUOTE]
    if not quotable:
        return None

    def worth(entry: tuple[int, Remark]) -> tuple[bool, int, int]:
        shared, remark = entry
        return language_of(remark.aspect.span) == language, shared, len(remark.aspect.span)

    best = max(quotable, key=worth)[1]
    text = best.aspect.span
    return Quote(best.review_id, text, language_of(text), reviews[best.review_id].rating)


def most_named(remarks: Iterable[Remark], *, wanted: bool, language: Language, limit: int = 3) -> tuple[tuple[str, int], ...]:
    """(aspect, reviewers) of what most praise, or with `wanted` False complain of, in the shopper's language; what only one
    speaks of is left out."""
    said = {(r.aspect.facet.casefold(), r.review_id) for r in remarks if r.aspect.wanted == wanted}
    counted = Counter(facet for facet, _ in said if language_of(facet) == language)
    often = [entry for entry in counted.items() if entry[1] > 1]
    return tuple(sorted(often, key=lambda entry: (-entry[1], entry[0]))[:limit])


def _akin(one: str, other: str) -> bool:
    """The same word, or forms of one: quiet, quieter; hike, hiking."""
    if one == other:
        return True
    stem = min(len(one), len(other)) - 1
    return one.isascii() and stem >= 4 and one[:stem] == other[:stem] and abs(len(one) - len(other)) <= 3
