"""The question below a slate, and how its answers are read."""

from __future__ import annotations

import pytest

from assistant.conversation import Assistant
from assistant.language.scripted import ScriptedReader
from assistant.phrases import say
from assistant.reading import BUTTON
from assistant.schema import Question, Turn
from assistant.settings import QuestionSettings, Settings
from retrieval.search import Search
from retrieval.shop import Shop

LINES = {
    "steel for at most 50": "recommend | material~steel | price<=50",
    "a kettle": "recommend | category=kettle",
    "a kettle around 30": "recommend | category=kettle | price~30",
    "50以内钢的东西": "recommend | material~钢 | price<=50",
    "a lamp": "recommend | category=lamp",
    "kettles": "recommend | category=lamp",
    "why 1": "ask_item | item=1",
}
EAGER = QuestionSettings(gain=0.05, fitting=2, sharpness=0.0)
STEEL = "steel for at most 50"
"""The price is said, so that the kind is asked about."""


def assistant_of(shop: Shop, questions: QuestionSettings = EAGER) -> Assistant:
    return Assistant(shop, Search(shop), ScriptedReader(LINES), Settings(questions=questions))


def talk(assistant: Assistant, *messages: str) -> tuple[Turn, ...]:
    history: tuple[Turn, ...] = ()
    for message in messages:
        history = (*history, assistant.respond(message, history, session_id="s"))
    return history


def question_of(turn: Turn) -> Question:
    assert turn.reply.question is not None
    return turn.reply.question


def test_items_come_first_and_one_question_stands_below(small_shop: Shop) -> None:
    """The slate is there at once; the question ends the reply and its answers are the quick replies."""
    (turn,) = talk(assistant_of(small_shop), STEEL)
    question = question_of(turn)
    assert turn.reply.recommendations
    assert question.facet == "category"
    assert turn.reply.text.endswith(question.text) and turn.reply.closing.endswith(question.text)
    assert turn.reply.quick_replies[: len(question.answers)] == tuple(answer.text for answer in question.answers)
    assert [answer.text for answer in question.answers] == ["Kettles", "Lamps", "no preference"]


def test_a_tapped_answer_is_read_without_the_model(small_shop: Shop) -> None:
    """`Kettles` after the question means the shelf, whatever a model would make of the word; in any case of letters."""
    turns = talk(assistant_of(small_shop), STEEL, "kettles")
    assert turns[1].reading.by == BUTTON
    assert [str(signal) for signal in turns[1].reading.signals] == ["category=Kettles"]
    assert turns[1].slate is not None and turns[1].slate.fitting == 4
    typed = talk(assistant_of(small_shop, QuestionSettings(most=0)), STEEL, "kettles")
    assert typed[1].reading.by != BUTTON


def test_no_preference_changes_no_wish(small_shop: Shop) -> None:
    """Who has no preference keeps what she said, gets other items and is not asked the same again."""
    turns = talk(assistant_of(small_shop), STEEL, "no preference")
    assert turns[1].profile.signals == turns[0].profile.signals
    assert turns[1].reply.question is None or turns[1].reply.question.facet != "category"


def test_what_was_said_is_not_asked(small_shop: Shop) -> None:
    """Kind and price are not asked about once they are stated."""
    (turn,) = talk(assistant_of(small_shop), "a kettle")
    assert question_of(turn).facet == "price"
    (priced,) = talk(assistant_of(small_shop), "a kettle around 30")
    assert priced.reply.question is None


def test_a_price_band_is_read_as_its_limits(small_shop: Shop) -> None:
    """The tapped band is in the shop's currency with round numbers, and bounds the next slate on both sides."""
    assistant = assistant_of(small_shop)
    (turn,) = talk(assistant, "a kettle")
    answers = {answer.text: answer.line for answer in question_of(turn).answers}
    assert answers["up to $30"] == "refine | price<=30"
    after = talk(assistant, "a kettle", "up to $30")[1]
    assert after.slate is not None
    assert all(item.price is not None and item.price.amount <= 3000 for item in after.slate.items)


def test_at_most_two_questions_a_session(small_shop: Shop) -> None:
    """However often she goes on, a shopper is asked twice at most; a merchant may allow none."""
    turns = talk(assistant_of(small_shop), STEEL, "a kettle", "a lamp", STEEL)
    assert sum(turn.reply.question is not None for turn in turns) == 2
    (turn,) = talk(assistant_of(small_shop, QuestionSettings(most=0, gain=0.05, fitting=2, sharpness=0.0)), STEEL)
    assert turn.reply.question is None


@pytest.mark.parametrize("settings", [QuestionSettings(gain=0.05, fitting=6), QuestionSettings(gain=3.0, fitting=2)])
def test_nothing_is_asked_that_does_not_pay(small_shop: Shop, settings: QuestionSettings) -> None:
    """Few fitting items, or an answer that would tell too little, are no reason to ask."""
    (turn,) = talk(assistant_of(small_shop, settings), STEEL)
    assert turn.reply.question is None
    assert "cheaper" in turn.reply.quick_replies


def test_an_answer_counts_for_the_last_question_only(small_shop: Shop) -> None:
    """Two turns later the word is read like any other."""
    turns = talk(assistant_of(small_shop), STEEL, "why 1", "kettles")
    assert turns[2].reading.by != BUTTON


def test_the_question_speaks_the_shoppers_language(small_shop: Shop) -> None:
    """Question and answers are Chinese for a Chinese message, and so is the reply to the tap."""
    turns = talk(assistant_of(small_shop), "50以内钢的东西", "水壶")
    question = question_of(turns[0])
    assert question.text == say("ask_category", "zh")
    assert [answer.text for answer in question.answers] == ["水壶", "台灯", "都可以"]
    assert turns[1].reading.by == BUTTON and turns[1].reading.language == "zh"
    assert turns[1].slate is not None and turns[1].slate.fitting == 4
