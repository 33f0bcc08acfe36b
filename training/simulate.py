"""`daogou simulate`: shoppers with hidden tastes talk to the assistant, over a copy of the shop that goes away.

A dialogue succeeds with the first turn whose slate shows an acceptable item (see `hidden_tastes`), and ends without success after
as many turns as the plan allows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import comb
from pathlib import Path
from random import Random
from typing import Any

from assistant.behaviour import interests_from
from assistant.conversation import Assistant
from assistant.feedback import Feedback, FeedbackLog, Flood, Kind, event_id
from assistant.language.scripted import ScriptedReader
from assistant.learning import acts_of
from assistant.memory import Memory
from assistant.notation import fold
from assistant.numerals import normalise
from assistant.schema import Turn
from retrieval.conditions import meeting
from retrieval.money import major
from retrieval.schema import Item, Signal
from retrieval.search import Search
from training.hidden_tastes import Taste, always_has
from training.shopper_words import Said
from training.simulated_shoppers import Holds, clicked, first_words, next_words

Progress = Callable[[str, int, int | None], None]
UNLIMITED = "1000000/second", "1000000/second"
"""Simulated shoppers do in a second what others do in a month."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the dialogues are held."""

    turns: int = 6
    """After as many without an acceptable item she gives up."""
    anonymous: bool = False
    """Nothing that she did before is known; otherwise she agreed to be remembered, and the shop knows her history."""
    as_meant: bool = False
    """Her messages are read as she means them, in place of the assistant's model: what remains is search and conversation."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """One dialogue as it went."""

    taste: Taste
    said: tuple[Said, ...]
    turns: tuple[Turn, ...]
    clicks: tuple[tuple[str, ...], ...]
    """Item ids, a tuple a turn."""
    ms: tuple[float, ...]
    success: bool
    """The last turn showed an acceptable item."""


def hold_dialogues(
    tastes: Sequence[Taste], assistant: Assistant, plan: Plan, *, progress: Progress | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Held, ...]:
    """Every shopper's dialogue with the assistant, whose shop is a throw-away one: it keeps their turns and clicks."""
    found, holds = [], holding(assistant.search)
    assistant.warm_up()
    for number, taste in enumerate(tastes, 1):
        found.append(_talk(taste, assistant, plan, holds, clock))
        if progress:
            progress("dialogues", number, len(tastes))
    return tuple(found)


def _talk(taste: Taste, assistant: Assistant, plan: Plan, holds: Holds, clock: Callable[[], float]) -> Held:
    chance, shopper = Random(f"{plan.seed}:says:{taste.shopper}"), "" if plan.anonymous else taste.shopper
    at = [taste.until]
    memory = Memory.of(assistant.shop, lambda: at[0])
    if shopper:
        memory.shoppers.consent(shopper, memory=True)
    session, history, said = f"simulated-{taste.shopper}", tuple[Turn, ...](), [first_words(taste, chance)]
    clicks, spent, success = [], [], False
    while True:
        speaking = as_meant(assistant, said[-1]) if plan.as_meant else assistant
        speaking = replace(speaking, now=lambda: at[0])
        known, started = memory.begin(history, shopper), clock()
        turn = speaking.respond(said[-1].text, history, session_id=session, shopper_id=shopper, profile=known)
        spent.append((clock() - started) * 1000)
        memory.keep(turn, known)
        clicks.append(react(taste, turn, memory, f"{plan.seed}:{len(history)}"))
        history = (*history, turn)
        success = any(taste.accepts(item) for item in shown(turn))
        if success or len(history) == plan.turns:
            return Held(taste, tuple(said), history, tuple(clicks), tuple(spent), success)
        at[0] += timedelta(minutes=1)
        said.append(next_words(taste, said, turn, holds, chance))


def as_meant(assistant: Assistant, said: Said) -> Assistant:
    """The assistant with a reader that knows what the message means."""
    return replace(assistant, model=ScriptedReader({normalise(said.text).text: said.line}))


def shown(turn: Turn) -> tuple[Item, ...]:
    """What the turn offers."""
    return turn.slate.items if turn.slate is not None else ()


def react(taste: Taste, turn: Turn, memory: Memory, seed: str) -> tuple[str, ...]:
    """The items that she clicks, an acceptable one of which she buys too: kept and learnt from as the chat page does it."""
    items = clicked(taste, shown(turn), f"{seed}:{taste.shopper}")
    bought = next((item for item in items if taste.accepts(item)), None)
    done: list[tuple[Kind, Item]] = [("click", item) for item in items]
    done += [("purchase", bought)] if bought else []
    events = [Feedback(event_id(turn.id, item.id, kind), turn.id, kind, item.id, turn.at) for kind, item in done]
    FeedbackLog(memory.engine, memory.identity, Flood(*UNLIMITED), now=memory.now).add(events)
    acts = acts_of(events, turn.shopper_id)
    learnt = interests_from(acts, {item.id: item for item in items}, now=turn.at, half_lives=memory.pace().half_lives)
    memory.learn(turn.shopper_id, learnt)
    return tuple(item.id for item in items)


def holding(search: Search) -> Holds:
    """Whether an item of the shop is what a signal says, as its catalogue understands it."""
    view = search.view()

    def holds(item: Item, signal: Signal) -> bool:
        meaning = view.vocabulary.resolve(signal)
        known = meaning.kind not in ("nothing", "any", "name", "relative") and item.id in view.catalogue.rows
        return known and bool(meeting(view.catalogue, meaning).items[view.catalogue.rows[item.id]])

    return holds


def broken_limits(held: Held) -> list[tuple[int, str, str]]:
    """(turn from 1, item id, what it breaks) of shown items, against the limits that she had really said by then.

    `category`, `price` or `avoided`, judged from the item's own fields. An item is of another kind when none of the names of its
    shelf holds one of the wanted shelf.
    """
    found, told = [], set[str]()
    for number, (said, turn) in enumerate(zip(held.said, held.turns, strict=True), 1):
        told |= {signal.facet if signal.op != "!=" else "avoided" for signal in said.told if signal.hard}
        for item in shown(turn):
            found += [(number, item.id, name) for name in _broken(held.taste, item) if name in told]
    return found


def _broken(taste: Taste, item: Item) -> list[str]:
    kinds, names = shelf_names(taste.target), shelf_names(item)
    other = not any(kind in name for kind in kinds for name in names)
    over = taste.limit is not None and (item.price is None or major(item.price) > taste.limit)
    refused = taste.avoided is not None and always_has(item, taste.avoided.facet, taste.avoided.value)
    return [name for name, breaks in (("category", other), ("price", over), ("avoided", refused)) if breaks]


def shelf_names(item: Item) -> tuple[str, ...]:
    """What the item's shelf is called in each language, folded."""
    return tuple(fold(name) for path in (item.category, *(t.category for t in item.translations)) for name in path[-1:])


def by_chance(taste: Taste, items: Sequence[Item], limit: int) -> float:
    """The chance that so many items drawn from the shelf hold an acceptable one."""
    shelf = [item for item in items if item.available and taste.on_shelf(item)]
    good, drawn = sum(map(taste.accepts, shelf)), min(limit, len(shelf))
    return 1 - comb(len(shelf) - good, drawn) / comb(len(shelf), drawn)


def write_predictions(dialogues: Sequence[Held], path: Path) -> None:
    """A JSON line a dialogue: what was wanted, what came of it, and the transcript."""
    path.write_text("".join(json.dumps(_line(held), ensure_ascii=False) + "\n" for held in dialogues), encoding="utf-8")


def _line(held: Held) -> dict[str, Any]:
    taste, broken = held.taste, broken_limits(held)
    wanted = {
        "item": taste.target.id, "title": taste.target.title, "kind": taste.kind, "limit": taste.limit and str(taste.limit),
        "wishes": [str(wish) for wish in taste.wishes], "avoided": taste.avoided and str(taste.avoided),
    }
    transcript = [
        {
            "said": said.text, "move": said.move, "meant": said.line,
            "read": " | ".join([turn.reading.intent, *map(str, turn.reading.signals)]), "by": turn.reading.by,
            "reply": turn.reply.text, "asked": turn.reply.question.text if turn.reply.question else "",
            "shown": [_card(taste, item) for item in shown(turn)],
            "clicked": list(clicks), "broken": [[item, name] for at, item, name in broken if at == number], "ms": round(ms, 1),
        }
        for number, (said, turn, clicks, ms) in enumerate(zip(held.said, held.turns, held.clicks, held.ms, strict=True), 1)
    ]
    return {
        "shopper": taste.shopper, "language": taste.language, "wanted": wanted, "success": held.success,
        "turns": len(held.turns), "transcript": transcript,
    }


def _card(taste: Taste, item: Item) -> dict[str, Any]:
    price = str(major(item.price)) if item.price else ""
    return {"id": item.id, "title": item.title, "price": price, "acceptable": taste.accepts(item)}
