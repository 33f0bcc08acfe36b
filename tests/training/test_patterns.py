"""Patterns make labelled messages whose gold can be copied, from the shipped lexicon and from any catalogue."""

import pytest

from retrieval.schema import Attribute, Item
from training.examples import usable
from training.patterns import compose, kinds_of, read_patterns


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_composed_message_can_be_copied(language):
    """Gold stands in the message, items are on the screen, and all patterns are used."""
    patterns = read_patterns(language)
    made = compose(patterns, 3 * len(patterns.lines), seed=5)
    bad = []
    assert len(usable(made, bad.append)) == len(made), bad[:3]
    assert {row.intent for row in made} >= {"recommend", "refine", "compare", "ask_item", "feedback", "order", "policy", "memory"}
    for row in made:
        assert all(not s.value.isdigit() or int(s.value) <= len(row.shown) for s in row.signals if s.facet == "item")


def test_a_seed_gives_the_same_messages():
    """Composing is repeatable, and another seed composes others."""
    patterns = read_patterns("en")
    assert compose(patterns, 50, seed=1) == compose(patterns, 50, seed=1) != compose(patterns, 50, seed=2)


def test_there_are_a_dozen_kinds_of_shop():
    """Variety: at least twelve kinds, and patterns for each operator."""
    for language in ("en", "zh"):
        patterns = read_patterns(language)
        assert len(patterns.kinds) >= 12
        golds = " ".join(line.partition("=>")[2] for line in patterns.lines)
        assert all(op in golds for op in ("=", "!=", "<=", ">=", "~", "!~"))


def test_a_catalogue_fills_the_patterns():
    """Shelves, brands and attribute values of imported items are what the shopper speaks of."""
    items = [
        Item(str(n), f"{brand} {shelf}", category=("Ski", shelf), brand=brand, attributes=(Attribute("color", (color,)),))
        for n, (brand, shelf, color) in enumerate([("Volkl", "Skis", "Red"), ("Atomic", "Goggles", "White"), ("Volkl", "Goggles", "Teal")])
    ]
    kinds = kinds_of(items)
    assert kinds[0]["category"] == ("skis", "goggles")
    made = compose(read_patterns("en"), 40, seed=0, kinds=kinds)
    spoken = {s.value for row in made for s in row.signals if s.facet in ("category", "brand", "color")}
    lifted = {"any", "doesn't matter", "whatever"}
    assert spoken - lifted <= {"skis", "goggles", "volkl", "atomic", "red", "white", "teal"}
    assert spoken - lifted
