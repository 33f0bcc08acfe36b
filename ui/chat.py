"""The chat page: streaming replies, product cards, quick replies, likes; English and Chinese."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from assistant.conversation import Assistant
from assistant.memory import Feedback, Memory
from assistant.phrases import say
from assistant.schema import Recommendation, Turn
from retrieval.schema import Language
from ui.cards import CSS, cards_html

MAX_MESSAGE = 4_000
"""Characters that the text box takes; what the assistant reads of them is its own setting."""
FONTS = ("system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif")
STARTERS = (
    "waterproof hiking boots under 150, not leather",
    "a quiet gift for my brother who works from home, about 60",
    "敏感肌用的防晒，无香精，不超过40",
    "送给三岁孩子的积木，木头的",
)
PAGE_CSS = CSS + """
.gradio-container { max-width: 880px !important; margin: 0 auto !important; }
#dg-head h1 { font-size: 1.35rem; margin: .2rem 0 0; } #dg-head p { margin: .1rem 0 .4rem; opacity: .72; font-size: .9rem; }
#dg-chat { height: calc(100dvh - 235px) !important; min-height: 320px; border: 0; }
#dg-box textarea { font-size: 16px; }
"""
LANGUAGE_JS = "() => { document.documentElement.lang = (navigator.language || 'en').startsWith('zh') ? 'zh-CN' : 'en'; }"
_HEADED = re.compile(r"\n\n\*\*\d+\. .*\Z", re.DOTALL)

Messages = list[dict[str, Any]]


def chat_page(assistant: Assistant) -> gr.Blocks:
    """The page of a shop; conversations live in the shop's tables, the browser holds only the session's id."""
    memory = Memory(assistant.shop.engine)
    name = assistant.shop.settings.name
    with gr.Blocks(title=name, analytics_enabled=False) as page:
        session = gr.State(_new_session)
        gr.HTML(_head(name), elem_id="dg-head")
        chatbot = gr.Chatbot(
            elem_id="dg-chat", show_label=False, layout="bubble", buttons=["copy"], feedback_options=("Like", "Dislike"),
            placeholder=f"<h3>{say('greeting', 'en')}</h3><p>{say('greeting', 'zh')}</p>",
            examples=[{"text": text} for text in STARTERS], latex_delimiters=[],
        )
        box = gr.Textbox(
            elem_id="dg-box", show_label=False, container=False, autofocus=True, max_length=MAX_MESSAGE, submit_btn=True,
            stop_btn=True, placeholder="What are you looking for? · 想找点什么？",
        )

        def answer(message: str, shown: Messages, session_id: str) -> Iterator[tuple[str, Messages]]:
            for messages in _answer(assistant, memory, message, shown, session_id):
                yield "", messages

        def chosen(event: gr.SelectData, shown: Messages, session_id: str) -> Iterator[tuple[str, Messages]]:
            text = event.value.get("text") or event.value.get("value") if isinstance(event.value, dict) else event.value
            yield from answer(str(text or ""), shown, session_id)

        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        sent = box.submit(answer, [box, chatbot, session], [box, chatbot], **quiet)
        example = chatbot.example_select(chosen, [chatbot, session], [box, chatbot], **quiet)
        option = chatbot.option_select(chosen, [chatbot, session], [box, chatbot], **quiet)
        box.stop(None, cancels=[sent, example, option], api_visibility="private")
        chatbot.clear(_new_session, outputs=session, api_visibility="private")

        def liked(event: gr.LikeData, session_id: str) -> None:
            _keep_like(memory, session_id, event)

        chatbot.like(liked, session, None, api_visibility="private")
        page.load(None, js=LANGUAGE_JS)
    return page


def theme() -> gr.Theme:
    """Fonts that hold Chinese, none fetched from elsewhere."""
    return gr.themes.Soft(primary_hue="orange", neutral_hue="stone", font=list(FONTS), font_mono=["ui-monospace", "monospace"])


def _answer(
    assistant: Assistant, memory: Memory, message: str, shown: Messages, session_id: str
) -> Iterator[Messages]:
    """The transcript with the shopper's message and a reply that grows; a closed tab stops the model."""
    if not message.strip():
        yield shown
        return
    before = [*shown, {"role": "user", "content": message}]
    yield before
    cancel = threading.Event()
    turn: Turn | None = None
    try:
        for turn in assistant.stream(message, memory.turns(session_id), session_id=session_id, cancel=cancel):
            yield [*before, *_reply_messages(turn)]
        if turn is not None:
            memory.add(turn)
    finally:
        cancel.set()


def _reply_messages(turn: Turn) -> Messages:
    """A turn as messages of the transcript: text, then cards, then quick replies under the last one."""
    language, cards = turn.reading.language, turn.reply.recommendations
    messages: Messages = [{"role": "assistant", "content": _text(turn), "metadata": {"id": turn.id}}]
    if cards and turn.reply.kind in ("recommend", "nothing_fits"):
        messages.append({"role": "assistant", "content": gr.HTML(_cards(cards, language))})
    if turn.done and turn.reply.quick_replies:
        messages[-1]["options"] = [{"value": text, "label": text} for text in turn.reply.quick_replies]
    return messages


def _cards(cards: Sequence[Recommendation], language: Language) -> str:
    return cards_html(cards, language)


def _text(turn: Turn) -> str:
    """The reply's words; the paragraph of each item stays, since the card shows facts and the paragraph the argument."""
    return turn.reply.text


def _keep_like(memory: Memory, session_id: str, event: gr.LikeData) -> None:
    turns = memory.turns(session_id)
    if not turns:
        return
    kind = "like" if event.liked in (True, "Like") else "dislike"
    index = event.index if isinstance(event.index, int) else event.index[0]
    memory.feedback([Feedback(f"{turns[-1].id}:{index}:{kind}", turns[-1].id, kind)])


def _new_session() -> str:
    return uuid.uuid4().hex


def _head(name: str) -> str:
    from markupsafe import Markup

    return str(
        Markup("<h1>{}</h1><p>You are talking with a computer program, which can be wrong. · 与您对话的是计算机程序，可能出错。</p>").format(name)
    )
