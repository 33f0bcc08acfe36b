"""What a simulated shopper wants comes from held-back acts alone, and she can say it without naming the item."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.notation import parse
from retrieval.schema import Language, Signal
from retrieval.shop import Shop
from training.hidden_tastes import (
    SATISFIED,
    NobodyToSimulate,
    Taste,
    always_has,
    drawn_tastes,
    said_in,
    tastes_for,
    tastes_of,
)
from training.shopper_words import cheaper, criticised, like, limit_of, opened, others

from .conftest import BEGAN, made_interactions, made_item, made_items

LANGUAGES: tuple[Language, ...] = ("en", "zh")


def tastes(seed: int = 0) -> tuple[Taste, ...]:
    return tastes_of(made_interactions(), made_items(), 12, held_back=4, languages=LANGUAGES, seed=seed)


def test_the_last_acts_are_the_taste() -> None:
    """What was bought last is the target; the shop may know what was done before the first held-back act, and no more."""
    found = {taste.shopper: taste for taste in tastes()}
    assert len(found) == 12
    mine = found["shopper-04"]
    assert mine.target.id == "la4" and mine.chosen == {"la5": pytest.approx(0.4), "la4": 1.0}
    assert (mine.until - BEGAN).days == 6


def test_the_target_is_always_acceptable() -> None:
    """She refuses nothing, and pays at least the price, of what she chose; no wish is one that the whole shelf has."""
    for taste in tastes():
        assert taste.accepts(taste.target) and not taste.breaks(taste.target) and taste.met(taste.target) == 1.0
        shelf = [item for item in made_items() if item.category == taste.target.category]
        assert taste.wishes and all(any(replace(taste, wishes=(wish,)).met(item) == 0 for item in shelf) for wish in taste.wishes)


def test_acceptable_is_of_the_shelf_within_limits_with_enough_wishes() -> None:
    """Each of the three rules alone makes an item unacceptable, and lowers its worth."""
    taste = replace(tastes()[0], chosen={})
    good = taste.target
    assert not taste.accepts(replace(good, category=("Home", "Elsewhere")))
    assert taste.utility(replace(good, category=("Home", "Elsewhere"))) == 0.0
    assert taste.limit is not None
    dear = replace(good, price=replace(good.price, amount=int(taste.limit * 100) + 1))  # type: ignore[type-var]
    assert taste.breaks(dear) == ("price",) and not taste.accepts(dear)
    assert taste.utility(dear) < taste.utility(good) == 1.0
    assert not taste.accepts(replace(good, attributes=(), variants=())) and taste.met(replace(good, attributes=(), variants=())) < SATISFIED


def test_a_colour_is_refused_only_when_every_form_has_it() -> None:
    """An item that can be bought in blue is none that must be red."""
    item = made_item("Lamps", 0)
    blue = replace(item.variants[0], id="b", attributes=(replace(item.variants[0].attributes[0], values=("blue",)),))
    assert always_has(item, "color", "red")
    assert not always_has(replace(item, variants=(*item.variants, blue)), "color", "red")
    assert always_has(replace(item, variants=(*item.variants, replace(blue, available=False))), "color", "red")


def test_values_are_said_in_her_language() -> None:
    """Through the translation that lines up; a value that it lacks can't be said."""
    item = made_item("Kettles", 1)
    assert said_in(item, "use", "travel", "zh") == "旅行" and said_in(item, "color", "red", "zh") == "红色"
    assert said_in(item, "use", "travel", "en") == "travel" and said_in(replace(item, translations=()), "use", "travel", "zh") == ""


def test_nobody_to_simulate_is_told() -> None:
    """Histories that are too short, and a shop without shelves, are refused with what was expected."""
    with pytest.raises(NobodyToSimulate, match="with 40 acts"):
        tastes_of(made_interactions(), made_items(), 12, held_back=20, languages=LANGUAGES, seed=0)
    with pytest.raises(NobodyToSimulate, match="categories"):
        drawn_tastes([replace(item, category=()) for item in made_items()], 3, languages=LANGUAGES, seed=0)


def test_a_shop_without_histories_draws_from_its_shelves(small_ground: Shop) -> None:
    """And it is said where the tastes come from."""
    assert "histories, held back" in tastes_for(small_ground, 5, held_back=4, seed=0)[1]
    drawn = drawn_tastes(made_items(), 5, languages=LANGUAGES, seed=1)
    assert len(drawn) == 5 and all(taste.accepts(taste.target) for taste in drawn)


@given(st.integers(0, 11), st.integers(0, 10_000))
def test_what_is_said_means_its_line_and_never_names_the_item(place: int, seed: int) -> None:
    """The line parses, each of its values stands in the message but for shown items, and neither title nor id is ever said."""
    taste, chance = tastes()[place], Random(seed)
    limits = [limit for limit in (limit_of(taste), taste.avoided) if limit is not None]
    said = [
        opened(taste, [*taste.wishes[:1], *limits], chance), opened(taste, taste.wishes[:1], chance, breadth="department"),
        opened(taste, taste.wishes[:1], chance, breadth="wishes"), cheaper(taste, chance), like(taste, 2, chance), others(taste, chance),
        *(criticised(taste, signal, "wish", chance) for signal in (*taste.wishes, *limits)),
    ]
    for each in said:
        intent, signals = parse(each.line)
        assert intent in ("recommend", "refine")
        assert all(signal.value in each.text.lower() for signal in signals if signal.facet != "item")
        assert taste.target.title not in each.text and taste.target.id not in each.text.split()
        assert all(translation.title not in each.text for translation in taste.target.translations)
    assert said[0].told == (Signal("category", "=", taste.kind), *taste.wishes[:1], *limits)
