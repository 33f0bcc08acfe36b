"""A catalogue's own words for those that a shopper mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA
from spellchecker import SpellChecker

from retrieval.catalogue import Catalogue

Words = tuple[str, ...]
_SHORTEST = 6
"""Letters from which a word is mended: shorter ones lie an edit from words that mean something else."""


class Spelling:
    """Mends Latin words, by the distance of optimal string alignment (edits and swapped neighbours)."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._said = (catalogue.titles.ids, catalogue.values.postings.ids, catalogue.descriptions.ids)
        self._choices: tuple[str, ...] | None = None

    def mended(self, words: Words) -> Words:
        """The words with those that are neither the catalogue's nor English replaced by the catalogue's nearest: `headboaed` by
        headboard, but `sneaker` never by speaker. Unchanged where none is near."""
        return tuple(self._nearest(word) if _mendable(word) else word for word in words)

    def _nearest(self, word: str) -> str:
        if any(word in ids for ids in self._said) or _english(word):
            return word
        if self._choices is None:
            self._choices = tuple({w for ids in self._said for w in _long(ids)})
        edits = 1 if len(word) < 8 else 2
        found = process.extractOne(word, self._choices, scorer=OSA.distance, score_cutoff=edits)
        return found[0] if found and found[0][0] == word[0] else word


def _mendable(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isascii() and word.isalpha()


def _long(words: Iterable[str]) -> Iterable[str]:
    return (word for word in words if len(word) > 3 and word.isascii() and word.isalpha())


def _english(word: str) -> bool:
    """True for a word of the English language, singular or plural."""
    known = _dictionary()
    return word in known or f"{word}s" in known


@cache
def _dictionary() -> frozenset[str]:
    """160,000 words of film subtitles that pyspellchecker has cleaned of misspellings (Lison and Tiedemann 2016)."""
    return frozenset(SpellChecker(language="en").word_frequency.words())
