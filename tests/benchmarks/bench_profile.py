"""A profile of 1,000 signals: folding a message into it, building its query, fading it, and joining it with what a turn taught.

Processor time of this thread, so that a machine with other work shows it not; medians of 100 calls over six messages.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from assistant.fading import fade, join
from assistant.interests import fold, query_for
from assistant.schema import Interest, Origin, Profile, Reading, Term
from retrieval.schema import Item, Money, Signal

SIGNALS, ROUNDS = 1_000, 100
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCREEN = (Item("a", "Pine Kettle", price=Money(5900, "EUR")), Item("b", "Oak Kettle", price=Money(7900, "EUR")))
MESSAGES = (
    ("recommend", "red running shoes under 80 for my brother", "category=running shoe", "color~red", "price<=80", "audience~my brother"),
    ("refine", "not leather, in blue or green", "material!=leather", "color~blue", "color~green"),
    ("refine", "cheaper", "price~cheaper"),
    ("refine", "rather a dog bed, washable", "category=dog bed", "feature~washable"),
    ("feedback", "the second one is too heavy", "item!~2", "feature!~heavy"),
    ("recommend", "给妈妈买个登山包", "category=登山包", "audience~妈妈"),
)
_FACETS = ("category", "color", "brand", "feature", "style", "use", "material", "audience", "size")


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Milliseconds of processor time of one turn's work on the profile; the bar is one for fold and query together."""
    rows = []
    kinds: tuple[tuple[str, Term], ...] = (("learnt over years", "long"), ("said in one session", "session"))
    for name, term in kinds:
        held = drawn(term)
        profile, taught = Profile(held), drawn("long", 5, seed=1)
        rows += [
            _row(f"fold and query, {name}", [_turn(profile, reading_of(m)) for m in MESSAGES], rounds, 1),
            _row(f"fading, {name}", [partial(fade, held, NOW + timedelta(days=3))], rounds, ""),
            _row(f"joining five more, {name}", [partial(join, held, taught)], rounds, ""),
        ]
    return rows


def drawn(term: Term, count: int = SIGNALS, seed: int = 0) -> tuple[Interest, ...]:
    """Interests of nine facets with values of their own, English and Chinese; of the lasting ones every tenth is stated."""
    random = Random(seed)
    found = []
    for n in range(count):
        source: Origin = "message" if term == "session" else "stated" if n % 10 == 0 else random.choice(("click", "purchase"))
        value = f"第{n}号登山包" if n % 7 == 0 else f"{'my ' if n % 9 == 7 else ''}soft {'kettles' if n % 2 else 'boots'} {n + 1000 * seed}"
        signal = Signal(_FACETS[n % len(_FACETS)], random.choice(("~", "~", "!~", "=", "!=")), value)
        at = NOW - timedelta(days=random.uniform(0, 200))
        found.append(Interest(signal, random.uniform(0.3, 0.9), source, at, n // 3 if term == "session" else 0, term, value))
    return tuple(found)


def reading_of(message: tuple[str, ...]) -> Reading:
    """What a message of `MESSAGES` was understood to say."""
    intent, text, *signals = message
    return Reading(intent, "en", tuple(Signal.parse(told) for told in signals), text)  # type: ignore[arg-type]


def _turn(profile: Profile, reading: Reading) -> Callable[[], object]:
    return lambda: query_for(fold(profile, reading, SCREEN, NOW, SIGNALS), reading, SCREEN, (), 3)


def _row(name: str, works: Sequence[Callable[[], object]], rounds: int, bar: float | str) -> dict[str, Any]:
    times = []
    for _ in range(rounds):
        for work in works:
            began = time.thread_time_ns()
            work()
            times.append((time.thread_time_ns() - began) / 1e6)
    slow = sorted(times)[int(0.95 * len(times))]
    return {
        "name": f"profile of {SIGNALS:,}: {name}", "value": round(statistics.median(times), 3), "unit": "ms", "bar": bar,
        "peer": f"95 % under {slow:.2f} ms",
    }


if __name__ == "__main__":
    for row in run():
        sys.stdout.write(f"{row['name']}: {row['value']} {row['unit']} ({row['bar']}), {row['peer']}\n")
