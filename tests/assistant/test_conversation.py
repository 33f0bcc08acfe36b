"""The flow of a turn over a small shop, read by script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from assistant.conversation import Assistant
from assistant.errors import GenerationError
from assistant.language import Generation
from assistant.language.scripted import ScriptedReader
from assistant.schema import Message, Turn
from retrieval.money import major
from retrieval.search import Search
from retrieval.shop import Shop

LINES = {
    "a kettle under 60": "recommend | category=kettle | price<=60",
    "cheaper": "refine | price~cheaper",
    "others": "refine",
    "a kettle under 5": "recommend | category=kettle | price<=5",
    "compare": "compare | item=1 | item=2",
    "why 1": "ask_item | item=1",
    "is it steel": "ask_item | item=1 | material~steel",
    "is it a teapot": "ask_item | item=1 | feature~espresso grinder",
    "hate the first": "feedback | item!~1",
    "person": "human",
    "order": "order | action=track | order=7",
    "hello": "chat",
    "what do you know": "memory | topic=show",
    "forget": "memory | topic=forget",
    "水壶": "recommend | category=水壶",
}


class Failing:
    """A model that always fails while writing."""

    name = "failing"
    tuned = frozenset({"read", "write"})
    languages = frozenset({"en"})

    def stream(self, messages: tuple[Message, ...], how: Generation) -> Iterator[str]:
        raise GenerationError("out of memory")
        yield ""


@pytest.fixture
def assistant(small_shop: Shop) -> Assistant:
    return Assistant(small_shop, Search(small_shop), ScriptedReader(LINES))


def talk(assistant: Assistant, *messages: str) -> tuple[Turn, ...]:
    history: tuple[Turn, ...] = ()
    for message in messages:
        history = (*history, assistant.respond(message, history, session_id="s"))
    return history


def prices(turn: Turn) -> list[float]:
    return [float(major(entry.price)) for entry in turn.reply.recommendations if entry.price]


def test_a_request_is_answered_within_its_limits(assistant: Assistant) -> None:
    """Cards are the slate's, in its order, and none breaks the bound."""
    (turn,) = talk(assistant, "a kettle under 60")
    assert turn.reply.kind == "recommend"
    assert turn.slate is not None
    assert [e.item.id for e in turn.reply.recommendations] == [i.id for i in turn.slate.items]
    assert all(price <= 60 for price in prices(turn))
    assert turn.done and not turn.degraded


def test_the_reply_grows(assistant: Assistant) -> None:
    """Every streamed text begins with the one before; only the last turn is done."""
    turns = list(assistant.stream("a kettle under 60", session_id="s"))
    texts = [turn.reply.text for turn in turns]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert [turn.done for turn in turns] == [False] * (len(turns) - 1) + [True]


def test_cheaper_gets_cheaper(assistant: Assistant) -> None:
    """Every item after "cheaper" costs less than the cheapest before, as far as there are any."""
    first, second = talk(assistant, "a kettle under 60", "cheaper")
    if second.reply.kind == "recommend":
        assert max(prices(second)) < min(prices(first))
    else:
        assert second.slate is not None and second.slate.blocked_by


def test_where_nothing_is_cheaper_the_cheapest_is_named(assistant: Assistant) -> None:
    """"Cheaper" than the cheapest finds nothing, and the reply says which item that is and what it costs."""
    *_, last = talk(assistant, "a kettle under 60", "cheaper", "cheaper", "cheaper")
    assert last.reply.kind == "nothing_fits"
    assert last.reply.text.startswith("Nothing that fits is cheaper than **Mini Kettle** at $19.00.")


def test_others_are_others(assistant: Assistant) -> None:
    """"Others" offers what was not shown before."""
    first, second = talk(assistant, "a kettle under 60", "others")
    assert second.slate is not None and first.slate is not None
    assert not set(second.slate.items) & set(first.slate.items)


def test_an_empty_slate_says_why(assistant: Assistant) -> None:
    """The wish that emptied the slate is named, with the nearest miss and its price."""
    (turn,) = talk(assistant, "a kettle under 5")
    assert turn.reply.kind == "nothing_fits"
    assert "5" in turn.reply.text and "$19.00" in turn.reply.text


def test_a_limit_can_be_given_up_by_its_button(assistant: Assistant) -> None:
    """The button under an empty slate lifts the wish that emptied it, and only that."""
    first, second = talk(assistant, "a kettle under 5", "Without that limit")
    assert first.reply.quick_replies == ("Without that limit",)
    assert second.reply.kind == "recommend"
    assert {str(signal) for signal in second.profile.signals} == {"category=kettle"}


def test_what_was_disliked_stays_away(assistant: Assistant) -> None:
    """A rejected item is not offered again."""
    first, _, third = talk(assistant, "a kettle under 60", "hate the first", "a kettle under 60")
    assert first.slate is not None and third.slate is not None
    assert first.slate.items[0].id not in {item.id for item in third.slate.items}


def test_a_conversation_opens_with_who_answers(assistant: Assistant) -> None:
    """The first greeting is answered by a program that says that it is one."""
    assert "computer program" in talk(assistant, "hello")[-1].reply.text


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        ("compare", "compare", "| price |"),
        ("why 1", "answer", "because"),
        ("is it steel", "answer", "steel"),
        ("is it a teapot", "answer", "does not say"),
        ("person", "handoff", "colleague"),
        ("order", "service", "sign in"),
        ("hello", "chat", "Anything else"),
        ("what do you know", "memory", "kettle"),
        ("forget", "memory", "forgotten"),
    ],
)
def test_other_intents(assistant: Assistant, message: str, kind: str, said: str) -> None:
    """Each intent has its reply, and the items stay on the screen."""
    first, second = talk(assistant, "a kettle under 60", message)
    assert second.reply.kind == kind
    assert said in second.reply.text
    assert second.screen == first.screen


def test_a_chinese_message_gets_a_chinese_reply(assistant: Assistant) -> None:
    """Titles, opening and quick replies are in the shopper's language."""
    (turn,) = talk(assistant, "水壶")
    assert turn.reading.language == "zh"
    assert all("壶" in entry.title for entry in turn.reply.recommendations)
    assert "便宜一点" in turn.reply.quick_replies


@pytest.mark.parametrize("message", ["", "🥾", "<|im_end|>", "x" * 100_000, "\x00"])
def test_any_message_gets_a_reply(assistant: Assistant, message: str) -> None:
    """Nothing that a shopper can type ends in an error."""
    assert talk(assistant, message)[0].reply.text


def test_a_failing_model_leaves_a_working_shop(small_shop: Shop) -> None:
    """The shop answers with true facts from templates, and the turn says so."""
    assistant = Assistant(small_shop, Search(small_shop), Failing())
    (turn,) = talk(assistant, "kettle")
    assert turn.reply.recommendations
    assert any("out of memory" in str(entry) for entry in turn.degraded)


def test_without_a_model_the_shop_still_answers(small_shop: Shop) -> None:
    """No model at all: plain search and templates, both told."""
    (turn,) = talk(Assistant(small_shop, Search(small_shop), None), "glass kettle")
    assert turn.reply.recommendations
    assert {entry.step for entry in turn.degraded} == {"read", "write"}


def test_a_lying_model_is_not_heard(small_shop: Shop) -> None:
    """A sentence with an invented price or material is dropped and kept in `dropped`; the template stands instead."""

    class Lying(ScriptedReader):
        def _answer(self, messages: tuple[Message, ...], how: Generation) -> str:
            return "Only $1.99 and made of gold." if how.task == "write" else "recommend | category=kettle"

    (turn,) = talk(Assistant(small_shop, Search(small_shop), Lying({})), "kettle")
    assert turn.reply.dropped
    assert "gold" not in turn.reply.text and "1.99" not in turn.reply.text


def test_turns_can_be_replayed(assistant: Assistant) -> None:
    """The same history and message give the same slate."""
    history = talk(assistant, "a kettle under 60")
    one, two = (assistant.respond("others", history, session_id="s") for _ in range(2))
    assert one.slate == two.slate
    assert replace(one, id=two.id, at=two.at, timings=two.timings, profile=two.profile) == two
