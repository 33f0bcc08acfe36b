"""A review written in the chat is kept after asking, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.conversation import Assistant
from assistant.erasure import Erasure
from assistant.language.scripted import ScriptedReader
from assistant.memory import Memory
from assistant.schema import Turn
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.readings import Readings
from retrieval.schema import Item, Money, Order
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings

TOLD = "I got the boots, soles came off after a week"
NOW = datetime.now(UTC)
GOODS = (
    Item("b1", "Fell trail boot", category=("Outdoor", "Boots"), price=Money(8900, "USD")),
    Item("k1", "Steel kettle", category=("Home", "Kettles"), price=Money(3900, "USD")),
)
READER = ScriptedReader({TOLD: "feedback | item!=boots | feature!~soles came off", "a kettle": "recommend | category=kettle",
                         "I own the first one, too loud": "feedback | item!=1 | feature!~loud"})


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop", ShopSettings("Test"), embedder=HashingEmbedder()) as made:
        orders = [Order("o1", "ann", "delivered", NOW, (("b1", 1), ("k1", 1)))]
        import_feed(made, catalog=GOODS, orders=orders)
        yield made


def _talk(shop: Shop, shopper: str, *messages: str) -> list[Turn]:
    memory, assistant, said = Memory.of(shop), Assistant(shop, Search(shop), READER), []
    for message in messages:
        history = memory.turns(f"of-{shopper}")
        turn = assistant.respond(message, history, session_id=f"of-{shopper}", shopper_id=shopper)
        memory.keep(turn)
        said.append(turn)
    return said


def test_what_was_bought_becomes_a_review_after_a_yes(shop: Shop) -> None:
    """The thing is found among those bought, the words are kept as they were typed, verified, and wait to be read."""
    offer, kept = _talk(shop, "ann", TOLD, "Yes, keep it as my review")
    assert offer.reply.question is not None and "Fell trail boot" in offer.reply.question.text
    assert offer.screen == ("b1",)
    assert "kept" in kept.reply.text
    (review,) = shop.reviews_of("b1")
    assert (review.text, review.author, review.verified, review.rating) == (TOLD, "ann", True, None)
    assert Readings(shop.engine).unread() == (review.id,)


def test_without_a_yes_nothing_is_kept(shop: Shop) -> None:
    """A no, or another message, leaves no review; a yes to nothing neither."""
    _talk(shop, "ann", TOLD, "No, thanks", "Yes, keep it as my review")
    assert shop.all_reviews() == ()


def test_a_shown_thing_is_reviewed_unverified(shop: Shop) -> None:
    """Who says to own what the shop did not sell her may review it; it counts as unverified."""
    _talk(shop, "bea", "a kettle", "I own the first one, too loud", "Yes, keep it as my review")
    (review,) = shop.all_reviews()
    assert (review.item_id, review.verified) == ("k1", False)


def test_a_guest_is_not_asked(shop: Shop) -> None:
    """A review needs somebody whose it is."""
    (turn,) = _talk(shop, "", TOLD)
    assert turn.reply.question is None


def test_it_goes_with_its_writer(shop: Shop) -> None:
    """Erasing the shopper erases the review."""
    _talk(shop, "ann", TOLD, "Yes, keep it as my review")
    proof = Erasure(shop.directory, shop.engine, Memory.of(shop).identity).erase("ann")
    assert proof is not None and proof.complete
    assert shop.all_reviews() == ()
