"""The chat page: streaming replies, product cards, quick replies, likes; English and Chinese."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from assistant.behaviour import interests_from
from assistant.conversation import Assistant
from assistant.errors import AssistantError
from assistant.feedback import Feedback, Kind, event_id, felt, reasons_against
from assistant.learning import acts_of
from assistant.memory import Memory
from assistant.phrases import say
from assistant.safety import language_of
from assistant.schema import Degradation, Turn
from retrieval.errors import RetrievalError
from retrieval.schema import Item
from ui.memory_actions import MemoryPanel, broken_panel
from ui.memory_routes import shopper_at
from ui.transcript import answered, asked, said, thinking, transcript

MAX_MESSAGE = 4_000
"""Characters that the page takes; how many of them are read is the assistant's setting."""
FONTS = ("system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif")
_HEAD = Markup(
    "<header><h1>{name}</h1><p><span lang='en'>You are talking with a computer program, which can be wrong.</span> "
    "<span lang='zh'>与您对话的是计算机程序，可能出错。</span></p>"
    "<button type='button' id='dg-memory-open' aria-expanded='false' aria-controls='dg-memory'>"
    "<span lang='en'>My memory card</span><span lang='zh'>我的记忆卡</span></button></header>"
)
_HELLO = Markup("<p lang='en'>{en}</p><p lang='zh'>{zh}</p>")
_log = logging.getLogger("daogou")

Updates = tuple[Any, Any]
"""Of the text box and of the transcript."""


@dataclass(frozen=True, slots=True)
class Chats:
    """The conversations of a page. What was said lies in the shop's tables; here is only which replies are being written."""

    assistant: Assistant
    memory: Memory
    _writing: dict[str, threading.Event] = field(default_factory=dict)

    def answer(self, message: str, conversation: str, shopper_id: str = "") -> Iterator[Updates]:
        """The page while a message is answered: the reply grows; the box has a stop button instead of a send button."""
        message = message[:MAX_MESSAGE].strip()
        with self._reply_of(conversation) as stopped:
            if stopped is None or not message:
                yield gr.skip(), gr.skip()
                return
            history = self.memory.turns(conversation)
            before = [*transcript(history), asked(message)]
            before[-2:-1] = [replace(last, options=[]) for last in before[-2:-1]]
            yield _box(writing=True), [*before, thinking()]
            turn: Turn | None = None
            try:
                known = self.memory.begin(history, shopper_id)
                for turn in self.assistant.stream(
                    message, history, session_id=conversation, shopper_id=shopper_id, profile=known, cancel=stopped
                ):
                    if stopped.is_set():
                        break
                    if not turn.done:
                        yield gr.skip(), [*before, answered(turn)]
                if turn is None or not (turn.done or turn.reply.text):
                    yield _box(writing=False, text=message), transcript(history)
                    return
                turn = turn if turn.done else cut_short(turn)
                self.memory.keep(turn, known)
            except (AssistantError, RetrievalError, SQLAlchemyError):
                _log.exception("a reply failed")
                yield _box(writing=False, text=message), [*before, said(say("broken", language_of(message)))]
                return
            yield _box(writing=False), [*before, answered(turn)]

    def stop(self, conversation: str) -> None:
        """The reply being written ends within a word."""
        if conversation in self._writing:
            self._writing[conversation].set()

    def react(self, given: str, conversation: str) -> None:
        """Keep a reaction to an item, or to a whole reply, and feel it from the next message on; only what this conversation
        was offered is taken."""
        turn_id, item_id, kind, reason = _reaction(given)
        history = self.memory.turns(conversation)
        for turn in history:
            offered = {entry.item.id: entry.item for entry in turn.reply.recommendations}
            if turn.id != turn_id or kind is None or (item_id and item_id not in offered):
                continue
            item = offered.get(item_id)
            reason = reason if item and reason in map(str, reasons_against(item)) else ""
            event = Feedback(event_id(turn_id, item_id, f"{kind} {reason}".strip()), turn_id, kind, item_id, reason=reason)
            if self.memory.feedback.add([event]).kept and item is not None:
                self._feel(event, item, history[-1], turn.shopper_id)

    def _feel(self, event: Feedback, item: Item, last: Turn, shopper_id: str) -> None:
        """The session's profile after the reaction, and what it says of a shopper beyond the session."""
        at = self.memory.now()
        changed = felt(last.profile, event, item, at)
        if changed != last.profile:
            self.memory.amend(last.session_id, changed)
        acts = acts_of([replace(event, at=at)], shopper_id)
        reasons = [interest for interest in changed.interests if interest not in last.profile.interests]
        learnt = interests_from(acts, {item.id: item}, now=at, half_lives=self.memory.pace().half_lives)
        self.memory.learn(shopper_id, [*learnt, *reasons])

    def liked(self, message: int, liked: bool, conversation: str) -> None:
        """Keep a reaction to the reply that stands at an index of the transcript."""
        turns = self.memory.turns(conversation)
        if 0 <= message // 2 < len(turns):
            self.react(json.dumps([turns[message // 2].id, "", "like" if liked else "dislike"]), conversation)

    @contextmanager
    def _reply_of(self, conversation: str) -> Iterator[threading.Event | None]:
        """What stops the reply to come; None while another one of the conversation is being written."""
        mine = threading.Event()
        if self._writing.setdefault(conversation, mine) is not mine:
            yield None
            return
        try:
            yield mine
        finally:
            mine.set()
            del self._writing[conversation]


def cut_short(turn: Turn) -> Turn:
    """A turn whose reply was stopped: what the shopper did not see was not shown."""
    seen = [entry.item.id for entry in turn.reply.recommendations]
    unseen = {item.id for item in turn.slate.items} - set(seen) if turn.slate else set()
    mark = say("stopped", turn.reading.language)
    reply = replace(turn.reply, text=f"{turn.reply.text}\n\n{mark}", closing=mark if turn.reply.opening else "")
    return replace(
        turn, done=True, reply=reply, screen=tuple(seen),
        profile=replace(turn.profile, shown=tuple(shown for shown in turn.profile.shown if shown not in unseen)),
        degraded=(*turn.degraded, Degradation("write", "stopped by the shopper")),
    )


def chat_page(assistant: Assistant, starters: Sequence[str] = ()) -> gr.Blocks:
    """The page of a shop; `starters` are first messages to choose from."""
    name = assistant.shop.settings.name
    memory = Memory.of(assistant.shop)
    chats, panel = Chats(assistant, memory), MemoryPanel(assistant.shop, memory)
    with gr.Blocks(title=name, analytics_enabled=False) as page:
        conversation = gr.State(_new_conversation)
        gr.HTML(str(_HEAD.format(name=name)), elem_id="dg-head")
        chatbot = gr.Chatbot(
            elem_id="dg-chat", show_label=False, autoscroll=False, container=False, layout="bubble", buttons=[],
            placeholder=str(_HELLO.format(en=say("greeting", "en"), zh=say("greeting", "zh"))),
            examples=[{"text": text} for text in starters] or None, latex_delimiters=[], allow_tags=False,
        )
        box = gr.Textbox(
            elem_id="dg-box", label="Message · 消息", show_label=False, container=False, autofocus=True, max_lines=6,
            max_length=MAX_MESSAGE, submit_btn=True, stop_btn=False, placeholder="Looking for something? · 想找点什么？",
        )
        reaction = gr.Textbox(elem_id="dg-reaction", visible="hidden", show_label=False)
        action = gr.Textbox(elem_id="dg-memory-action", visible="hidden", show_label=False)
        shown = gr.HTML("", elem_id="dg-memory", padding=False)
        _wire(page, chats, conversation, chatbot, box, reaction)
        _wire_memory(panel, conversation, chatbot, action, shown)
    return page


def theme() -> gr.Theme:
    """Fonts that hold Chinese, none fetched from elsewhere."""
    return gr.themes.Soft(primary_hue="orange", neutral_hue="stone", font=list(FONTS), font_mono=["ui-monospace", "monospace"])


def _wire(
    page: gr.Blocks, chats: Chats, conversation: gr.State, chatbot: gr.Chatbot, box: gr.Textbox, reaction: gr.Textbox
) -> None:
    """What happens when. No function takes the transcript back from the browser: it is made from the kept turns."""

    def chosen(event: gr.SelectData, current: str, request: gr.Request) -> Iterator[Updates]:
        value = event.value
        text = value.get("text") or value.get("value") if isinstance(value, dict) else value
        yield from chats.answer(str(text or ""), current, shopper_at(request.cookies, chats.memory))

    def typed(message: str, current: str, request: gr.Request) -> Iterator[Updates]:
        yield from chats.answer(message, current, shopper_at(request.cookies, chats.memory))

    def liked(event: gr.LikeData, current: str) -> None:
        index = event.index if isinstance(event.index, int) else event.index[0]
        chats.liked(index, event.liked in (True, "Like"), current)

    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    page_parts = [box, chatbot]
    box.submit(typed, [box, conversation], page_parts, **quiet)
    chatbot.example_select(chosen, conversation, page_parts, **quiet)
    chatbot.option_select(chosen, conversation, page_parts, **quiet)
    box.stop(chats.stop, conversation, None, queue=False, **quiet)
    chatbot.clear(chats.stop, conversation, None, queue=False, **quiet).then(
        _new_conversation, None, conversation, queue=False, **quiet
    )
    chatbot.like(liked, conversation, None, **quiet)
    reaction.change(chats.react, [reaction, conversation], None, trigger_mode="multiple", **quiet)


def _wire_memory(
    panel: MemoryPanel, conversation: gr.State, chatbot: gr.Chatbot, action: gr.Textbox, shown: gr.HTML
) -> None:
    """The memory panel's buttons; an erased conversation leaves the page with the transcript empty."""

    def pressed(given: str, current: str, request: gr.Request) -> tuple[str, Any, Any]:
        try:
            html, gone = panel.act(given, current, shopper_at(request.cookies, panel.memory))
        except (AssistantError, RetrievalError):
            _log.exception("the memory panel failed")
            return broken_panel(given), gr.skip(), gr.skip()
        return (html, [], _new_conversation()) if gone else (html, gr.skip(), gr.skip())

    action.change(
        pressed, [action, conversation], [shown, chatbot, conversation], trigger_mode="multiple", api_visibility="private",
        show_progress="hidden",
    )


def _box(*, writing: bool, text: str = "") -> Any:
    """The text box with its one button; what is typed meanwhile stays."""
    buttons: dict[str, Any] = {"submit_btn": not writing, "stop_btn": writing}
    return gr.update(value=text, **buttons) if writing or text else gr.update(**buttons)


def _reaction(given: str) -> tuple[str, str, Kind | None, str]:
    """Turn, item, kind and reason of what the page sent; without a kind when it is not a reaction."""
    try:
        match json.loads(given):
            case [str(turn), str(item), "like" | "dislike" | "later" | "click" as kind, *more]:
                return turn, item, kind, next((each for each in more if isinstance(each, str)), "")
    except ValueError:
        _log.warning("a reaction can't be read: %.80r", given)
    return "", "", None, ""


def _new_conversation() -> str:
    return uuid.uuid4().hex
