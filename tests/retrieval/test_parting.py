"""The good questions about candidates."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.bands import band_edges, band_signals, in_bands
from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.parting import Part, PartingSettings, parts
from retrieval.schema import Attribute, Item, Money
from retrieval.vocabulary import Vocabulary

NARROW = PartingSettings(enough=1)


def ask(catalogue: Catalogue, rows: np.ndarray | None = None, weights: np.ndarray | None = None) -> dict[str, Part]:
    found = np.arange(len(catalogue), dtype=np.int32) if rows is None else rows
    shares = np.full(len(found), 1 / len(found)) if weights is None else weights
    return {part.facet: part for part in parts(catalogue, found, shares, "USD", NARROW)}


def listed(count: int, **columns: object) -> Catalogue:
    """Items with one value a column, drawn from lists in turn."""
    items = [
        Item(f"i{n:02d}", f"Thing {n}", price=Money(1000 + 100 * n, "USD"), attributes=tuple(
            Attribute(name, (str(values[n % len(values)]),)) for name, values in columns.items()  # type: ignore[arg-type,index]
        ))
        for n in range(count)
    ]
    return build_catalogue([item.id for item in items], items)


def test_the_whole_shop_is_parted_by_its_shelves_first(catalogue: Catalogue) -> None:
    """The kind of product tells more of an unknown wish than a price does."""
    found = list(ask(catalogue).values())
    assert found[0].facet == "category"
    assert [part.gain for part in found] == sorted((part.gain for part in found), reverse=True)


def test_answers_are_understood_as_they_are_offered(catalogue: Catalogue, vocabulary: Vocabulary) -> None:
    """Every answer's signals resolve, and the items that have it meet them."""
    for part in ask(catalogue).values():
        for choice in part.choices:
            assert all(vocabulary.resolve(signal).kind != "nothing" for signal in choice.signals)


def test_an_answer_carries_its_words_in_every_language(catalogue: Catalogue) -> None:
    """A value and its translation are one answer."""
    words = {word for choice in ask(catalogue)["color"].choices for word in choice.words}
    assert "black" in words
    shelves = {word for choice in ask(catalogue)["category"].choices for word in choice.words}
    assert {"Kettles", "电热水壶"} <= shelves


def test_a_label_that_every_item_has_for_itself_is_no_choice() -> None:
    """A column in which hardly a value recurs is not asked about."""
    names = [f"model {chr(97 + n)}" for n in range(12)]
    found = ask(listed(12, model=names, style=["calm", "loud"]))
    assert "model" not in found and "style" in found


def test_yes_and_no_are_no_answers(catalogue: Catalogue) -> None:
    """A column of yes and no has nothing to offer by itself."""
    assert "waterproof" not in ask(catalogue)


def test_what_most_candidates_do_not_say_is_not_asked() -> None:
    """A column that answers for few of them is left out."""
    items = [
        Item(f"i{n}", f"Thing {n}", attributes=(Attribute("style", ("calm" if n % 2 else "loud",)),) if n < 4 else ())
        for n in range(12)
    ]
    assert "style" not in ask(build_catalogue([item.id for item in items], items))


def test_numbers_come_in_bands_with_round_edges() -> None:
    """Many different numbers are offered as limits; a few recurring ones as they are."""
    found = ask(listed(30, weight=[f"{200 + 31 * n} g" for n in range(30)], speed=["2", "3"]))
    limits = [str(signal) for choice in found["weight"].choices for signal in choice.signals]
    assert limits == ["weight<=500 g", "weight>=500 g", "weight<=800 g", "weight>=800 g"]
    assert {choice.words for choice in found["speed"].choices} == {("2",), ("3",)}


def test_a_year_is_in_one_band_only() -> None:
    """The band after 2010 begins in 2011."""
    found = ask(listed(30, year=[1990 + n for n in range(30)]))
    said = [[str(signal) for signal in choice.signals] for choice in found["year"].choices]
    assert said[0] == ["year<=1999"] and said[1][0] == "year>=2000"
    assert (found["year"].holds.sum(axis=0) == 1).all()


def test_a_row_without_relevance_changes_nothing(catalogue: Catalogue) -> None:
    """Rows of weight 0 leave the questions, their answers and their worth as they are."""
    rows, weights = np.arange(16, dtype=np.int32), np.full(16, 1 / 16)
    alone = ask(catalogue, rows, weights)
    more = ask(catalogue, np.arange(40, dtype=np.int32), np.concatenate((weights, np.zeros(24))))
    assert {f: ([str(c) for c in p.choices], pytest.approx(p.gain)) for f, p in more.items()} == {
        f: ([str(c) for c in p.choices], p.gain) for f, p in alone.items()
    }


def test_no_candidates_no_questions(catalogue: Catalogue) -> None:
    """An empty slate is asked nothing about; nor is a single item."""
    assert ask(catalogue, np.empty(0, dtype=np.int32), np.empty(0)) == {}
    assert ask(catalogue, np.array([3], dtype=np.int32), np.ones(1)) == {}


@given(st.lists(st.floats(0.01, 1e6), min_size=3, max_size=60), st.integers(0, 2**31))
def test_bands_hold_every_number_and_part_them(numbers: list[float], seed: int) -> None:
    """Where there are bands, each number lies in one or, on an edge, two; the first and the last band are not empty."""
    values = np.array(numbers)
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(values)))
    edges = band_edges(values, weights, "price", "price:USD", spread=1.5)
    if edges is None:
        return
    inside = in_bands(values, edges)
    assert inside.any(axis=0).all() and inside[0].any() and inside[-1].any()
    assert len(inside) == len(band_signals("price", edges))
    assert all(Decimal(said) > 0 for said in edges.said_ends)
