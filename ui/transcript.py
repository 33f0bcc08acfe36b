"""Turns as the messages of the chat page. What comes from the shop or the shopper reaches the page as text, never as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

import gradio as gr

from assistant.schema import Turn
from ui.cards import cards_html

_MARKUP = re.compile(r"[<>&\[\]`\\~_#]|(?<!\*)\*(?!\*)|://|www\.|@")
"""What Markdown or HTML would make something of, except `**`, lists and tables, which our own replies are laid out with."""


def transcript(turns: Iterable[Turn]) -> list[gr.ChatMessage]:
    """The messages of kept turns; only the last one offers its quick replies."""
    messages = [message for turn in turns for message in (asked(turn.message), answered(turn))]
    for message in messages[:-1]:
        message.options = []
    return messages


def asked(message: str) -> gr.ChatMessage:
    """What the shopper wrote."""
    return gr.ChatMessage(plain(message).replace("**", "&#42;&#42;").replace("|", "&#124;"), role="user")


def answered(turn: Turn) -> gr.ChatMessage:
    """A reply as far as it has grown: its opening, its items as cards, its closing line, then quick replies."""
    reply = turn.reply
    if reply.opening:
        parts = [plain(reply.opening), gr.HTML(cards_html(turn)) if reply.recommendations else "", plain(reply.closing)]
    else:
        parts = [plain(reply.text)]
    options = [{"value": text, "label": text} for text in reply.quick_replies] if turn.done else []
    return gr.ChatMessage([part for part in parts if part], role="assistant", options=options)


def said(text: str) -> gr.ChatMessage:
    """A line of the page itself."""
    return gr.ChatMessage(text, role="assistant")


def thinking() -> gr.ChatMessage:
    """What stands where the reply will be."""
    dots = gr.HTML("<span class='dg-dots' role='img' aria-label='…'><i></i><i></i><i></i></span>")
    return gr.ChatMessage(dots, role="assistant")


def plain(text: str) -> str:
    """`text` for a Markdown box: bold, lists and tables stay, every other markup, tag or address shows as it was typed."""
    return _MARKUP.sub(lambda found: "".join(f"&#{ord(char)};" for char in found.group()), text)
