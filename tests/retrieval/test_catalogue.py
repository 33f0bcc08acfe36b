"""The catalogue in memory holds what the items say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.postings import PhraseRowsBuilder
from retrieval.schema import Attribute, Item, Money


def test_rows_are_in_the_order_of_the_index(invented_items: tuple[Item, ...]) -> None:
    """A row of the catalogue is the row of the index, whatever order the shop lists its items in; strangers are left out."""
    ids = [item.id for item in reversed(invented_items[:10])]
    built = build_catalogue(ids, invented_items)
    assert built.ids == tuple(ids)
    assert [built.prices[built.rows[item.id]] for item in invented_items[:10]] == [i.price.amount for i in invented_items[:10] if i.price]


def test_numbers_are_columns_in_one_unit(catalogue: Catalogue) -> None:
    """Grams, kilograms and pounds of a column can be compared; years and bare numbers stay as they are."""
    weight = catalogue.numbers["weight"]
    assert weight.dimension == "mass"
    assert weight.high == 6500
    cars = build_catalogue(["a", "b"], [
        Item(car, "Car", attributes=(Attribute("year", (year,)), Attribute("mileage", (miles,)))) for car, year, miles in (("a", "2017", "100"), ("b", "2019", "10"))
    ])
    assert (cars.numbers["year"].low, cars.numbers["year"].high) == (2017, 2019)
    assert cars.numbers["mileage"].dimension == "distance"


def test_shelves_know_their_names_in_both_languages(catalogue: Catalogue) -> None:
    """A shelf is found by the name in either language, and a department holds the items of its shelves."""
    tents = next(shelf for shelf in catalogue.shelves if shelf.path == ("Outdoor", "Tents"))
    outdoor = next(shelf for shelf in catalogue.shelves if shelf.path == ("Outdoor",))
    assert tents.names == {"Tents", "帐篷"}
    assert not np.any(catalogue.on(tents) & ~catalogue.on(outdoor))


def test_values_know_their_translations(catalogue: Catalogue) -> None:
    """What the feed translates is a dictionary: red and 红色 are one value."""
    red = catalogue.values.exact[("red",)]
    told = {catalogue.values.texts[number] for number in catalogue.values.with_siblings(red)}
    assert {"red", "红色"} <= told


def test_an_empty_catalogue_is_a_catalogue() -> None:
    """A new shop has no items and no error."""
    assert len(build_catalogue([], [])) == 0


def test_an_item_with_nothing_but_a_title_is_held() -> None:
    """Price, rating and category may all be unknown."""
    bare = build_catalogue(["a"], [Item("a", "Thing")])
    assert (bare.prices[0], bare.brand_of[0], bare.path_of[0]) == (-1, -1, -1)
    assert np.isnan(bare.ratings[0])


def test_prices_keep_their_currency() -> None:
    """Items of two currencies are never compared by amount alone."""
    mixed = build_catalogue(["a", "b"], [Item("a", "A", price=Money(100, "USD")), Item("b", "B", price=Money(100, "CNY"))])
    assert mixed.currencies[0] != mixed.currencies[1]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["boot", "hiking boot", "hat"])), max_size=20))
def test_a_phrase_leads_to_each_of_its_rows_once(told: list[tuple[int, str]]) -> None:
    """As a dictionary of sets would have it, for items that come one after the other; an unknown phrase leads nowhere."""
    told = sorted(told, key=lambda pair: pair[0])
    builder = PhraseRowsBuilder()
    for row, phrase in told:
        builder.add(row, phrase)
    built = builder.build()
    for phrase in ("boot", "hiking boot", "hat"):
        assert built.of(phrase).tolist() == sorted({row for row, other in told if other == phrase})
    assert built.of("hiking").tolist() == []
