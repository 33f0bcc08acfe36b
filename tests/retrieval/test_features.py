"""What the ranker is told of whole catalogues, against the plain way to say it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.catalogue import build_catalogue
from retrieval.features import price_places
from retrieval.schema import Item, Money
from retrieval.scoring import top
from retrieval.terms import terms_of
from retrieval.text import scan
from retrieval.title_words import NO_WORD, TitleWordsBuilder
from retrieval.word_match import lexical_scores


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 6)), st.booleans()), max_size=30))
def test_a_price_has_the_share_of_dearer_and_cheaper_ones(items: list[tuple[int | None, bool]]) -> None:
    """The share of the other fitting items with a known price that are cheaper; one half without a price, 0 outside."""
    told = [Item(str(row), "x", price=None if price is None else Money(price, "USD")) for row, (price, _) in enumerate(items)]
    fitting = np.array([fits for _, fits in items], dtype=bool)
    found = price_places(build_catalogue([item.id for item in told], told), fitting)
    known = [price for price, fits in items if fits and price is not None]
    for place, (price, fits) in zip(found, items, strict=True):
        alone = price is None or len(known) < 2
        cheaper = 0 if price is None else sum(other < price for other in known)
        assert place == (0.0 if not fits else 0.5 if alone else cheaper / (len(known) - 1))
    dearer = build_catalogue([item.id for item in told], told).price_shares(fitting, dearer=True)
    for share, (price, fits) in zip(dearer, items, strict=True):
        if fits and price is not None and len(known) > 1:
            assert share == sum(other > price for other in known) / (len(known) - 1)


def test_a_word_counts_once_and_most_in_the_title() -> None:
    """BM25 by hand: of one word in a title of two, of four, in a description and nowhere."""
    items = [Item("a", "red boot boot"), Item("b", "a very large boot"), Item("c", "shoe", "like a boot, a boot"), Item("d", "hat")]
    catalogue = build_catalogue([item.id for item in items], items)
    mean = (3 + 3 + 1 + 1) / 4
    scores = lexical_scores(catalogue, terms_of("boot", catalogue))
    titled = 2.2 / (1 + 1.2 * (0.25 + 0.75 * 3 / mean))
    assert np.allclose(scores, [titled, titled, 0.4, 0.0])


@given(st.lists(st.tuples(st.integers(0, 5), st.lists(st.sampled_from("red blue boot hat".split()), max_size=4)), max_size=12))
def test_the_last_title_of_a_row_counts(told: list[tuple[int, list[str]]]) -> None:
    """Titles told in any order, some rows twice, some never: each row has the words told last, or the fallback's."""
    ids = {word: number for number, word in enumerate("red blue boot hat".split())}
    plain, other = TitleWordsBuilder(ids), TitleWordsBuilder(ids)
    plain.add(3, scan("hat"), 0)
    fallback = plain.build(6)
    for row, words in told:
        other.add(row, scan(" ".join(words)), len(words) - 1)
    built, last = other.build(6, fallback), dict(told)
    for row in range(6):
        words = built.words[built.starts[row] : built.starts[row + 1]].tolist()
        expected = [ids[word] for word in last[row]] if row in last else [ids["hat"]] if row == 3 else []
        assert words == (expected or [NO_WORD])
        assert built.heads[row] == (max(len(last[row]) - 1, 0) if row in last else 0)


@given(st.lists(st.integers(-3, 6), max_size=25), st.integers(0, 8), st.booleans())
def test_the_top_are_the_highest_positive_scores(scores: list[int], count: int, all_rows: bool) -> None:
    """As sorting would have it, equal scores in any choice; what is not positive is never among them."""
    array = np.array(scores, dtype=np.float64)
    rows = np.arange(len(scores)) if all_rows else np.arange(0, len(scores), 2)
    found = top(array, rows, count)
    assert len(set(found.tolist())) == len(found) and set(found.tolist()) <= set(rows.tolist())
    assert sorted(array[found]) == sorted(array[rows][array[rows] > 0])[::-1][:count][::-1]
