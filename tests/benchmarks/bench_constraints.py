"""Hard wishes over 99,187 used cars: is every item shown what was asked for, and is every wish answered that can be?

Wishes are made by rule around cars drawn at random (1 to 5 hard signals: ranges, equality, negation, alternatives); what is shown
is held against the rows of the files themselves, by code that shares nothing with the search. `DAOGOU_DATA` names the directory
with uk_used_cars, `DAOGOU_BENCH_DIR` where the shop is kept from run to run, `DAOGOU_BENCH_WISHES` how many wishes (2,000).
"""

from __future__ import annotations

import csv
import gzip
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.feeds import read_catalog
from retrieval.importing import import_feed
from retrieval.schema import Query, Signal, Slate
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings

WISHES, SHOWN, LIMIT = 2_000, 20_000, 12
Car = dict[str, str]
Table = dict[str, np.ndarray]
"""The columns of the files: words in lower case, numbers as numbers."""
Holds = Callable[[Table], np.ndarray]
NUMBERS = {"price": "price", "year": "year", "mileage": "mileage", "mpg": "mpg", "engine size": "engineSize", "tax": "tax"}
"""A number as a wish names it to its column in the files."""
WORDS = {"brand": "make", "fuel type": "fuelType", "transmission": "transmission"}
STEPS = {"price": 500, "year": 1, "mileage": 5_000, "mpg": 5, "engine size": 0.5, "tax": 25}


@dataclass(frozen=True)
class Part:
    """Signals that are met or broken as one, and the rows that they hold of."""

    signals: tuple[str, ...]
    about: str
    holds: Holds


def run(data: Path | None = None, wishes: int | None = None) -> list[dict[str, Any]]:
    """Violations among the items shown, wishes answered that can be, contradictions named."""
    folder = (data or Path(os.environ.get("DAOGOU_DATA", "."))) / "uk_used_cars"
    wishes = wishes or int(os.environ.get("DAOGOU_BENCH_WISHES", str(WISHES)))
    if not folder.is_dir():
        return []
    cars = dict(_cars(folder))
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(os.environ.get("DAOGOU_BENCH_DIR", temporary)) / "shop-cars"
        with _shop(directory, Path(temporary), cars) as shop:
            search = Search(shop)
            return [*_measured(search, cars, wishes), *_contradictions(search, cars, 200)]


def _cars(folder: Path) -> Iterator[tuple[str, Car]]:
    """Every row of the files under an id of its own."""
    for path in sorted(folder.glob("*.csv.gz")):
        make = path.name.split(".")[0]
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, row in enumerate(csv.DictReader(lines)):
                row["tax"] = row.pop("tax(£)", row.get("tax", ""))
                yield f"{make}-{number}", {"id": f"{make}-{number}", "make": make, **{k: v.strip() for k, v in row.items()}}


def _shop(directory: Path, scratch: Path, cars: dict[str, Car]) -> Shop:
    """The cars as a shop, through the feed reader like any other."""
    if (directory / "done").exists():
        return Shop.open(directory)
    feed = scratch / "cars.csv"
    with feed.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, next(iter(cars.values())))
        writer.writeheader()
        writer.writerows(cars.values())
    settings = ShopSettings("Cars", currency="GBP", embedder="hashing")
    shop = Shop.open(directory) if directory.exists() else Shop.create(directory, settings)
    names = {"title": "model", "brand": "make"}
    import_feed(shop, catalog=read_catalog(feed, currency="GBP", columns=names, on_error=lambda _error: None))
    (directory / "done").touch()
    return shop


def _measured(search: Search, cars: dict[str, Car], wishes: int) -> list[dict[str, Any]]:
    chance = random.Random(7)
    kept = search.view().catalogue.rows
    offered = [car for car in cars.values() if car["id"] in kept]
    table, places = _table(offered), {car["id"]: place for place, car in enumerate(offered)}
    shown = broken = possible = answered = impossible = named = asked = 0
    examples: list[str] = []
    while asked < wishes or (shown < SHOWN and asked < 4 * wishes):
        parts = wish(chance, chance.choice(offered))
        right = np.logical_and.reduce([part.holds(table) for part in parts])
        exact = int(right.sum())
        slate = search.find(_query(parts, asked))
        asked += 1
        wrong = [item.id for item in slate.items if not right[places[item.id]]]
        shown += len(slate.picks)
        broken += len(wrong)
        possible += bool(exact)
        answered += bool(exact) and len(slate.picks) == min(LIMIT, exact)
        impossible += not exact
        named += not exact and not slate.picks and bool(slate.blocked_by)
        if wrong or (exact and len(slate.picks) != min(LIMIT, exact)) or (not exact and slate.picks):
            examples.append(f"{_told(parts)}: {exact} exact, {slate.fitting} fitting, {len(wrong)} wrong")
    seen = "; ".join(examples[:6])
    return [
        _row("used cars: items shown that break a hard wish", broken, "", f"{shown} shown for {asked} wishes {seen}".strip(), "0"),
        _row("used cars: share of answerable wishes answered in full", round(answered / possible, 4), "", f"{possible} wishes", "1.0"),
        _row("used cars: share of the others whose reason is named", round(named / max(impossible, 1), 4), "", f"{impossible} wishes", "1.0"),
    ]


def _table(cars: list[Car]) -> Table:
    words = {column: np.array([car[column].lower() for car in cars]) for column in WORDS.values()}
    return words | {column: np.array([float(car[column]) for car in cars]) for column in NUMBERS.values()}


def _contradictions(search: Search, cars: dict[str, Car], count: int) -> list[dict[str, Any]]:
    """Wishes that nothing could ever meet: are both sides named, and is something near offered?"""
    chance, rows, named, offered = random.Random(11), list(cars.values()), 0, 0
    for number in range(count):
        part = contradiction(chance, chance.choice(rows))
        slate: Slate = search.find(_query([part], number))
        named += not slate.picks and {str(signal) for signal in slate.blocked_by} == set(part.signals)
        offered += bool(slate.near_misses)
    return [
        _row("used cars: contradictions with both sides named", round(named / count, 4), "", f"{count} wishes", "1.0"),
        _row("used cars: contradictions with near misses", round(offered / count, 4), "", None),
    ]


def wish(chance: random.Random, car: Car) -> list[Part]:
    """One to five hard signals, of which nine in ten hold of the car."""
    size, parts, about = chance.randint(1, 5), list[Part](), set[str]()
    while (left := size - sum(len(part.signals) for part in parts)) > 0:
        part = _part(chance, car, left)
        if part.about not in about:
            about.add(part.about)
            parts.append(part)
    return parts


def contradiction(chance: random.Random, car: Car) -> Part:
    """Two signals that exclude each other."""
    if chance.random() < 0.25:
        facet = chance.choice(list(WORDS))
        value = car[WORDS[facet]].lower()
        return Part((f"{facet}={value}", f"{facet}!={value}"), facet, lambda table: np.zeros(len(table["make"]), dtype=bool))
    facet = chance.choice(list(NUMBERS))
    middle, step = float(car[NUMBERS[facet]]), STEPS[facet]
    return Part((f"{facet}<={middle:g}", f"{facet}>={middle + step:g}"), facet, lambda table: np.zeros(len(table["make"]), dtype=bool))


def _part(chance: random.Random, car: Car, left: int) -> Part:
    kind = chance.choice(("bound", "bound", "range", "equal", "not", "any of"))
    if kind in ("bound", "range"):
        return _bounds(chance, car, 2 if kind == "range" and left > 1 else 1)
    facet = chance.choice(list(WORDS))
    column, value = WORDS[facet], car[WORDS[facet]].lower()
    others = sorted({"brand": _MAKES, "fuel type": _FUELS, "transmission": _GEARS}[facet] - {value})
    written = facet if facet == "brand" or chance.random() < 0.5 else "feature"
    if kind == "not":
        gone = [value if chance.random() < 0.1 else other for other in chance.sample(others, min(left, chance.randint(1, 2)))]
        return Part(tuple(dict.fromkeys(f"{written}!={v}" for v in gone)), facet, lambda t: ~np.isin(t[column], gone))
    held = [value, chance.choice(others)] if kind == "any of" and left > 1 else [value]
    return Part(tuple(f"{written}={v}" for v in held), facet, lambda t: np.isin(t[column], held))


def _bounds(chance: random.Random, car: Car, count: int) -> Part:
    facet = chance.choice(list(NUMBERS))
    column, step = NUMBERS[facet], STEPS[facet]
    value = float(car[column])
    low, high = (value // step - chance.randint(0, 3)) * step, (value // step + chance.randint(1, 4)) * step
    if chance.random() < 0.1:  # a wish that this car does not meet
        low, high = high, high + 2 * step
    low = max(low, 0.0)
    ops = [">=", "<="] if count == 2 else [chance.choice((">=", "<="))]

    def holds(table: Table) -> np.ndarray:
        values = table[column]
        return (values >= (low if ">=" in ops else -np.inf)) & (values <= (high if "<=" in ops else np.inf))

    written, unit = _written(chance, facet)
    return Part(tuple(f"{written}{op}{low if op == '>=' else high:g}{unit}" for op in ops), facet, holds)


def _written(chance: random.Random, facet: str) -> tuple[str, str]:
    """A facet and a unit that a reader may write for the column."""
    forms = {"year": (("year", ""), ("feature", "")), "mileage": (("mileage", ""), ("mileage", " miles"), ("feature", " miles"))}
    return chance.choice(forms.get(facet, ((facet, ""),)))


_MAKES = frozenset("audi bmw ford hyundai mercedes opel skoda toyota vw".split())
_FUELS = frozenset("petrol diesel hybrid electric".split())
_GEARS = frozenset("manual automatic semi-auto".split())


def _query(parts: list[Part], seed: int) -> Query:
    return Query("", signals=tuple(Signal.parse(s) for part in parts for s in part.signals), limit=LIMIT, seed=seed)


def _told(parts: list[Part]) -> str:
    return " | ".join(signal for part in parts for signal in part.signals)


def _row(name: str, value: float, unit: str, peer: str | None, bar: str | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "bar": bar, "peer": peer}


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201 - a script
