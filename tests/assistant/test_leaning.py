"""Words alone move what a slate leans to, and the one question about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.conversation import Assistant
from assistant.interests import with_long_term
from assistant.language.scripted import ScriptedReader
from assistant.leaning import leanings, question_for, session_drift, which_today
from assistant.schema import Interest, Profile, Reading, Reply, Turn
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import Candidate, Item, Money, Pick, Signal, Slate, Translation
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CHINESE = {"Hiking boots": "徒步鞋", "Garden hoses": "水管"}
ITEMS = {
    f"{shelf}{number}": Item(
        f"{shelf}{number}", f"Gift {name} {number}", category=("Shop", name), price=Money(1000 + number, "USD"),
        translations=(Translation("zh", CHINESE[name], "", ("商店", CHINESE[name])),),
    )
    for shelf, name in (("h", "Hiking boots"), ("g", "Garden hoses")) for number in range(30)
}
HIKER = with_long_term(Profile(), [Interest(Signal("category", "~", "Hiking boots", "profile"), 0.8, "purchase", NOW, term="long")])
SAID = {
    "a garden hose": "recommend | category=garden hose", "a longer one": "refine | category=garden hose | size~long",
    "surprise me": "recommend", "a gift": "recommend | use~gift", "again a hose": "recommend | category=garden hose",
}


def items(ids: Sequence[str]) -> Sequence[Item]:
    return [ITEMS[item_id] for item_id in ids]


def garden(number: int) -> Turn:
    reading = Reading("recommend", "en", (Signal("category", "=", "garden hose"),))
    slate = Slate(tuple(Pick(Candidate(ITEMS[f"g{place}"], 1.0)) for place in range(3)))
    return Turn(str(number), "s", number, "a hose", NOW + timedelta(minutes=number), reading, HIKER, Reply("recommend"), slate=slate)


def lean(turns: int) -> dict[str, float]:
    return dict(leanings(session_drift(HIKER, [garden(n) for n in range(turns)], items)))


def test_three_garden_messages_move_the_lean() -> None:
    """A hiker leans to boots; every garden message takes some of it, after three of them most."""
    boots = [lean(turns).get("Hiking boots", 0.0) for turns in range(4)]
    assert boots == sorted(boots, reverse=True)
    assert boots[0] == 1.0
    assert lean(3)["Garden hoses"] > 0.6


def test_slates_that_nobody_asked_for_do_not_count() -> None:
    """A turn without wishes shows what was held already, and moves nothing."""
    idle = [replace(garden(n), reading=Reading("recommend", "en", (), "something nice")) for n in range(3)]
    assert dict(leanings(session_drift(HIKER, idle, items))) == {"Hiking boots": 1.0}


def test_nothing_known_leans_nowhere() -> None:
    """Without long-term interests no mix is asked for, whatever was searched before."""
    assert leanings(session_drift(Profile(), [garden(1)], items)) == ()


def test_a_wish_is_not_mixed_with_what_is_usually_bought(assistant: Assistant) -> None:
    """A gift is not taken to be hiking boots because its buyer hikes."""
    turn = assistant.respond("a gift", profile=HIKER)
    assert turn.query is not None
    assert [str(signal) for signal in turn.query.signals] == ["use~gift"]


def test_the_question_is_asked_once_and_when_it_matters() -> None:
    """It is put when a message names no kind and the taste is in between; never to a settled one, never twice."""
    turns = [garden(n) for n in range(2)]
    drift = session_drift(HIKER, turns, items)
    question = which_today(HIKER, drift, turns, "en")
    assert question is not None
    assert "Hiking boots" in question.text
    assert question.answers[0].line == "refine | category~Garden hoses"
    asked = [*turns, replace(turns[-1], reply=Reply("recommend", question=question))]
    assert which_today(HIKER, drift, asked, "en") is None
    assert which_today(HIKER, session_drift(HIKER, (), items), (), "en") is None
    naming = with_long_term(Profile((Interest(Signal("category", "=", "tent"), 1.0, "message", NOW),)), HIKER.interests)
    assert which_today(naming, drift, turns, "en") is None


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    settings = ShopSettings("Two shelves", languages=("en", "zh"), embedder="hashing")
    shop = Shop.create(tmp_path_factory.mktemp("shops") / "two", settings, embedder=HashingEmbedder())
    import_feed(shop, catalog=tuple(ITEMS.values()))
    yield Assistant(shop, Search(shop), ScriptedReader(SAID))
    shop.close()


def test_the_slate_of_an_open_request_moves(assistant: Assistant) -> None:
    """The same open request shows a hiker boots first, and after three garden messages hoses first, in one session."""
    before = assistant.respond("surprise me", profile=HIKER)
    turn, history = before, []
    for said in ("a garden hose", "a longer one", "again a hose", "surprise me"):
        turn = assistant.respond(said, history, profile=HIKER if not history else None)
        history.append(turn)
    assert before.slate is not None
    assert turn.slate is not None
    assert _hoses(before.slate) < _hoses(turn.slate)
    assert 2 * _hoses(turn.slate) > len(turn.slate.items)
    assert not before.slate.relaxed
    assert "boots" not in turn.reply.opening.casefold()


def _hoses(slate: Slate) -> int:
    return sum(item.category[-1] == "Garden hoses" for item in slate.items)


def test_the_question_in_chinese(assistant: Assistant) -> None:
    """The kinds are named in the shopper's language where the shop has them so."""
    question = question_for("Hiking boots", "Garden hoses", "zh", assistant.search.view().catalogue.shelves)
    assert question.text == "您以前常看徒步鞋，最近在看水管，今天想看哪一种？"
