"""Folding signals into a profile, and the query that comes of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from assistant.interests import fold, long_term, query_for, show, with_long_term
from assistant.schema import Interest, Profile, Reading
from retrieval.schema import Item, Money, Signal

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SCREEN = (
    Item("a", "Tern Kettle", price=Money(4900, "USD")),
    Item("b", "Moss Kettle", price=Money(7900, "USD")),
)


def read(line: str, text: str = "words") -> Reading:
    intent, *signals = line.split(" | ")
    return Reading(intent, "en", tuple(Signal.parse(s) for s in signals), text)  # type: ignore[arg-type]


def after(*lines: str) -> Profile:
    profile = Profile()
    for number, line in enumerate(lines, 1):
        profile = fold(profile, read(line), SCREEN, NOW, number)
    return profile


def held(profile: Profile) -> set[str]:
    return {str(signal) for signal in profile.signals}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["recommend | category=kettle | color~red", "refine | price<=50"], {"category=kettle", "color~red", "price<=50"}),
        (["recommend | category=kettle", "recommend | category=mug"], {"category=mug"}),
        (["recommend | category=sander", "refine | category=jigsaw"], {"category=jigsaw"}),
        (
            ["recommend | category=boots | material!=leather | price<=200 | audience~my mother", "refine | price~cheaper",
             "refine | category=kettle"],
            {"category=kettle", "audience~my mother"},
        ),
        (["recommend | category=boots | audience~my mother", "recommend | category=kettle"], {"category=kettle", "audience~my mother"}),
        (["recommend | category=boots | audience~women's", "refine | category=kettle"], {"category=kettle"}),
        (["recommend | category=boots | price<=90 | color~red", "refine | category=hiking boots"],
         {"category=hiking boots", "price<=90", "color~red"}),
        (["recommend | category=电热水壶 | price<=90", "refine | category=水壶"], {"category=水壶", "price<=90"}),
        (["recommend | category=phone | price<=900", "refine | category=phone case"], {"category=phone case"}),
        (["recommend | category=kettle | price<=20", "refine | category=boots | price~cheaper"], {"category=boots", "price~cheaper"}),
        (["memory | topic=remember | material!=leather", "recommend | category=boots | price<=9", "refine | category=kettle"],
         {"material!=leather", "category=kettle"}),
        (["recommend | category=boots | audience~my son", "refine | audience~my mother"], {"category=boots", "audience~my mother"}),
        (["recommend | color~red", "refine | color~any"], set()),
        (["recommend | color~red", "refine | color!=red"], {"color!=red"}),
        (["recommend | color~red", "refine | color~blue"], {"color~blue"}),
        (["recommend | color~olive | color~black"], {"color~olive", "color~black"}),
        (["recommend | price>=20 | price<=50"], {"price>=20", "price<=50"}),
        (["recommend | price<=60", "refine | price<=70"], {"price<=70"}),
        (["recommend | category=kettle", "ask_item | item=1 | feature~quiet"], {"category=kettle"}),
        (["memory | topic=remember | material!=down", "recommend | category=jacket"], {"material!=down", "category=jacket"}),
        (["recommend | material!=leather", "memory | topic=forget | material!~leather"], set()),
        (["recommend | category=kettle", "memory | topic=forget"], set()),
    ],
)
def test_fold(lines: list[str], expected: set[str]) -> None:
    """A new request replaces, a refinement adds, and the newer of two contradicting wishes stays."""
    assert held(after(*lines)) == expected


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("refine | price~cheaper", "price<=48.99"),
        ("refine | item=2 | price~cheaper", "price<=78.99"),
        ("refine | price~便宜", "price<=48.99"),
        ("refine | price~pricier", "price>=79.01"),
    ],
)
def test_relative_price(wish: str, expected: str) -> None:
    """"Cheaper" is a hard bound under the lowest price on the screen, or under that of the item spoken of."""
    assert expected in held(after(wish))


def test_a_wish_of_the_session_stands_in_for_a_remembered_one() -> None:
    """"Size 38" sets a remembered size aside for this request; it is not forgotten, and the next request has it again."""
    kept = Interest(Signal("size", "=", "42", "profile"), 0.9, "stated", NOW, term="long")
    profile = with_long_term(Profile(), [kept])
    asked = fold(profile, read("recommend | category=boots | size=38"), SCREEN, NOW, 1)
    assert held(asked) == {"category=boots", "size=38"}
    assert long_term(asked) == (kept,)
    assert held(fold(asked, read("recommend | category=sandal"), SCREEN, NOW, 2)) == {"category=sandal", "size=42"}
    assert long_term(fold(asked, read("memory | topic=forget | size~42"), SCREEN, NOW, 2)) == ()


def test_what_was_learnt_is_no_wish() -> None:
    """An interest from behaviour outlives other wishes of its facet, and is not said to have been wished for."""
    learnt = Interest(Signal("category", "~", "tents", "profile"), 0.5, "purchase", NOW, term="long")
    profile = fold(with_long_term(Profile(), [learnt]), read("recommend | category=kettle"), SCREEN, NOW, 1)
    assert held(profile) == {"category=kettle"}
    assert long_term(profile) == (learnt,)


def test_stored_profiles_of_earlier_versions_are_read() -> None:
    """What was remembered under its earlier name is stated, and outlives the session."""
    signal = {"facet": "color", "op": "~", "value": "red", "source": "profile", "span": ""}
    stored = {"interests": [{"signal": signal, "strength": 0.9, "source": "profile", "at": "2026-03-01T00:00:00Z", "turn": 1}]}
    (interest,) = TypeAdapter(Profile).validate_python(stored).interests
    assert (interest.source, interest.term, interest.stated) == ("stated", "long", True)


def test_reactions() -> None:
    """What was liked is kept as liked; what was disliked or is owned is never searched again."""
    profile = after("feedback | item~1 | item!~2")
    assert profile.liked == ("a",)
    assert profile.rejected == ("b",)
    assert query_for(profile, read("refine"), SCREEN, (), 3).rejected == ("b",)


def test_more_like_the_second_one() -> None:
    """A refinement that names a shown item searches for its like."""
    query = query_for(after("refine | item=2"), read("refine | item=2"), SCREEN, (), 3)
    assert query.like == ("b",)


def test_an_unread_message_is_searched_as_it_stands() -> None:
    """Without wishes the message itself is the search text."""
    assert query_for(Profile(), read("recommend", "quiet kettle please"), (), (), 3).text == "quiet kettle please"


def test_show_keeps_order_and_counts_once() -> None:
    """Shown ids are kept oldest first, each once."""
    assert show(Profile(shown=("b",)), SCREEN).shown == ("b", "a")


facets = st.sampled_from(["category", "price", "color", "material", "feature", "item"])
signals = st.builds(
    Signal, facets, st.sampled_from(["=", "!=", "~", "!~", "<=", ">="]), st.sampled_from(["red", "blue", "50", "70", "any", "1"])
)
readings = st.builds(
    Reading, st.sampled_from(["recommend", "refine", "feedback", "memory", "chat"]), st.just("en"), st.lists(signals, max_size=4).map(tuple)
)


@given(st.lists(readings, max_size=5))
def test_folding_never_holds_a_wish_and_its_opposite(said: list[Reading]) -> None:
    """Whatever is said, no value of a facet is held both ways unless one message said both."""
    profile = Profile()
    for number, reading in enumerate(said, 1):
        profile = fold(profile, reading, SCREEN, NOW, number)
        assert all(interest.signal.value != "any" for interest in profile.interests)
        assert all(interest.signal.facet != "item" for interest in profile.interests)
    values = [(i.signal.facet, i.signal.value) for i in profile.interests]
    assert len(values) == len(set(values))


@pytest.mark.parametrize(
    ("said", "person", "stays"),
    [
        ("I'm not shopping for my mother any more", "my mother", False), ("我不是给妈妈买了", "妈妈", False),
        ("I don't know what to get for my mother", "my mother", True), ("not red, for my mother", "my mother", True),
    ],
)
def test_a_person_whom_it_is_not_for_any_more_goes(said: str, person: str, stays: bool) -> None:
    """What the text denies of the person herself takes her out of the profile, whatever the reader made of it."""
    held = Profile((Interest(Signal("audience", "~", person), 0.7, "message", NOW, 1),))
    after = fold(held, Reading("refine", "en", (Signal("audience", "~", person),), said), (), NOW, 2)
    assert bool(after.interests) is stays


def test_forgetting_finds_what_is_meant() -> None:
    """A name in other case or cut short forgets what it stands in; where one is held exactly, that alone goes."""
    held = Profile(tuple(
        Interest(Signal(facet, "~", value), 0.7, "stated", NOW, term="long")
        for facet, value in (("brand", "Inkling Owl"), ("color", "Red"), ("color", "dark red"))
    ))
    for named, kept in (("inkling", {"Red", "dark red"}), ("red", {"Inkling Owl", "dark red"}), ("blue", {"Inkling Owl", "Red", "dark red"})):
        said = Reading("memory", "en", (Signal("topic", "=", "forget"), Signal("color", "~", named)))
        assert {i.signal.value for i in fold(held, said, (), NOW, 2).interests} == kept


def test_a_complaint_about_a_kettle_is_not_against_kettles() -> None:
    """What only names the thing complained of is no wish to avoid it; what is said of it is one."""
    kettle = Item("k", "Steel Kettle", category=("Kitchen", "Kettles"))
    said = tuple(Signal("feature", "!~", value) for value in ("kettle", "loud"))
    found = fold(Profile(), Reading("feedback", "en", (Signal("item", "!=", "1"), *said)), (kettle,), NOW, 2)
    assert [i.signal.value for i in found.interests] == ["loud"]
