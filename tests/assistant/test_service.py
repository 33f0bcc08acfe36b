"""Orders and rules: from the records, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from assistant.language import Generation
from assistant.language.scripted import ScriptedModel
from assistant.schema import Message, Reading
from assistant.service import HelpDesk, answer_order
from assistant.service_router import Part, ServiceRouter
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import HelpPage, Order, Signal
from retrieval.shop import Shop, ShopSettings

RETURNS = "# Returning things\n\nYou have 30 days to return an unused item.\n\n## Shoes\n\nShoes must come back in their box."


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop.create(
        tmp_path_factory.mktemp("service") / "shop", ShopSettings("Service", embedder="hashing"), embedder=HashingEmbedder()
    )
    orders = (
        Order("DG-1", "anna", "shipped", datetime(2026, 5, 1, tzinfo=UTC), carrier="Heron", tracking="HP7", due=datetime(2026, 5, 9, tzinfo=UTC)),
        Order("DG-2", "ben", "delivered", datetime(2026, 5, 1, tzinfo=UTC)),
    )
    pages = (
        HelpPage("returns", "en", "Returns", RETURNS, "returns", "3"),
        HelpPage("returns", "zh", "退货", "未使用的商品30天内可退。", "returns", "3"),
    )
    import_feed(made, orders=orders, help_pages=pages)
    yield made
    made.close()


def ask(line: str, text: str, language: str = "en") -> Reading:
    intent, *signals = line.split(" | ")
    return Reading(intent, language, tuple(Signal.parse(s) for s in signals), text)  # type: ignore[arg-type]


def test_an_own_order_is_told_from_the_records(shop: Shop) -> None:
    """State, date, carrier and number are the table's."""
    text = answer_order(ask("order | action=track | order=dg-1", "where is dg-1"), shop, "anna").text
    assert all(words in text for words in ("DG-1", "on its way", "May 9, 2026", "Heron", "HP7"))


@pytest.mark.parametrize(("shopper", "said"), [("", "sign in"), ("ben", "find no order"), ("eve", "find no order")])
def test_no_order_of_another_is_told(shop: Shop, shopper: str, said: str) -> None:
    """A stranger, and a customer who is not the owner, learn nothing of it."""
    text = answer_order(ask("order | action=track | order=dg-1", "where is dg-1"), shop, shopper).text
    assert said in text
    assert "Heron" not in text and "HP7" not in text


def test_a_change_goes_to_a_person(shop: Shop) -> None:
    """The assistant promises no change of an order."""
    assert answer_order(ask("order | action=cancel | order=dg-1", "cancel"), shop, "anna").kind == "handoff"


@pytest.mark.parametrize(
    ("language", "asked", "said"), [("en", "how long to return an unused item", "30 days"), ("zh", "未使用的商品几天可退", "30天")]
)
def test_a_rule_is_quoted_with_its_page(shop: Shop, language: str, asked: str, said: str) -> None:
    """The answer is a passage of a page in the shopper's language, with its version."""
    reply, _ = HelpDesk(shop).answer(ask("policy | topic=returns", asked, language))
    assert reply.kind == "service"
    assert said in reply.text and reply.passages[0].version == "3"


def test_what_no_page_covers_goes_to_a_person(shop: Shop) -> None:
    """No rule is made up."""
    reply, _ = HelpDesk(shop).answer(ask("policy | topic=warranty", "zzz qqq xxx"))
    assert reply.kind == "handoff" and not reply.passages


def test_a_router_sends_a_question_to_its_page(shop: Shop) -> None:
    """In words that no page has, and by a reader who saw another topic; what the router is unsure of is handed over as before."""
    embedder = HashingEmbedder()
    taught = embedder.embed(["zzz qqq xxx", "hello there"], query=True)
    flat = np.zeros(2, np.float32)
    part = Part(embedder, np.zeros(taught.shape[1], np.float32), 9 * taught, flat, taught)
    desk = HelpDesk(shop, router=ServiceRouter(("returns", "greeting"), (part,), 1.0, "nearest", 0.5))
    reply, _ = desk.answer(ask("policy | topic=warranty", "zzz qqq xxx"))
    assert reply.kind == "service" and reply.passages[0].page_id == "returns"
    assert desk.answer(ask("policy | topic=warranty", "vvv www"))[0].kind == "handoff"


def test_the_model_picks_the_sentence(shop: Shop) -> None:
    """A tuned model's answer is the page's own sentence with page and version, whichever passage it stands in."""

    def answer(messages: tuple[Message, ...], how: Generation) -> str:
        number = next(line[0] for line in messages[-1].text.splitlines() if "Shoes must" in line)
        return f'{number} "Shoes must come back in their box."'

    asked = ask("policy | topic=returns", "do i need the shoe box")
    reply, notes = HelpDesk(shop).answer(asked, ScriptedModel(answer))
    assert notes == ()
    assert reply.text == "From “Returns” (version 3): Shoes must come back in their box."
    assert "Shoes must come back" in reply.passages[0].text


def test_a_model_that_finds_no_answer_hands_over(shop: Shop) -> None:
    """The nearest passage is not quoted when the model says that none answers."""
    reply, _ = HelpDesk(shop).answer(ask("policy | topic=returns", "do you plant trees"), ScriptedModel(lambda messages, how: "0"))
    assert reply.kind == "handoff"


def test_a_model_that_fails_is_told_of(shop: Shop) -> None:
    """The nearest passage stands in, and the turn says why."""
    asked = ask("policy | topic=returns", "how long to return an unused item")
    reply, notes = HelpDesk(shop).answer(asked, ScriptedModel({}))
    assert "30 days" in reply.text
    assert notes[0].step == "service"
