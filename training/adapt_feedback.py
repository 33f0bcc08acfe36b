"""What may be learnt from: slates of shoppers who agreed to it, with their reactions, screened and without a name."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import select

from assistant.feedback import TAKEN
from assistant.memory import Memory
from assistant.memory_tables import feedback_table, impressions_table
from assistant.schema import Turn
from retrieval.database import reading
from retrieval.schema import Query
from retrieval.shop import Shop
from training.adapt_settings import AdaptSettings
from training.poisoning import Reaction, Screened, screen

_WORTH: Mapping[str, float] = {"like": 0.7, "cart": 0.7, "click": 0.5, "purchase": 0.5, "dislike": 0.0, "return": 0.0}
"""How relevant a reaction says that an item is; a purchase says more once the shop's records show it."""
_VERIFIED = 1.0
_UNDONE = frozenset({"cancelled", "returned", "refunded", "lost"})
_NO = frozenset({"dislike", "return"})


@dataclass(frozen=True, slots=True)
class SeenSlate:
    """A slate that a shopper reacted to."""

    turn: str
    session: str
    shopper: str
    """The digest of the id by the shop's key."""
    query: Query
    shown: tuple[tuple[str, int], ...]
    """(item, place from 0), by place."""
    said: Mapping[str, Reaction]
    """By item."""

    @property
    def held_back(self) -> bool:
        """True for one in five sessions, the same ones for ever: the gate judges by them, and no version learns from them."""
        return hashlib.sha256(self.session.encode()).digest()[0] % 5 == 0

    @property
    def row(self) -> str:
        """The slate as it is learnt, as one line."""
        said = {item: [each.taken, each.worth] for item, each in sorted(self.said.items())}
        return json.dumps([self.turn, self.shopper, self.shown, said])


@dataclass(frozen=True, slots=True)
class Learnable:
    """What a shop's shoppers taught."""

    slates: tuple[SeenSlate, ...]
    turns: tuple[Turn, ...]
    """Of shoppers who agreed, oldest first; those whose reactions were dropped are not among them."""
    screened: Screened

    @property
    def sha256(self) -> str:
        """Of the rows of all slates."""
        return hashlib.sha256("\n".join(sorted(slate.row for slate in self.slates)).encode()).hexdigest()

    @property
    def shoppers(self) -> dict[str, int]:
        """How many slates of each shopper, by digest, are inside."""
        counts: dict[str, int] = defaultdict(int)
        for slate in self.slates:
            counts[slate.shopper] += 1
        return dict(sorted(counts.items()))


def collect(shop: Shop, memory: Memory, settings: AdaptSettings) -> Learnable:
    """The slates that shoppers reacted to who consented to training. Raises StoreError.

    A slate of which a reaction was dropped is left out whole: what stands beside a planted click is no evidence either.
    """
    turns = {turn.id: turn for turn in memory.consented()}
    shown, said = _rows(memory, turns)
    reactions = tuple(_reactions(said, turns, shop, memory))
    screened = screen(reactions, settings)
    tainted = {each.reaction.turn for each in screened.dropped}
    by_turn: dict[str, dict[str, Reaction]] = defaultdict(dict)
    for each in screened.kept:
        by_turn[each.turn][each.item] = each
    slates = []
    for turn_id, answers in by_turn.items():
        turn, places = turns[turn_id], shown.get(turn_id, ())
        if turn_id not in tainted and turn.query is not None and len(places) > 1:
            shopper = memory.identity.tag(turn.shopper_id)
            slates.append(SeenSlate(turn_id, turn.session_id, shopper, turn.query, places, answers))
    return Learnable(tuple(slates), tuple(turn for turn in turns.values() if turn.id not in tainted), screened)


def _rows(memory: Memory, turns: Mapping[str, Turn]) -> tuple[dict[str, tuple[tuple[str, int], ...]], list[Any]]:
    """What each turn showed, and what was said of it, oldest first."""
    seen = select(impressions_table).order_by(impressions_table.c.turn_id, impressions_table.c.position)
    said = select(feedback_table).order_by(feedback_table.c.at, feedback_table.c.id)
    with reading(memory.engine) as connection:
        groups = groupby(connection.execute(seen).mappings(), key=lambda row: str(row["turn_id"]))
        shown = {turn: tuple((str(row["item_id"]), row["position"] - 1) for row in group) for turn, group in groups}
        rows = [row for row in connection.execute(said).mappings() if row["turn_id"] in turns and row["item_id"]]
    return {turn: places for turn, places in shown.items() if turn in turns}, rows


def _reactions(rows: Sequence[Any], turns: Mapping[str, Turn], shop: Shop, memory: Memory) -> Iterable[Reaction]:
    """One for each item of each turn: a no outweighs a yes, a purchase outweighs a click."""
    bought = {shopper: _bought(shop, shopper) for shopper in {turn.shopper_id for turn in turns.values()}}
    together: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        if row["kind"] in TAKEN | _NO:
            together[row["turn_id"], row["item_id"]].append(row)
    for (turn_id, item), said in together.items():
        turn, kinds = turns[turn_id], {row["kind"] for row in said}
        refused = bool(kinds & _NO)
        verified = not refused and "purchase" in kinds and item in bought[turn.shopper_id]
        worth = 0.0 if refused else _VERIFIED if verified else max(_WORTH[kind] for kind in kinds)
        shopper, at = memory.identity.tag(turn.shopper_id), max(row["at"] for row in said)
        yield Reaction(turn_id, item, not refused, at, shopper, turn.session_id, worth, verified)


def _bought(shop: Shop, shopper_id: str) -> frozenset[str]:
    """What the shop's own records say that the shopper bought and kept."""
    ordered = {item for order in shop.orders_of(shopper_id) if order.status not in _UNDONE for item, _ in order.items}
    return frozenset(ordered | {each.item_id for each in shop.interactions(shopper_id) if each.kind == "purchase"})
