"""Stored turns whose slates are made again: what shoppers would have seen with another ranker, side by side."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup
from sqlalchemy import select

from assistant.memory import turn_of
from assistant.memory_tables import turns_table
from assistant.notation import format_line
from assistant.schema import Turn
from retrieval.database import reading
from retrieval.ranking import Ranker
from retrieval.schema import Slate
from retrieval.search import Search
from retrieval.shop import Shop
from training.checks import broken_hard_signals


@dataclass(frozen=True, slots=True)
class Replayed:
    """One turn's slates under the ranker in force and under the candidate, nothing left to chance in either."""

    turn: Turn
    before: Slate
    after: Slate

    @property
    def asked(self) -> str:
        """What was read in the message; never the message itself."""
        return format_line(self.turn.reading.intent, self.turn.query.signals if self.turn.query else ())

    @property
    def changed(self) -> int:
        """Picks that were not there before."""
        return len({item.id for item in self.after.items} - {item.id for item in self.before.items})

    @property
    def broken(self) -> list[str]:
        """Hard wishes that a pick of the candidate breaks."""
        return broken_hard_signals(replace(self.turn, slate=self.after))


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a replay showed."""

    turns: tuple[Replayed, ...]

    @property
    def picks(self) -> int:
        """Of the candidate, over all turns."""
        return sum(len(each.after.picks) for each in self.turns)

    @property
    def changed_share(self) -> float:
        """Share of the picks that were not there before, 0 to 1."""
        return sum(each.changed for each in self.turns) / self.picks if self.picks else 0.0

    @property
    def broken(self) -> tuple[str, ...]:
        """Hard wishes that a pick of the candidate breaks."""
        return tuple(reason for each in self.turns for reason in each.broken)

    @property
    def riser(self) -> tuple[str, int]:
        """The item that gains most places, and how many; ("", 0) when none does."""
        gained = Counter(item.id for each in self.turns for item in each.after.items)
        gained.subtract(item.id for each in self.turns for item in each.before.items)
        item, count = max(gained.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
        return (item, count) if count > 0 else ("", 0)


def under(search: Search, ranker: Ranker) -> Search:
    """The same search with another ranker, and nothing left to chance; it shares what was read of the shop."""
    made, sliders = copy.copy(search), search.sliders or search.shop.sliders
    made.ranker = ranker
    made.sliders = replace(sliders, balance=replace(sliders.balance, exploration=0.0))
    return made


def replay(turns: Iterable[Turn], search: Search, before: Ranker, after: Ranker) -> Shadow:
    """The slates of the turns that had one, under both rankers."""
    one, other = under(search, before), under(search, after)
    queries = [(turn, turn.query) for turn in turns if turn.query is not None]
    return Shadow(tuple(Replayed(turn, one.find(query), other.find(query)) for turn, query in queries))


def newest_turns(shop: Shop, count: int) -> tuple[Turn, ...]:
    """The newest turns that offered something, oldest first. Raises StoreError."""
    found: list[Turn] = []
    with reading(shop.engine) as connection:
        chosen = select(turns_table).order_by(turns_table.c.at.desc(), turns_table.c.id).execution_options(yield_per=100)
        for row in connection.execute(chosen):
            turn = turn_of(row)
            if turn.query is not None and turn.slate is not None and turn.slate.picks:
                found.append(turn)
            if len(found) == count:
                break
    return tuple(reversed(found))


def write_lines(shadow: Shadow, path: Path) -> None:
    """A JSON line a turn: what was asked, the slates before and after. Erasing a shopper takes her lines out."""
    rows = (
        {
            "turn": each.turn.id, "asked": each.asked, "before": _titles(each.before), "after": _titles(each.after),
            "changed": each.changed, "broken": each.broken,
        }
        for each in shadow.turns
    )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_page(shadow: Shadow, path: Path) -> None:
    """One HTML page: the slates side by side, the changed picks marked, the turns that change most first."""
    style = "body{font:15px sans-serif;max-width:70rem;margin:auto}td{vertical-align:top;width:35rem}mark{background:#fd8}"
    told = f"{len(shadow.turns)} turns, {shadow.changed_share:.1%} of the picks changed, {len(shadow.broken)} hard wishes broken"
    turns = sorted(shadow.turns, key=lambda each: -each.changed)
    body = Markup("").join(_section(each) for each in turns)
    head = Markup("<!doctype html><meta charset=utf-8><title>Slates before and after</title><style>{}</style>").format(style)
    page = head + Markup("<h1>Slates before and after</h1><p>{}</p>{}").format(told, body)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _section(each: Replayed) -> Markup:
    before, after = ({item.id for item in slate.items} for slate in (each.before, each.after))
    left, right = _column(each.before, after), _column(each.after, before)
    broken = Markup("").join(Markup("<p>breaks: {}</p>").format(reason) for reason in each.broken)
    return Markup("<h3>{}</h3><table><tr><td>{}<td>{}</table>{}").format(each.asked, left, right, broken)


def _column(slate: Slate, other: set[str]) -> Markup:
    """The titles of a slate; those that the other has not are marked."""
    shape = {True: Markup("<li>{}</li>"), False: Markup("<li><mark>{}</mark></li>")}
    lines = [shape[item.id in other].format(item.title) for item in slate.items]
    return Markup("<ol>{}</ol>").format(Markup("").join(lines))


def _titles(slate: Slate) -> Sequence[str]:
    return [f"{item.id} {item.title}" for item in slate.items]
