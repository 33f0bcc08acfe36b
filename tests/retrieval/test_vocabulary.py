"""What a signal means in a catalogue: its facet is a hint, its value decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.conditions import meeting
from retrieval.likeness import THRESHOLDS, Likeness
from retrieval.schema import Attribute, Item, Money, Signal
from retrieval.thesaurus import Thesaurus
from retrieval.vocabulary import Vocabulary

Fitting = Callable[[str], list[str]]


@pytest.fixture
def fitting(catalogue: Catalogue, vocabulary: Vocabulary) -> Fitting:
    """The titles of the items that meet a signal."""

    def found(text: str) -> list[str]:
        met = meeting(catalogue, vocabulary.resolve(Signal.parse(text))).items
        return [item_id for item_id, shown in zip(catalogue.ids, met, strict=True) if shown]

    return found


@pytest.mark.parametrize(("one", "other"), [
    ("category=hiking boot", "category=徒步鞋"), ("category=lamp", "category=台灯"), ("color=grey", "color=灰"), ("color=gray", "colour=grey"),
    ("feature=waterproof", "feature=防水"), ("feature~foldable", "style~可折叠"), ("feature<=500g", "feature<=0.5公斤"),
    ("size>=1.5l", "feature>=1500 ml"), ("feature=wireless", "feature=无线"), ("material=leather", "feature=leather"),
    ("category=kettel", "category=kettle"), ("feature=latex free", "feature=无乳胶"), ("use=camping", "use=露营"),
])
def test_two_ways_to_say_a_wish_mean_the_same(fitting: Fitting, one: str, other: str) -> None:
    """Language, spelling, unit, facet and a typing error do not change what is meant."""
    assert fitting(one) == fitting(other) != []


@pytest.mark.parametrize(("text", "expected"), [
    ("category=glove", ["i34", "i36", "i37"]),  # the shelf is Hats & gloves
    ("category=dog bed", ["i28", "i32"]),  # the shelf is Pet beds
    ("category=piano", []), ("category=boot lamp", []),
    ("size=38", ["i01", "i03", "i06"]), ("feature=ankle support", ["i04"]), ("price<=19.00", ["i22", "i24", "i37"]),
    ("rating>=4.8", ["i04", "i15"]), ("feature>=20 hour", ["i17", "i21"]), ("feature<=30 kg load", []), ("price<=35 GBP", []),
    ("feature=escape proof", []), ("feature<=2kg", ["i01", "i02", "i03", "i04", "i05", "i06", "i07", "i38"]),
    ("audience=kid", ["i39"]), ("material=wool", ["i29", "i33", "i34"]),
])
def test_a_wish_is_met_by_what_shows_it_and_nothing_else(fitting: Fitting, text: str, expected: list[str]) -> None:
    """A hard wish that nothing shows is met by nothing, and is not taken for something else."""
    assert fitting(text) == expected


@pytest.mark.parametrize(("text", "out"), [
    ("material!=leather", {"i02", "i05", "i25", "i36"}),  # i05 by its description, i04 is leather-free
    ("brand!=fell", {"i01", "i04", "i07", "i11", "i33", "i34"}), ("feature!=wired", {"i18", "i20", "i22", "i39"}),
])
def test_what_must_not_be_is_found_wherever_it_stands(fitting: Fitting, catalogue: Catalogue, text: str, out: set[str]) -> None:
    """Positive evidence anywhere excludes; a denial does not; silence does not."""
    assert set(catalogue.ids) - set(fitting(text)) - {"i11"} == out - {"i11"}


def test_a_currency_that_the_shop_has_not_is_said(vocabulary: Vocabulary) -> None:
    """Without a rate a price in pounds is not compared with dollars, and the meaning says why."""
    assert "no exchange rate" in vocabulary.resolve(Signal.parse("price<=35 GBP")).why


@pytest.mark.parametrize(("text", "column"), [
    ("feature>=2017", "year"), ("year>=2018", "year"), ("feature<=20,000 mile", "mileage"), ("feature<=80,000 km", "mileage"),
    ("feature>=60 mpg", "mpg"), ("feature<=30000", "mileage"), ("engine size>=1.6", "engineSize"),
])
def test_a_bound_finds_its_column(text: str, column: str) -> None:
    """By its facet, its unit, its words, or as the only column whose numbers hold it; a number like a year is a year."""
    cars = [
        Item(f"c{n}", "Car", price=Money(9_000_00, "GBP"), attributes=tuple(
            Attribute(name, (value,)) for name, value in (
                ("year", str(2010 + n)), ("mileage", str(1000 + 5000 * n)), ("mpg", str(30 + 5 * n)), ("engineSize", str(1 + n / 10)),
            )
        ))
        for n in range(10)
    ]
    meaning = Vocabulary(build_catalogue([car.id for car in cars], cars), "GBP").resolve(Signal.parse(text))
    assert meaning.measure is not None
    assert meaning.measure.columns == (column,)


class Bilingual:
    """A stand-in for a multilingual embedder: it knows that 苔藓色 is moss, and little else."""

    name = next(iter(THRESHOLDS))
    dimension = 3

    def embed(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        known = {"苔藓色": (1, 0, 0), "moss": (0.99, 0.1, 0.1), "ember": (0, 1, 0)}
        drawn = np.array([known.get(text, (0.5, 0.5, 0.7)) for text in texts], dtype=np.float32)
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.fixture
def english() -> Catalogue:
    """A shop of two colours without Chinese names."""
    colors = ("moss", "ember")
    return build_catalogue(colors, [Item(c, f"The {n}", attributes=(Attribute("color", (c,)),)) for n, c in enumerate(colors)])


@pytest.mark.parametrize(("text", "values"), [
    ("color=苔藓色", {("color", "moss")}), ("color=钢琴", set()), ("color=lichen", set()),
])
def test_a_value_is_found_in_the_other_language_only(english: Catalogue, text: str, values: set[tuple[str, str]]) -> None:
    """The embedder translates; among names of one language it is not asked, and where it is unsure it does not guess."""
    assert Vocabulary(english, "USD", Likeness(Bilingual()), Thesaurus()).resolve(Signal.parse(text)).values == values


def test_a_bare_number_is_in_the_unit_of_its_column() -> None:
    """`mileage` without a unit counts miles, as the column itself does; one with a unit is converted."""
    items = [Item(str(miles), "Car", attributes=(Attribute("mileage", (str(miles),)),)) for miles in (10_000, 20_000, 40_000)]
    vocabulary = Vocabulary(build_catalogue([item.id for item in items], items), "GBP")

    def met(text: str) -> list[bool]:
        return meeting(vocabulary.catalogue, vocabulary.resolve(Signal.parse(text))).items.tolist()

    assert met("mileage>=20000") == met("mileage>=20,000 miles") == met("feature>=20000") == [False, True, True]
    assert met("mileage<=33000 km") == [True, True, False]


def test_a_value_that_negates_a_word_is_said_by_its_own_words() -> None:
    """Semi-auto is the value meant by `semi-auto`, decided by its column, and no automatic."""
    gears = ("Manual", "Automatic", "Semi-Auto")
    items = [Item(gear, "Car", attributes=(Attribute("transmission", (gear,)),)) for gear in gears]
    vocabulary = Vocabulary(build_catalogue(gears, items), "GBP")
    assert vocabulary.resolve(Signal("feature", "=", "semi-auto")).deciding == ("transmission",)
    assert meeting(vocabulary.catalogue, vocabulary.resolve(Signal("feature", "=", "automatic"))).items.tolist() == [False, True, False]
