"""Can planted feedback get a re-tuning to lift an item? Batches of honest and planted reactions, each by another seed.

Of each batch the shop is re-tuned as `daogou adapt` does it, behind its screens and its gate: without what was planted, and with
it. Planted are clicks on the dearest item of a drawn shelf, which honest shoppers here pass over, each from an account of its
own that agreed to be learnt from: all in one day, or spread over the month. *Lifted* is an item that stands higher for its shelf
once a version that was put in force had planted reactions in its batch, than without them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal

from assistant.feedback import Feedback, FeedbackLog, Flood
from assistant.memory import Memory
from retrieval.schema import Query, Signal
from retrieval.search import Search
from retrieval.shop import Shop
from training.adapt import Adapted, Plan, adapt
from training.adapt_settings import AdaptError, AdaptSettings
from training.shadow_replay import under
from training.simulate import UNLIMITED, Progress
from training.simulated_clicks import ClickRule, asked, visits
from training.throwaway_shop import throwaway

FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
AFTER = FIRST + timedelta(days=40)
Style = Literal["burst", "spread"]
STYLES: tuple[Style, ...] = ("burst", "spread")
_ASKED = 12
"""Items that a planting account asks for, so that its own is among them."""
_PLACES = 50
"""Items down to which the planted one's place is looked for."""


@dataclass(frozen=True, slots=True)
class Batches:
    """What is tried."""

    shares: tuple[float, ...] = (0.01, 0.05)
    """Planted of honest slates."""
    count: int = 5
    """Batches, by seed."""
    shoppers: int = 150
    """Honest ones, with four slates each."""
    seed: int = 0
    settings: AdaptSettings = field(default_factory=AdaptSettings)


@dataclass(frozen=True, slots=True)
class Tried:
    """One re-tuning with planted reactions."""

    seed: int
    share: float
    style: Style
    planted: int
    learnt: int
    """Planted reactions that no screen dropped."""
    outcome: str
    place: int
    """Of the planted item for its shelf with what is in force now, from 1."""
    place_clean: int
    """The same without what was planted."""
    place_before: int
    """The same before any re-tuning."""

    @property
    def lifted(self) -> bool:
        """True when a version is in force, and what was planted moved its item up."""
        return self.outcome == "promoted" and self.place < min(self.place_clean, self.place_before)


def try_batches(shop: Shop, batches: Batches, progress: Progress | None = None) -> Iterator[Tried]:
    """A re-tuning for each seed, share and style, over copies of the shop that go away. Raises StoreError, AdaptError."""
    runs = [(0.0, STYLES[0]), *((share, style) for share in batches.shares for style in STYLES)]
    for number in range(batches.count):
        seed, clean = batches.seed + number, 0
        with throwaway(shop) as honest:
            memory = Memory.of(honest, lambda: AFTER)
            visits(honest, memory, ClickRule(), shoppers=batches.shoppers, slates=4, first=FIRST, seed=seed)
            target, shelf, before = _target(honest, seed)
            for done, (share, style) in enumerate(runs, 1):
                planted = round(share * batches.shoppers * 4)
                found, place = _tried(honest, target, shelf, planted, style, batches.settings)
                if progress:
                    progress("batches", number * len(runs) + done, batches.count * len(runs))
                if share:
                    yield Tried(seed, share, style, planted, _learnt(found), found.outcome, place, clean, before)
                clean = clean or place


def _tried(
    honest: Shop, target: str, shelf: str, count: int, style: Style, settings: AdaptSettings
) -> tuple[Adapted, int]:
    """(what came of the re-tuning, the place of the planted item afterwards)."""
    folder = honest.directory.parent / f"{style}-{count}"
    shutil.copytree(honest.directory, folder)
    try:
        with Shop.open(folder, embedder=honest.embedder) as copy:
            _plant(copy, target, shelf, count, style)
            found = adapt(copy, Plan(settings), now=lambda: AFTER)
            return found, _place(copy, target, shelf)
    finally:
        shutil.rmtree(folder)


def _target(shop: Shop, seed: int) -> tuple[str, str, int]:
    """The dearest item of a drawn shelf of at least three, the shelf, and its place there: one that can still rise, not the
    first. Raises AdaptError for a shop in which the dearest stand first everywhere."""
    items = [item for item in shop.all_items() if item.price is not None and item.category and item.available]
    shelves = [item.category[-1] for item in items]
    large, chance = sorted(name for name in set(shelves) if shelves.count(name) > 2), Random(f"{seed}:planted")
    while large:
        shelf = chance.choice(large)
        target = max((item for item in items if item.category[-1] == shelf), key=lambda item: (item.price, item.id)).id
        place = _place(shop, target, shelf)
        if place > 1:
            return target, shelf, place
        large.remove(shelf)
    raise AdaptError("found no shelf of three items whose dearest does not stand first, expected one. Import items with prices")


def _plant(shop: Shop, target: str, shelf: str, count: int, style: Style) -> None:
    memory, search, chance = Memory.of(shop, lambda: AFTER), Search(shop), Random(f"{count}:{style}:{target}")
    feedback = FeedbackLog(shop.engine, memory.identity, Flood(*UNLIMITED), now=memory.now)
    for number in range(count):
        who = f"planted-account-{number}"
        at = FIRST + timedelta(days=25 if style == "burst" else chance.uniform(0, 30), minutes=number)
        memory.shoppers.consent(who, memory=True, training=True)
        turn = asked(search, shelf, who, f"planted-{number}", at, _ASKED)
        memory.keep(turn)
        feedback.add([Feedback(f"planted-{number}", turn.id, "click", target, at)])


def _learnt(found: Adapted) -> int:
    """Planted reactions among those that were learnt from: their sessions tell."""
    return sum(slate.session.startswith("planted-") for slate in found.taught.slates)


def _place(shop: Shop, target: str, shelf: str) -> int:
    query = Query(shelf, signals=(Signal("category", "=", shelf.lower()),), limit=_PLACES)
    ids = [item.id for item in under(Search(shop), shop.ranker).find(query).items]
    return ids.index(target) + 1 if target in ids else _PLACES + 1


def told(tried: Sequence[Tried]) -> dict[str, Any]:
    """Counts by share and style, and every batch."""
    found = []
    for share, style in sorted({(each.share, each.style) for each in tried}):
        same = [each for each in tried if (each.share, each.style) == (share, style)]
        found.append({
            "share": share, "style": style, "batches": len(same), "planted": sum(each.planted for each in same),
            "passed_the_screens": sum(each.learnt for each in same),
            "promoted": sum(each.outcome == "promoted" for each in same),
            "promoted_with_planted_rows": sum(each.outcome == "promoted" and each.learnt > 0 for each in same),
            "lifted": sum(each.lifted for each in same),
        })
    rows = [{**asdict(each), "lifted": each.lifted} for each in tried]
    return {"poisoned": found, "lifted": sum(each.lifted for each in tried), "batches": rows}
