"""Numbers and units are read alike in wishes, attributes and titles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.quantities import name_words, quantities, unit_of_name


@pytest.mark.parametrize(("text", "expected"), [
    ("2kg", [(2000, "mass")]), ("1.1 lb", [(498.9512, "mass")]), ("2斤", [(1000, "mass")]), ("600 g", [(600, "mass")]),
    ("28公分", [(280, "length")]), ("32 inch", [(812.8, "length")]), ('32"', [(812.8, "length")]), ("1-1/2 in. pipe", [(38.1, "length")]),
    ("60x90cm", [(600, "length"), (900, "length")]), ("60 x 90 cm", [(600, "length"), (900, "length")]), ("1.7升", [(1700, "volume")]),
    ("1,299 ml", [(1299, "volume")]), ("80,000 km", [(80000, "distance")]), ("16gb ram", [(16, "data")]), ("20 hour", [(72000, "time")]),
    ("60 sheets", [(60, "#sheet")]), ("2017", [(2017, "")]), ("3 in 1", [(3, ""), (1, "")]), ("no number", []),
])
def test_a_quantity_is_read_into_one_unit_a_dimension(text: str, expected: list[tuple[float, str]]) -> None:
    """Pounds and kilograms, inches and centimetres can be compared."""
    assert [(pytest.approx(q.amount), q.dimension) for q in quantities(text)] == expected


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """No text is an error, and a quantity stands where it says it does."""
    for quantity in quantities(text):
        assert 0 <= quantity.start < quantity.end <= len(text)


@pytest.mark.parametrize(("name", "expected"), [
    ("weight_g", ("mass", 1)), ("Length (cm)", ("length", 10)), ("mileage", ("distance", 1.609344)), ("year", ("", 1.0)), ("capacity", ("", 1.0)),
])
def test_the_name_of_a_column_can_hold_its_unit(name: str, expected: tuple[str, float]) -> None:
    """Bare numbers take the unit that their column is named with."""
    assert unit_of_name(name) == expected


def test_names_of_columns_are_split_into_words() -> None:
    """`fuelType` and `fuel_type` are the same column name."""
    assert name_words("fuelType") == name_words("fuel_type") == ("fuel", "type")
