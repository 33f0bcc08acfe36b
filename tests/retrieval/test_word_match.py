"""How the words of a query stand in titles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.schema import Item, Translation
from retrieval.terms import terms_of
from retrieval.vocabulary import Vocabulary
from retrieval.word_match import WORD_FEATURES, lexical_scores, word_features

TITLES = (
    "Hiking boots in brown leather", "Leather care set for boots", "Wireless door bell", "Doorbell button", "Steel kettle 1.5 l",
    "Headboard for a wide bed", "Bed frame with headboard",
)


def _catalogue(titles: tuple[str, ...] = TITLES) -> Catalogue:
    items = [Item(f"i{row}", title) for row, title in enumerate(titles)]
    return build_catalogue([item.id for item in items], items)


@pytest.fixture(scope="module")
def titles() -> Catalogue:
    return _catalogue()


def _best(catalogue: Catalogue, query: str) -> str:
    terms = terms_of(query, catalogue, Vocabulary(catalogue, "USD").spell)
    return TITLES[int(lexical_scores(catalogue, terms).argmax())]


def _feature(catalogue: Catalogue, query: str, row: int, name: str, language: str = "en") -> float:
    found = word_features(catalogue, terms_of(query, catalogue), np.array([row]), language)
    return float(found[0, WORD_FEATURES.index(name)])


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("headboaed for bed", "Headboard for a wide bed"), ("doorbell button", "Doorbell button"),
        ("wireless doorbell", "Wireless door bell"), ("door bell button", "Doorbell button"), ("steel kettles", "Steel kettle 1.5 l"),
    ],
)
def test_a_misspelt_joined_or_parted_word_is_found(titles: Catalogue, query: str, title: str) -> None:
    """A letter wrong, a compound written in two, two words written as one: the title is found all the same."""
    assert _best(titles, query) == title


def test_what_a_title_names_is_told_from_what_it_is_for(titles: Catalogue) -> None:
    """`boots` is the head of hiking boots, and not of a care set for boots."""
    assert _feature(titles, "boots", 0, "last_is_head") == 1.0
    assert _feature(titles, "boots", 1, "last_is_head") == 0.0


def test_neighbouring_words_count_where_they_stand_side_by_side(titles: Catalogue) -> None:
    """Words in the query's order and next to each other are told from the same words apart."""
    assert _feature(titles, "brown leather", 0, "in_order") == 1.0
    assert _feature(titles, "leather boots", 0, "in_order") == 0.0


def test_the_title_of_the_querys_language_is_looked_at() -> None:
    """A Chinese query is held against the Chinese title where there is one, and against the feed's own where there is none."""
    items = [Item("a", "Kettle", translations=(Translation("zh", "电热水壶"),)), Item("b", "Lamp")]
    catalogue = build_catalogue(["a", "b"], items)
    assert _feature(catalogue, "水壶", 0, "share", "zh") == 1.0
    assert _feature(catalogue, "lamp", 1, "share", "zh") == 1.0


def test_a_value_tells_what_the_title_leaves_out() -> None:
    """A word that only the description says counts, and less than one in the title."""
    items = [Item("a", "Kettle", "made of copper"), Item("b", "Copper kettle"), Item("c", "Kettle")]
    catalogue = build_catalogue(["a", "b", "c"], items)
    shares = [_feature(catalogue, "copper kettle", row, "share") for row in range(3)]
    assert shares[1] > shares[0] > shares[2]
    scores = lexical_scores(catalogue, terms_of("copper kettle", catalogue))
    assert scores[1] > scores[0] > scores[2] > 0


@given(st.lists(st.text(max_size=30).filter(str.strip), min_size=1, max_size=6), st.text(max_size=40))
def test_features_are_finite_for_any_text(titles: list[str], query: str) -> None:
    """Whatever titles and query say, every feature is a finite number."""
    catalogue = _catalogue(tuple(titles))
    terms = terms_of(query, catalogue, Vocabulary(catalogue, "USD").spell)
    found = word_features(catalogue, terms, np.arange(len(titles)), "en")
    assert found.shape == (len(titles), len(WORD_FEATURES))
    assert np.isfinite(found).all()
    assert np.isfinite(lexical_scores(catalogue, terms)).all()
