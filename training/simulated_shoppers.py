"""A simulated shopper: what she says next, by rules, after a turn of the assistant; and what of a slate she clicks. Pure.

After a slate without an acceptable item she does the first of these that applies:
  1. The assistant asked something: she taps the answer that is true of what she wants, "no preference" where none is.
  2. Nothing is shown, or nothing of her kind: she says the kind again, with her limits.
  3. An item costs more than she pays, and she has not said so: the limit. Where all cost more than hers: "cheaper".
  4. An item has what she refuses, and she has not said so: "not leather".
  5. A wish that she has not said yet, the one that most items lack: "ideally waterproof".
  6. An item is of some worth to her: "more like the second one", once.
  7. "show me others".
She looks at the k-th item with the chance k^-0.5 (as `simulated_clicks`), and clicks what she looks at with the chance LEAST +
(MOST - LEAST) * utility^2; what she clicks of the acceptable items she buys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from assistant.notation import parse
from assistant.schema import Answer, Question, Turn
from retrieval.money import major
from retrieval.schema import Item, Signal
from training.hidden_tastes import Taste, values_of
from training.shopper_words import Breadth, Said, cheaper, criticised, like, limit_of, opened, others

LEAST, MOST = 0.02, 0.6
"""Chances of a click on an item that is looked at, of no worth and of the greatest."""
Holds = Callable[[Item, Signal], bool]
"""Whether an item is what a signal says, as the shop's catalogue understands it."""


def looked_at(place: int) -> float:
    """The chance that the item at the place, from 1, is looked at."""
    return float(place**-0.5)


def click_chance(utility: float) -> float:
    """Of an item that is looked at, 0 to 1."""
    return LEAST + (MOST - LEAST) * utility**2


def expected_clicks(taste: Taste, items: Sequence[Item]) -> float:
    """Of a slate, by her true utility."""
    return sum(looked_at(place) * click_chance(taste.utility(item)) for place, item in enumerate(items, 1))


def clicked(taste: Taste, items: Sequence[Item], seed: str) -> tuple[Item, ...]:
    """What she clicks; the same item gets the same draws in whichever slate of the seed it stands."""
    found = []
    for place, item in enumerate(items, 1):
        chance = Random(f"{seed}:{item.id}")
        looks, clicks = chance.random() < looked_at(place), chance.random() < click_chance(taste.utility(item))
        found += [item] if looks and clicks else []
    return tuple(found)


def first_words(taste: Taste, chance: Random) -> Said:
    """Half of the time the kind, else its department or, with a wish that stands alone, neither; mostly a wish, and now and then
    a limit or what she refuses."""
    limit, alone = limit_of(taste), [wish for wish in taste.wishes if wish.facet in ("use", "audience")]
    able_to: dict[Breadth, bool] = {"department": bool(taste.department), "wishes": bool(alone)}
    vague = [breadth for breadth, able in able_to.items() if able]
    breadth: Breadth = "kind" if chance.random() < 0.5 or not vague else chance.choice(vague)
    sayable = alone if breadth == "wishes" else list(taste.wishes)
    told = [chance.choice(sayable)] if sayable and (breadth == "wishes" or chance.random() < 0.7) else []
    told += [limit] if limit is not None and chance.random() < 0.4 else []
    told += [taste.avoided] if taste.avoided is not None and chance.random() < 0.4 else []
    return opened(taste, told, chance, breadth=breadth)


def session_words(taste: Taste, chance: Random) -> Said:
    """The opening of a shopper who comes back: the kind, with a wish every other time."""
    told = [chance.choice(taste.wishes)] if taste.wishes and chance.random() < 0.5 else []
    return opened(taste, told, chance)


def next_words(taste: Taste, said: Sequence[Said], turn: Turn, holds: Holds, chance: Random) -> Said:
    """What she says to a turn that showed nothing acceptable."""
    question = turn.reply.question
    if question is not None and question.answers:
        return _answered(taste, question, holds)
    shown = turn.slate.items if turn.slate and turn.reply.kind == "recommend" else ()
    told = {signal for each in said for signal in each.told}
    mine = [item for item in shown if taste.on_shelf(item)]
    if not mine:
        limits = [limit for limit in (limit_of(taste), taste.avoided) if limit is not None and limit in told]
        return opened(taste, limits, chance, "restate")
    return _objection(taste, told, said, shown, chance) or _wish(taste, told, said, shown, chance) or others(taste, chance)


def _objection(taste: Taste, told: set[Signal], said: Sequence[Said], shown: Sequence[Item], chance: Random) -> Said | None:
    """What she says of an item that breaks one of her limits, or when everything is dearer than what she has in mind."""
    limit, own = limit_of(taste), taste.target.price
    if limit is not None and limit not in told and any("price" in taste.breaks(item) for item in shown):
        return criticised(taste, limit, "limit", chance)
    dearer = own is not None and all(item.price is not None and major(item.price) > major(own) for item in shown)
    if dearer and all(each.move != "cheaper" for each in said):
        return cheaper(taste, chance)
    if taste.avoided is not None and taste.avoided not in told and any("avoided" in taste.breaks(item) for item in shown):
        return criticised(taste, taste.avoided, "avoid", chance)
    return None


def _wish(taste: Taste, told: set[Signal], said: Sequence[Said], shown: Sequence[Item], chance: Random) -> Said | None:
    """The next wish, or the item to go on from."""
    left = [wish for wish in taste.wishes if wish not in told]
    if left:
        lacking = {wish: sum(wish.value not in values_of(item, wish.facet) for item in shown) for wish in left}
        return criticised(taste, max(left, key=lambda wish: lacking[wish]), "wish", chance)
    best = max(range(len(shown)), key=lambda place: taste.utility(shown[place]))
    if taste.utility(shown[best]) > 0 and best < 5 and all(each.move != "like" for each in said):
        return like(taste, best + 1, chance)
    return None


def _answered(taste: Taste, question: Question, holds: Holds) -> Said:
    """The first answer that is true of the item that she has in mind; the last one, "no preference", where none is."""
    true = next((answer for answer in question.answers[:-1] if _true(taste.target, answer, holds)), question.answers[-1])
    return Said(true.text, true.line, "answer")


def _true(item: Item, answer: Answer, holds: Holds) -> bool:
    _, signals = parse(answer.line)
    return bool(signals) and all(holds(item, signal) for signal in signals)
