"""What shoppers ask for, and what finds nothing: counts of people, never of one or a few.

A count is of distinct shoppers, or sessions of guests. It is told from `group` people on; with an `epsilon`, noise is added as
well: the discrete Laplace mechanism with a threshold for keys that are not known beforehand (Rogers 2023; OpenDP's
`make_laplace_threshold`), each person counting for at most `each` of the keys of a table, chosen by a digest.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select

from assistant.errors import AssistantError
from assistant.memory_tables import turns_table
from retrieval.database import reading

if TYPE_CHECKING:
    from assistant.private_counts import Release

GROUP = 10
"""People from which a count is told."""
EACH = 4
"""Keys of a table that one person counts for at most, when noise is added: what the noise must hide."""
_UNTOLD = frozenset({"item", "order", "action", "topic", "price", "rating"})
"""Facets whose values are about one purchase or one person."""


class InsightError(AssistantError):
    """The aggregates can't be made as they were asked for."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many people said something."""

    key: str
    people: int


@dataclass(frozen=True, slots=True)
class Insight:
    """The aggregates of a shop's conversations."""

    kinds: tuple[Count, ...]
    """Kinds of product asked for."""
    wishes: tuple[Count, ...]
    """What they should be: facet, operator and value."""
    found_nothing: tuple[Count, ...]
    """Wishes that ruled everything out."""
    intents: tuple[Count, ...]
    """What shoppers came for."""
    group: int
    """People from which a count is told; with noise the noisy count from which it is."""
    people: int | None = None
    """Who talked to the shop in the time; None when they are fewer than a group, or noise is added."""
    hidden: int | None = None
    """Keys that fewer people said; None with noise, which may not tell."""
    epsilon: float | None = None
    """Of each table; of all four together it is four times as much."""
    delta: float | None = None


def insight(
    engine: Engine, *, group: int = GROUP, epsilon: float | None = None, since: datetime | None = None, each: int = EACH
) -> Insight:
    """The aggregates of the turns that are kept. Raises InsightError for a group under 2 or an epsilon of 0 and less."""
    _check(group, epsilon)
    said = _said(engine, since)
    tables = {name: _by_key(name, said) for name in ("kinds", "wishes", "found_nothing", "intents")}
    people = len({person for table in tables.values() for who in table.values() for person in who})
    if epsilon is not None:
        noisy = {name: _noisy(table, group, epsilon, each) for name, table in tables.items()}
        told = {name: _ordered(release.counts, 0) for name, release in noisy.items()}
        least, delta = (max(getattr(release, what) for release in noisy.values()) for what in ("threshold", "delta"))
        return _named(told, Insight((), (), (), (), int(least), epsilon=epsilon, delta=delta))
    counts = {name: _ordered({key: len(who) for key, who in table.items()}, group) for name, table in tables.items()}
    hidden = sum(len(table) for table in tables.values()) - sum(len(found) for found in counts.values())
    return _named(counts, Insight((), (), (), (), group, people if people >= group else None, hidden))


def told_counts(
    table: Mapping[str, set[str]], group: int = GROUP, epsilon: float | None = None, each: int = EACH
) -> tuple[Count, ...]:
    """The people behind each key, as far as they may be told, the most first. Raises InsightError as `insight` does."""
    _check(group, epsilon)
    if epsilon is not None:
        return _ordered(_noisy(table, group, epsilon, each).counts, 0)
    return _ordered({key: len(who) for key, who in table.items()}, group)


def _check(group: int, epsilon: float | None) -> None:
    if group < 2:
        raise InsightError(f"found a group of {group}, expected 2 or more people: a count of one tells of a person")
    if epsilon is not None and not 0 < epsilon <= 10:
        raise InsightError(f"found epsilon {epsilon}, expected more than 0 and at most 10: above it the noise hides nobody")


def _named(tables: Mapping[str, tuple[Count, ...]], told: Insight) -> Insight:
    return replace(
        told, kinds=tables["kinds"], wishes=tables["wishes"], found_nothing=tables["found_nothing"], intents=tables["intents"]
    )


def _said(engine: Engine, since: datetime | None) -> list[tuple[str, Mapping[str, Any]]]:
    """(person, body of the turn) of each turn."""
    chosen = select(turns_table.c.shopper_id, turns_table.c.session_id, turns_table.c.body)
    if since is not None:
        chosen = chosen.where(turns_table.c.at >= since)
    with reading(engine) as connection:
        return [(shopper or session, json.loads(body)) for shopper, session, body in connection.execute(chosen)]


def _by_key(table: str, said: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for person, turn in said:
        for key in _keys(table, turn):
            found[key].add(person)
    return found


def _keys(table: str, turn: Mapping[str, Any]) -> Iterator[str]:
    if table == "intents":
        yield str(turn["reading"]["intent"])
        return
    if table == "found_nothing":
        slate = turn.get("slate") or {}
        signals = slate.get("blocked_by", ())
    else:
        signals = turn["reading"]["signals"] if turn["reading"]["intent"] in ("recommend", "refine") else ()
    for signal in signals:
        kind = signal["facet"] == "category"
        if table == "kinds" and kind:
            yield str(signal["value"]).casefold()
        elif table == "found_nothing" or (table == "wishes" and not kind and signal["facet"] not in _UNTOLD):
            yield f"{signal['facet']}{signal['op']}{str(signal['value']).casefold()}"


def _ordered(counts: Mapping[str, int], group: int) -> tuple[Count, ...]:
    told = [Count(key, people) for key, people in counts.items() if people >= group]
    return tuple(sorted(told, key=lambda count: (-count.people, count.key)))


def _noisy(table: Mapping[str, set[str]], group: int, epsilon: float, each: int) -> Release:
    """The counts with noise. Raises InsightError when the library for it is not installed."""
    try:
        from assistant.private_counts import private_counts
    except ModuleNotFoundError as error:
        raise InsightError("noise needs the library opendp: pip install 'daogou[privacy]'. Or leave --epsilon out.") from error
    held: dict[str, list[str]] = defaultdict(list)
    for key, who in table.items():
        for person in who:
            held[person].append(key)
    bounded: dict[str, int] = defaultdict(int)
    for person, keys in held.items():
        for key in sorted(keys, key=lambda key: hashlib.sha256(f"{person}\n{key}".encode()).digest())[:each]:
            bounded[key] += 1
    return private_counts(bounded, group, epsilon, each)
