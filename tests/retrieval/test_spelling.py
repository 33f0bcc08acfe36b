"""Mistyped words become the catalogue's; words that mean something else stay."""

from __future__ import annotations

import pytest

from retrieval.catalogue import Catalogue
from retrieval.spelling import Spelling


@pytest.mark.parametrize(("said", "meant"), [
    ("headphnoes", "headphone"), ("headfone", "headphone"), ("kettel", "kettle"), ("leathre", "leather"), ("foldabel", "foldable"),
])
def test_a_mistyped_word_becomes_the_catalogues(catalogue: Catalogue, said: str, meant: str) -> None:
    """One edit or swap in a short word, two in a long one."""
    assert Spelling(catalogue).mended((said,)) in {(meant,), (f"{meant}s",)}


@pytest.mark.parametrize("word", ["headphone", "settle", "feather", "webbing", "kettel1", "台灯", "tent"])
def test_words_with_a_meaning_of_their_own_stay(catalogue: Catalogue, word: str) -> None:
    """English words are not taken for the catalogue's, however alike: a settle is no kettle, a feather not leather."""
    assert Spelling(catalogue).mended((word,)) == (word,)
