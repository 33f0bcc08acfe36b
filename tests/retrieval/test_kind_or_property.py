"""What was read as a kind of product and is a property of the products."""

from __future__ import annotations

import pytest

from retrieval.catalogue import build_catalogue
from retrieval.schema import Attribute, Item, Signal
from retrieval.vocabulary import Vocabulary

CARS = tuple(
    Item(f"c{n}", model, category=("Car",), attributes=(Attribute("fuel type", (fuel,)), Attribute("use", ("towing",))))
    for n, (model, fuel) in enumerate((("Prius", "Hybrid"), ("Golf", "Petrol"), ("Ioniq", "Hybrid")))
)


@pytest.mark.parametrize(("kind", "understood"), [("hybrid", True), ("car", True), ("towing", False), ("yak saddle", False)])
def test_a_describing_column_decides(kind: str, understood: bool) -> None:
    """"A hybrid" among cars is a fuel; a use, which lists some of what is true, makes no kind."""
    vocabulary = Vocabulary(build_catalogue([car.id for car in CARS], CARS), "GBP")
    assert (vocabulary.resolve(Signal("category", "=", kind)).kind != "nothing") is understood


@pytest.mark.parametrize(("bound", "kind"), [("120", "price"), ("2kg", "nothing")])
def test_a_bare_bound_that_no_column_means_is_on_the_price(bound: str, kind: str) -> None:
    """"Under 120" with nothing else to measure is money; a bound with a unit never is."""
    vocabulary = Vocabulary(build_catalogue([car.id for car in CARS], CARS), "GBP")
    assert vocabulary.resolve(Signal("feature", "<=", bound)).kind == kind
