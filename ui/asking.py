"""Talking to a shop from the command line."""

from __future__ import annotations

import sys
import time
import uuid

from assistant.memory import Memory
from assistant.safety import language_of
from assistant.schema import Turn
from retrieval.money import format_money
from retrieval.schema import Query
from retrieval.search import Search
from ui.places import DEMO
from ui.terminal import note, print_json, progress_bar, say
from ui.turn_view import turn_view
from ui.wiring import ModelChoice, open_assistant, open_shop


def ask_once(shop: str, message: str, session: str, shopper: str, choice: ModelChoice, *, as_json: bool) -> None:
    """One turn, kept in its session."""
    with progress_bar() as progress:
        assistant, problem = open_assistant(shop, choice, progress=progress)
    if problem:
        note(f"No language model: {problem} Replies come from templates.")
    memory = Memory.of(assistant.shop)
    session = session or uuid.uuid4().hex
    history = memory.turns(session)
    known = memory.begin(history, shopper)
    turn = assistant.respond(message, history, session_id=session, shopper_id=shopper, profile=known)
    memory.keep(turn, known)
    if as_json:
        print_json(turn_view(turn))
        return
    say(turn.reply.text)
    for entry in turn.degraded:
        note(f"(degraded: {entry})")


def chat_in_terminal(shop: str, choice: ModelChoice, shopper: str) -> None:
    """A conversation, streamed; an empty line ends it."""
    with progress_bar() as progress:
        assistant, problem = open_assistant(shop, choice, progress=progress)
    if problem:
        note(f"No language model: {problem} Replies come from templates.")
    memory = Memory.of(assistant.shop)
    session = uuid.uuid4().hex
    if shop == DEMO:
        note("The demo shop sells outdoor, kitchen, audio, desk, garden, children's, pet and beauty things. An empty line ends.")
    history: tuple[Turn, ...] = ()
    while message := _typed():
        printed = 0
        known = memory.begin(history, shopper)
        for turn in assistant.stream(message, history, session_id=session, shopper_id=shopper, profile=known):
            sys.stdout.write(turn.reply.text[printed:])
            sys.stdout.flush()
            printed = len(turn.reply.text)
        say("\n")
        history = (*history, turn)
        memory.keep(turn, known)


def search_once(shop: str, query: str, limit: int, *, as_json: bool) -> None:
    """What the index gives for words alone."""
    with progress_bar() as progress:
        opened = open_shop(shop, progress)
    search = Search(opened)
    asked = Query(query, language=language_of(query), limit=limit)
    search.find(asked)  # the first query also loads the embedder and the catalogue
    started = time.perf_counter()
    slate = search.find(asked)
    spent = (time.perf_counter() - started) * 1000
    if as_json:
        items = [
            {"id": pick.candidate.item.id, "title": pick.candidate.item.title, "score": round(pick.candidate.score, 4)}
            for pick in slate.picks
        ]
        print_json({"items": items, "ms": round(spent, 2), "served_by": slate.served_by})
        return
    for pick in slate.picks:
        item = pick.candidate.item
        price = format_money(item.price) if item.price else "no price"
        say(f"{pick.candidate.score:7.3f}  {item.id:24.24}  {price:>12}  {item.title}")
    note(f"{len(slate.picks)} items in {spent:.1f} ms, by {slate.served_by} search")


def _typed() -> str:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""
