"""Slips of the keyboard, as reviewers make them."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from retrieval.schema import Language

_LONG_WORD = re.compile(r"\b[a-z]{5,}\b")
_CONFUSED = (("的", "得"), ("得", "的"), ("在", "再"), ("做", "作"), ("像", "象"), ("已经", "己经"))


def misspelled(text: str, language: Language, rng: Random) -> str:
    """`text` with one or two slips; a short text may come back as it was."""
    slips: tuple[Callable[[str, Random], str], ...]
    slips = (_confused, _unended) if language == "zh" else (_swapped, _dropped, _doubled, _careless)
    for slip in rng.sample(slips, rng.choice([1, 1, 2])):
        text = slip(text, rng)
    return text


def _in_a_word(text: str, rng: Random, change: Callable[[str, int], str]) -> str:
    words = list(_LONG_WORD.finditer(text))
    if not words:
        return text
    word = rng.choice(words)
    return text[: word.start()] + change(word[0], rng.randrange(1, len(word[0]) - 1)) + text[word.end() :]


def _swapped(text: str, rng: Random) -> str:
    return _in_a_word(text, rng, lambda word, at: word[:at] + word[at + 1] + word[at] + word[at + 2 :])


def _dropped(text: str, rng: Random) -> str:
    return _in_a_word(text, rng, lambda word, at: word[:at] + word[at + 1 :])


def _doubled(text: str, rng: Random) -> str:
    return _in_a_word(text, rng, lambda word, at: word[:at] + word[at] + word[at:])


def _careless(text: str, rng: Random) -> str:
    """No apostrophes, a small i."""
    return re.sub(r"\bI\b", "i", text).replace("'", "")


def _confused(text: str, rng: Random) -> str:
    """One character taken for its homophone."""
    fitting = [(right, wrong) for right, wrong in _CONFUSED if right in text]
    if not fitting:
        return text
    right, wrong = rng.choice(fitting)
    return text.replace(right, wrong, 1)


def _unended(text: str, rng: Random) -> str:
    """No full stop at the end, sometimes a wave instead."""
    return text.rstrip("。") + rng.choice(["", "~", "！！"])
