"""One normaliser for catalogue, wishes and ranking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text import fold, scan, stem, stems, tokens


@given(st.text())
def test_folding_keeps_every_position(text: str) -> None:
    """A place in the folded text is the same place in the original, so that evidence can be copied out of it."""
    assert len(fold(text)) == len(text)
    for token in scan(text):
        assert 0 <= token.start < token.end <= len(text)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """A folded text is already folded."""
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(("one", "other"), [
    ("Boots", "boot"), ("women's", "woman"), ("Knives", "knife"), ("brushes", "brush"), ("batteries", "battery"), ("glass", "glasses"),
    ("lens", "lenses"), ("colour", "color"), ("Grey", "gray"), ("boxes", "box"), ("shoes", "shoe"), ("ＵＳＢ", "usb"), ("繁體", "繁体"),
])
def test_forms_of_a_word_are_one(one: str, other: str) -> None:
    """Plural, possessive, spelling, width and traditional characters fold together."""
    assert stems(one) == stems(other)


@pytest.mark.parametrize("word", ["wireless", "bus", "chassis", "gas", "tennis", "lens", "organic"])
def test_a_word_that_only_looks_plural_stays(word: str) -> None:
    """Folding does not cut what is no ending."""
    assert stem(word) == word


def test_chinese_gives_words_and_pairs() -> None:
    """Words from the dictionary find words, pairs of characters find what the dictionary lacks."""
    found = tokens("轻量防水徒步鞋 mid boots")
    assert {"防水", "徒步", "步鞋", "boot", "mid"} <= set(found)


def test_numbers_stand_apart_from_their_units() -> None:
    """`2kg` and `2 kg` are the same words."""
    assert stems("2kg iphone12") == stems("2 kg iphone 12")
