"""What the thesaurus knows, and what a catalogue makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retrieval.catalogue import build_catalogue
from retrieval.likeness import Likeness
from retrieval.schema import Attribute, Item, Query, Signal
from retrieval.search import Search
from retrieval.sliders import Sliders
from retrieval.thesaurus import Thesaurus, shipped_rows, shipped_thesaurus
from retrieval.thesaurus.kinship import FEATURES, shared, shipped_kinship
from retrieval.thesaurus.thesaurus import Kind
from retrieval.vocabulary import Vocabulary

SHELVES = ("Trainers", "Sofas", "Coffee makers", "Hiking boots", "Electric kettles")
Fitting = Callable[[str], list[str]]


@pytest.fixture
def english() -> Vocabulary:
    """A shop that knows no Chinese, with nothing but the thesaurus to help."""
    items = [Item(shelf, f"The {n}", category=(shelf,)) for n, shelf in enumerate(SHELVES)]
    leather = Item("bag", "The bag", category=("Bags",), attributes=(Attribute("material", ("leather",)),))
    return Vocabulary(build_catalogue([item.id for item in (*items, leather)], (*items, leather)), "USD")


@pytest.mark.parametrize(("said", "meant"), [
    ("sneakers", {"Trainers"}), ("couch", {"Sofas"}), ("咖啡机", {"Coffee makers"}), ("登山鞋", {"Hiking boots"}),
    ("footwear", {"Trainers", "Hiking boots"}), ("鞋子", {"Trainers", "Hiking boots"}),
    ("water bottle", set()), ("hiking socks", set()), ("sofa covers", set()), ("coffee", set()),
])
def test_a_kind_is_found_under_another_name(english: Vocabulary, said: str, meant: set[str]) -> None:
    """By a synonym, in the other language and by a wider name; accessories and what only sounds alike stay out."""
    assert {path[0] for path in english.resolve(Signal("category", "=", said)).shelves} == meant


@pytest.mark.parametrize(("op", "kind"), [("=", "value"), ("!=", "value")])
def test_a_value_is_found_in_the_other_language(english: Vocabulary, op: str, kind: str) -> None:
    """真皮 is leather, wanted or not."""
    meaning = english.resolve(Signal("material", op, "真皮"))  # type: ignore[arg-type]
    assert meaning.kind == kind
    assert ("material", "leather") in meaning.values


def test_wider_names_reach_down_and_never_up() -> None:
    """Shoes ask for boots; boots don't ask for all shoes; what is a part of a kind has that kind around it."""
    boots = Kind((("boot",), ("靴", "子")), wider=(("shoe",),), narrower=(("ski", "boot"),))
    thesaurus = Thesaurus([boots, Kind((("shoe",), ("鞋",)), wider=(("footwear",),))])
    assert set(thesaurus.covered(("footwear",))) == {("footwear",), ("shoe",), ("鞋",)}
    assert set(thesaurus.covered(("shoe",))) == {("shoe",), ("鞋",), ("boot",), ("靴", "子"), ("ski", "boot")}
    assert set(thesaurus.covered(("boot",))) == {("boot",), ("靴", "子"), ("ski", "boot")}
    assert thesaurus.covered(("ski", "boot")) == (("ski", "boot"),)
    assert thesaurus.around(("ski", "boot")) == (("boot",), ("靴", "子"))
    assert thesaurus.covered(("unheard",)) == (("unheard",),)


def test_a_shop_adds_its_own_words(search: Search) -> None:
    """A synonym of the settings is in force at the next query, one way only, and goes with the setting."""
    asked = Query("clodhoppers", signals=(Signal("category", "=", "clodhoppers"),))
    assert not search.find(asked).picks
    search.sliders = Sliders(synonyms=(("clodhopper", ("hiking boots",)),))
    assert {pick.candidate.item.category[-1] for pick in search.find(asked).picks} == {"Hiking boots"}
    search.sliders = Sliders()
    assert not search.find(asked).picks


def test_the_shipped_files_are_whole() -> None:
    """Every kind has a name in both languages, every value a facet and two names."""
    for row in shipped_rows("kinds.jsonl"):
        assert set(row) == {"kind", "wider", "narrower", "other"}
        assert row["kind"]["en"]
        assert row["kind"]["zh"]
    for row in shipped_rows("values.jsonl"):
        assert row["facet"]
        assert len(row["en"]) + len(row["zh"]) > 1
    assert len(shipped_thesaurus()) > 1_500


def test_what_a_shop_has_not_is_said_and_nothing_odd_offered(search: Search) -> None:
    """A shop with shelves shows no near misses from shelves that have nothing to do with the wish."""
    slate = search.find(Query("a yak saddle", signals=(Signal("category", "=", "yak saddle"),)))
    assert [signal.value for signal in slate.blocked_by] == ["yak saddle"]
    assert not slate.picks
    assert not slate.near_misses


def test_part_of_a_kind_is_offered_the_kind(search: Search) -> None:
    """Whoever asks for winter hiking boots in a shop of hiking boots is shown those, as near misses."""
    slate = search.find(Query("snow boots", signals=(Signal("category", "=", "雪地登山鞋"),)))
    assert not slate.picks
    assert {miss.item.category[-1] for miss in slate.near_misses} == {"Hiking boots"}


@pytest.mark.parametrize(("wish", "name", "told"), [
    ("hiking socks", "hiking boots", {"one_script", "shared_words"}), ("gaming mouse", "mouse", {"one_head", "ends_in_shelf"}),
    ("mouse pad", "mouse", {"shelf_inside"}), ("咖啡机", "coffee maker", set()),
])
def test_words_speak_for_kinship(wish: str, name: str, told: set[str]) -> None:
    """Heads, endings and shared words, within one script only."""
    features = dict(zip(FEATURES[4:12], shared(wish, name), strict=True))
    assert told <= {feature for feature, value in features.items() if value}
    assert bool(told) == bool(features["one_script"])


def test_the_shipped_kinship_fits_its_embedder() -> None:
    """Weights for all features; an embedder of another space is not asked."""

    class Other:
        name, dimension = shipped_kinship().embedder, 3

        def embed(self, texts: object, *, query: bool = False) -> object:
            raise AssertionError("asked")

    assert len(shipped_kinship().weights) == len(FEATURES)
    assert Likeness(Other()).beside("sofa", ["couch"], [0]) is None  # type: ignore[arg-type]
