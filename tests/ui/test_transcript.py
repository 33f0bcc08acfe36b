"""Turns as messages of the page."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Assistant
from assistant.memory import Memory, feedback_table
from assistant.schema import Recommendation
from retrieval.schema import Item
from ui.cards import cards_html, picture_url
from ui.chat import Chats, cut_short
from ui.transcript import plain, transcript


@given(st.text())
def test_plain_text_shows_as_typed_and_holds_no_markup(text: str) -> None:
    """No tag, link, image or address survives, and the reader sees the very characters."""
    made = plain(text)
    assert not set("<>[]`\\~@") & set(made)
    assert "://" not in made
    assert html.unescape(made) == text


@pytest.mark.parametrize("image", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example/x", "", "pictures"])
def test_only_web_pictures_are_shown(image: str) -> None:
    """Any scheme but http and https gives no picture."""
    assert picture_url(Item("a", "A", image=image)) == ""


def test_a_card_escapes_what_the_shop_says(small_assistant: Assistant) -> None:
    """Titles, reasons and sentences are text in the card, and a script address is no link."""
    turn = small_assistant.respond("an electric kettle under 60")
    item = Item("x'><script>", "T <script>alert(1)</script>", url="javascript:alert(1)")
    entry = Recommendation(item, item.title, None, reasons=("<b>r</b>",), sentence="<i>s</i>")
    shown = cards_html(replace(turn, reply=replace(turn.reply, recommendations=(entry,))))
    assert "<script" not in shown
    assert "<b>r" not in shown
    assert "<i>s" not in shown
    assert "javascript:" not in shown


def test_only_the_last_reply_offers_quick_replies(small_assistant: Assistant) -> None:
    """A transcript of kept turns has quick replies under its last message alone."""
    first = small_assistant.respond("an electric kettle under 60", session_id="t1")
    second = small_assistant.respond("cheaper", (first,), session_id="t1")
    messages = transcript([first, second])
    assert [message.role for message in messages] == ["user", "assistant", "user", "assistant"]
    assert messages[1].options == []
    assert messages[3].options != []


def test_a_reaction_counts_only_for_what_was_offered_here(small_assistant: Assistant) -> None:
    """Reactions to other conversations' turns, to other items, or of other kinds are not kept."""
    memory = Memory.of(small_assistant.shop)
    turn = small_assistant.respond("an electric kettle under 60", session_id="mine")
    memory.keep(turn)
    chats = Chats(small_assistant, memory)
    offered = turn.reply.recommendations[0].item.id
    chats.react(json.dumps([turn.id, offered, "like"]), "another")
    chats.react(json.dumps([turn.id, "l2", "like"]), "mine")
    chats.react(json.dumps([turn.id, offered, "cart"]), "mine")
    chats.react("not json", "mine")
    chats.react(json.dumps([turn.id, offered, "dislike"]), "mine")
    with small_assistant.shop.reading() as connection:
        chosen = feedback_table.select().where(feedback_table.c.turn_id == turn.id)
        kept = [(row.item_id, row.kind) for row in connection.execute(chosen)]
    assert kept == [(offered, "dislike")]


def test_a_second_message_waits_its_turn(small_assistant: Assistant) -> None:
    """While a reply of a conversation is written, another message to it is not answered."""
    chats = Chats(small_assistant, Memory.of(small_assistant.shop))
    first = chats.answer("an electric kettle under 60", "busy")
    next(first)
    assert len(list(chats.answer("cheaper", "busy"))) == 1
    list(first)
    assert len(chats.memory.turns("busy")) == 1


def test_a_stopped_turn_has_shown_what_was_seen(small_assistant: Assistant) -> None:
    """Items of a slate that were not on the page yet do not count as shown, and the turn says that it was stopped."""
    turns = list(small_assistant.stream("an electric kettle under 60"))
    cut = cut_short(next(turn for turn in turns if len(turn.reply.recommendations) == 1))
    seen = cut.reply.recommendations[0].item.id
    assert cut.done
    assert cut.screen == (seen,)
    assert cut.profile.shown == (seen,)
    assert "stopped" in str(cut.degraded[-1])
