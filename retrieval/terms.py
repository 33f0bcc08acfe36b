"""The words of a query as a catalogue knows them: rarity, and what else they may be written like."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from retrieval.catalogue import Catalogue
from retrieval.people import without_ages
from retrieval.text import HAN, stems

_EMPTY = frozenset("for with and or of in on to is it i my me need want something some please looking show buy good".split())
"""Words of a query that say nothing of an item."""
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a query, or a pair of adjacent Chinese characters."""

    phrase: Phrase
    writings: tuple[Phrase, ...]
    """The phrase and, where the catalogue has them, its nearest spelling, its two halves, or it and its neighbour as one word:
    phrases of one word or two."""
    rarity: float
    """Inverse document frequency over titles, ln(1 + (n - h + .5) / (h + .5)) (Robertson and Sparck Jones 1976)."""

    @property
    def number(self) -> bool:
        """True for one with a digit."""
        return any(character.isdigit() for character in self.phrase[0])


def terms_of(text: str, catalogue: Catalogue, spell: Callable[[Phrase], Phrase] | None = None) -> tuple[Term, ...]:
    """The terms of a query, in its order, each once.

    Chinese is not cut into words: of its pairs of characters those count that the catalogue says somewhere, since 静的 of 安静的
    is no word; all where it says none.
    """
    words = stems(without_ages(text))
    single = [(word,) for word in words if not HAN.match(word) and word not in _EMPTY]
    pairs = [(a, b) for a, b in pairwise(words) if HAN.match(a) and HAN.match(b)]
    said = [pair for pair in pairs if _said(pair, catalogue)]
    phrases = list(dict.fromkeys([*single, *(said or pairs)]))
    padded = [(), *phrases, ()]
    beside = zip(phrases, padded, padded[2:], strict=False)
    return tuple(_term(phrase, before, after, catalogue, spell) for phrase, before, after in beside)


def _term(
    phrase: Phrase, before: Phrase, after: Phrase, catalogue: Catalogue, spell: Callable[[Phrase], Phrase] | None
) -> Term:
    writings = [phrase]
    if len(phrase) == 1 and not HAN.match(phrase[0]):
        ids = catalogue.titles.ids
        joined = [a[0] + b[0] for a, b in ((before, phrase), (phrase, after)) if len(a) == len(b) == 1]
        writings += [(word,) for word in joined if word in ids]
        writings += _halves(phrase[0], catalogue)
        if spell is not None and phrase[0] not in ids and len(writings) == 1:
            writings.append(spell(phrase))
    count = len(catalogue)
    held = min(sum(len(catalogue.titles.phrase(writing)) for writing in dict.fromkeys(writings)), count)
    return Term(phrase, tuple(dict.fromkeys(writings)), math.log(1 + (count - held + 0.5) / (held + 0.5)))


def _said(pair: Phrase, catalogue: Catalogue) -> bool:
    return any(len(told.phrase(pair)) for told in (catalogue.titles, catalogue.values.postings, catalogue.descriptions))


def _halves(word: str, catalogue: Catalogue) -> list[Phrase]:
    """The word as two words that titles say one after the other: `doorbell` as door bell."""
    if len(word) < 6 or not word.isalpha():
        return []
    parts = ((word[:cut], word[cut:]) for cut in range(3, len(word) - 2))
    return [pair for pair in parts if len(catalogue.titles.pair(*pair))]
