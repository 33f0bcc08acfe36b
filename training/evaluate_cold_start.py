"""Does a question pay? Newcomers of whom nothing is known are asked up to two, and recall is taken after each answer.

A newcomer wants one item: the last one that a shopper took, held out, or any item of a catalogue without shoppers; then what is
like it in every respect counts too. She answers truthfully from that item's values, one of them at random where it has several,
and says "no preference" as often as `PartingSettings.undecided` states. All strategies choose from the same well-formed
questions and meet the same newcomers with the same answers.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.parting import DEFAULT_PARTING, Part
from retrieval.schema import Interaction
from training.cold_ground import Ground
from training.cold_worlds import Opening, Said, State, World, opening_of

Strategy = Literal["information", "random", "fixed list", "ranked once"]
STRATEGIES: tuple[Strategy, ...] = ("information", "random", "fixed list", "ranked once")
"""`ranked once` asks in the order of what the questions tell before any answer; the others are what they are called."""
FORM = ("category", "price", "brand", "type", "use", "audience", "color", "size", "material", "feature")
"""The fixed list: the order of a shop's usual form; other columns follow by name."""
QUESTIONS = 2
_ALIKE = 0.1
"""How far, as a share of a column's items, a number may lie from the wanted one to count as like it."""
_TAKEN = frozenset({"purchase", "cart", "like"})

Share = Literal["validation", "test", "all"]
"""Which half of the shoppers: settings are chosen on the one and reported on the other."""


class NobodyNew(Exception):
    """There is no newcomer to measure with: what was found, and what was expected."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A shopper of whom nothing is known, and what she will turn out to want."""

    id: str
    row: int
    right: frozenset[int]
    """Rows that satisfy her; her own among them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How newcomers are met."""

    opening: Opening = "nothing"
    limit: int = 10
    """Items that count: recall@limit."""
    errors: float = 0.2
    """0 to 1, the share of mistaken taps in the variant with errors."""
    seed: int = 0


def newcomers_of(ground: Ground, part: Share, most: int, seed: int) -> tuple[tuple[Newcomer, ...], NDArray[np.float64]]:
    """At most `most` newcomers, drawn by the seed, and how often each item was taken by others. Raises NobodyNew."""
    if ground.interactions:
        found, counts = held_out(ground.interactions, ground.catalogue, part)
    else:
        found, counts = sampled(ground.catalogue, ground.titles, most, seed), np.zeros(len(ground.catalogue))
    if not found:
        raise NobodyNew("found no shopper who took an item that the catalogue has, expected at least one")
    drawn = Random(seed).sample(range(len(found)), min(most, len(found)))
    return tuple(found[place] for place in sorted(drawn)), counts


def rows_of(newcomers: Sequence[Newcomer]) -> NDArray[np.int32]:
    """The rows of the items that they want, each once."""
    return np.unique(np.array([newcomer.row for newcomer in newcomers], dtype=np.int32))


def held_out(interactions: Iterable[Interaction], catalogue: Catalogue, part: Share = "test") -> tuple[
    tuple[Newcomer, ...], NDArray[np.float64]
]:
    """A newcomer a shopper, who wants the last item that the shopper took; and how often each item was taken otherwise.

    Ratings count from four stars on. Half of the shoppers, by their id, are for validation.
    """
    last: dict[str, tuple[Any, int]] = {}
    counts = np.zeros(len(catalogue))
    for done in interactions:
        row = catalogue.rows.get(done.item_id)
        good = done.kind in _TAKEN or (done.kind == "rating" and (done.value or 0) >= 4)
        if row is None or not good:
            continue
        counts[row] += 1
        if done.shopper_id not in last or done.at >= last[done.shopper_id][0]:
            last[done.shopper_id] = (done.at, row)
    for _, row in last.values():
        counts[row] -= 1
    chosen = sorted((shopper, row) for shopper, (_, row) in last.items() if part in ("all", _half(shopper)))
    return tuple(Newcomer(shopper, row, frozenset({row})) for shopper, row in chosen), counts


def sampled(catalogue: Catalogue, titles: Sequence[str], count: int, seed: int) -> tuple[Newcomer, ...]:
    """Newcomers who want something like an item drawn from those that can be bought: of the same title and brand, with the
    same words in every column, and numbers that lie among the nearest tenth of the column."""
    drawn = Random(seed).sample(np.flatnonzero(catalogue.available).tolist(), min(count, int(catalogue.available.sum())))
    same: dict[tuple[str, int], list[int]] = {}
    for row, title in enumerate(titles):
        same.setdefault((title, int(catalogue.brand_of[row])), []).append(row)
    levels = tuple(_levels(catalogue))
    words = _words(catalogue)
    found = []
    for row in drawn:
        alike = np.array(same[titles[row], int(catalogue.brand_of[row])])
        near = np.ones(len(alike), dtype=bool)
        for level in levels:
            near &= ~(np.abs(level[alike] - level[row]) > _ALIKE)
        found.append(Newcomer(catalogue.ids[row], row, frozenset(int(r) for r in alike[near] if words[r] == words[row])))
    return tuple(found)


def evaluate_cold_start(
    world: World, titles: list[str], newcomers: Sequence[Newcomer], plan: Plan,
    progress: Callable[[str, int, int | None], None] = lambda phase, done, of: None,
) -> dict[str, Any]:
    """Recall after 0, 1 and 2 answers by strategy, without and with mistaken answers, with 95 % bootstrap intervals."""
    result: dict[str, Any] = {
        "shoppers": len(newcomers), "items": len(world.catalogue), "opening": plan.opening, "limit": plan.limit,
        "undecided": dict(DEFAULT_PARTING.undecided), "error_rate": plan.errors,
    }
    for name, error in (("truthful", 0.0), ("with_errors", plan.errors)):
        met: dict[str, NDArray[np.float64]] = {}
        result[name] = {}
        for strategy in STRATEGIES:
            asked: Counter[str] = Counter()
            rows = []
            for number, newcomer in enumerate(newcomers):
                rows.append(_meet(world, titles, newcomer, strategy, plan, error, asked))
                progress(f"{name}, {strategy}", number + 1, len(newcomers))
            met[strategy] = np.array(rows)
            result[name][strategy] = {**_figures(met[strategy], plan.seed), "asked": dict(asked.most_common(8))}
        result[name]["ahead_by"] = {
            other: _figures(met["information"] - met[other], plan.seed) for other in STRATEGIES[1:]
        }
    return result


def _meet(
    world: World, titles: list[str], newcomer: Newcomer, strategy: Strategy, plan: Plan, error: float, asked: Counter[str]
) -> list[float]:
    """Recall after 0, 1, ... answers of one newcomer."""
    opening = opening_of(world.catalogue, titles, newcomer.row, plan.opening)
    said: Said = ()
    state = first = world.state(opening, said)
    found = [_recall(state, newcomer, plan.limit)]
    for _ in range(QUESTIONS):
        done = {part.facet for part, _ in said}
        open_ones = [part for part in state.questions if part.facet not in done]
        if open_ones:
            part = _chosen(open_ones, strategy, first, Random(f"{plan.seed}:{newcomer.id}:{len(said)}"))
            asked[part.facet] += 1
            said = (*said, (part, _tap(part, state, newcomer, error, plan.seed)))
            state = world.state(opening, said)
        found.append(_recall(state, newcomer, plan.limit))
    return found


def _chosen(open_ones: Sequence[Part], strategy: Strategy, first: State, chance: Random) -> Part:
    match strategy:
        case "information":
            return open_ones[0]
        case "random":
            return chance.choice(sorted(open_ones, key=lambda part: part.facet))
        case "fixed list":
            return min(open_ones, key=lambda part: (FORM.index(part.facet) if part.facet in FORM else len(FORM), part.facet))
        case "ranked once":
            order = [part.facet for part in first.questions]
            return min(open_ones, key=lambda part: order.index(part.facet) if part.facet in order else len(order))


def _tap(part: Part, state: State, newcomer: Newcomer, error: float, seed: int) -> int:
    """The answer that the newcomer taps; the number of answers when she has no preference."""
    chance = Random(f"{seed}:{newcomer.id}:{part.facet}")
    indifferent, mistaken = chance.random() < DEFAULT_PARTING.undecided_of(part.kind), chance.random() < error
    place = np.flatnonzero(state.rows == newcomer.row)
    held = np.flatnonzero(part.holds[:, place[0]]).tolist() if len(place) else []
    if indifferent:
        return len(part.choices)
    if mistaken:
        return chance.randrange(len(part.choices))
    return int(chance.choice(held)) if held else len(part.choices)


def _recall(state: State, newcomer: Newcomer, limit: int) -> float:
    return len(newcomer.right.intersection(state.top.tolist())) / min(limit, len(newcomer.right))


def _figures(met: NDArray[np.float64], seed: int, resamples: int = 1000) -> dict[str, Any]:
    """The mean of each column with its 95 % interval, shoppers drawn with replacement. Shape of `met`: (shoppers, 3)."""
    draws = np.random.default_rng(seed).integers(0, len(met), size=(resamples, len(met)))
    means = np.array([met[draw].mean(axis=0) for draw in draws])
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return {
        "recall": [round(float(mean), 4) for mean in met.mean(axis=0)],
        "intervals": [[round(float(a), 4), round(float(b), 4)] for a, b in zip(low, high, strict=True)],
    }


def _levels(catalogue: Catalogue) -> Iterator[NDArray[np.float64]]:
    """The price and each number column as ranks from 0 to 1, NaN where unknown. Shape of each: (items,)."""
    columns = [np.where(catalogue.prices >= 0, catalogue.prices, np.nan).astype(np.float64)]
    for column in catalogue.numbers.values():
        values = np.full(len(catalogue), np.nan)
        values[column.rows] = column.values
        columns.append(values)
    return iter([_ranks(values) for values in columns])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    ordered = np.sort(values[known])
    middle = np.searchsorted(ordered, values[known], "left") + np.searchsorted(ordered, values[known], "right")
    ranks = np.full(len(values), np.nan)
    ranks[known] = middle / max(2 * len(ordered), 1)
    return ranks


def _words(catalogue: Catalogue) -> list[frozenset[int]]:
    """The values of each item in columns that hold no numbers."""
    held: list[set[int]] = [set() for _ in range(len(catalogue))]
    for column, numbers in catalogue.values.of_column.items():
        if column not in catalogue.numbers:
            for number in numbers:
                for row in catalogue.having([number]).tolist():
                    held[row].add(number)
    return [frozenset(values) for values in held]


def _half(shopper: str) -> str:
    return "validation" if zlib.crc32(shopper.encode()) % 2 == 0 else "test"
