"""Simulated dialogues go through the whole assistant, leave the shop as it is, and are counted as they went."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversation import Assistant
from assistant.language.scripted import ScriptedReader
from assistant.memory import Memory
from assistant.settings import Settings
from retrieval.search import Search
from retrieval.shop import Shop
from training.hidden_tastes import Taste, tastes_for
from training.simulate import Held, Plan, broken_limits, by_chance, hold_dialogues, shown, write_predictions
from training.simulate_figures import figures
from training.simulate_plots import success_plot
from training.throwaway_shop import throwaway

from .conftest import made_items

PLAN = Plan(as_meant=True)


def dump(shop: Shop) -> str:
    """The digest of every table of the shop, row by row, and of every file beside them but SQLite's own journals."""
    raw = shop.engine.raw_connection()
    try:
        lines = "\n".join(raw.driver_connection.iterdump())  # type: ignore[union-attr]
    finally:
        raw.close()
    files = [path for path in sorted(shop.directory.rglob("*")) if path.is_file() and path.suffix not in (".sqlite3-shm", ".sqlite3-wal")]
    told = [lines.encode(), *(str(path).encode() + path.read_bytes() for path in files)]
    return hashlib.sha256(b"".join(told)).hexdigest()


def held_over(shop: Shop, tastes: tuple[Taste, ...], plan: Plan, most: int = 12) -> tuple[Held, ...]:
    with throwaway(shop, {taste.shopper: taste.until for taste in tastes}) as copy:
        assistant = Assistant(copy, Search(copy), ScriptedReader({}), Settings(write_deadline=0.0))
        return hold_dialogues(tastes[:most], assistant, plan)


@pytest.fixture(scope="module")
def tastes(small_ground: Shop) -> tuple[Taste, ...]:
    return tastes_for(small_ground, 12, held_back=4, seed=0)[0]


@pytest.fixture(scope="module")
def dialogues(small_ground: Shop, tastes: tuple[Taste, ...]) -> Iterator[tuple[Held, ...]]:
    """Twelve dialogues, read as they are meant; the shop is the same afterwards, byte for byte."""
    before = dump(small_ground)
    yield held_over(small_ground, tastes, PLAN)
    assert dump(small_ground) == before


def test_the_copy_knows_nothing_of_what_is_held_back(small_ground: Shop, tastes: tuple[Taste, ...]) -> None:
    """Acts from the first held-back one on, and conversations, are not in it; everything else is; it goes away."""
    until = {taste.shopper: taste.until for taste in tastes}
    with throwaway(small_ground, until) as copy:
        acts = list(copy.interactions())
        assert all(act.at < until[act.shopper_id] for act in acts)
        assert len(acts) == sum(act.at < until[act.shopper_id] for act in small_ground.interactions())
        assert list(copy.all_items()) == list(small_ground.all_items()) and copy.index.ids == small_ground.index.ids
        folder = copy.directory
    assert not folder.exists()


def test_what_happens_in_the_copy_stays_there(small_ground: Shop, tastes: tuple[Taste, ...]) -> None:
    """Turns, clicks and consents of the simulation are kept in the copy, and the shop's tables and files stay byte-equal."""
    before = dump(small_ground)
    with throwaway(small_ground) as copy:
        held = hold_dialogues(tastes[:4], Assistant(copy, Search(copy), None, Settings(write_deadline=0.0)), PLAN)
        memory = Memory.of(copy)
        assert [len(memory.turns(f"simulated-{each.taste.shopper}")) for each in held] == [len(each.turns) for each in held]
        clicks = sum(len(part) for each in held for part in each.clicks)
        events = [event for each in held for event in memory.feedback.of(each.taste.shopper)]
        assert sum(event.kind == "click" for event in events) == clicks
        assert memory.shoppers.get(held[0].taste.shopper) is not None
    assert dump(small_ground) == before


def test_success_is_the_first_acceptable_slate(dialogues: tuple[Held, ...]) -> None:
    """No turn before the last shows an acceptable item; the last does, or she has given up."""
    assert any(held.success for held in dialogues)
    for held in dialogues:
        good = [any(held.taste.accepts(item) for item in shown(turn)) for turn in held.turns]
        assert not any(good[:-1]) and good[-1] == held.success
        assert held.success or len(held.turns) == PLAN.turns
        assert len(held.said) == len(held.turns) == len(held.clicks) == len(held.ms)


def test_the_same_seed_gives_the_same_dialogues(small_ground: Shop, tastes: tuple[Taste, ...], dialogues: tuple[Held, ...]) -> None:
    """Word for word and slate for slate; another seed says other things."""
    again, other = (held_over(small_ground, tastes, replace(PLAN, seed=seed), 5) for seed in (0, 1))
    assert [(h.said, h.clicks, [t.screen for t in h.turns]) for h in again] == [
        (h.said, h.clicks, [t.screen for t in h.turns]) for h in dialogues[:5]
    ]
    assert [h.said for h in other] != [h.said for h in again]


def test_limits_that_were_said_are_held_against_what_is_shown(dialogues: tuple[Held, ...]) -> None:
    """A limit counts from the turn on in which it was said, judged by the item's own fields, however it was read."""
    held = next(each for each in dialogues if shown(each.turns[0]))
    opening = replace(held.said[0], told=())
    quiet = replace(held, said=(opening, *held.said[1:]), turns=held.turns[:1], clicks=held.clicks[:1], ms=held.ms[:1])
    quiet = replace(quiet, said=quiet.said[:1])
    assert broken_limits(quiet) == []
    poor = replace(held.taste, limit=held.taste.limit and held.taste.limit / 1000)
    from training.shopper_words import limit_of

    limit = limit_of(poor)
    assert limit is not None
    loud = replace(quiet, taste=poor, said=(replace(opening, told=(limit,)),))
    assert broken_limits(loud) == [(1, item.id, "price") for item in shown(held.turns[0])]


def test_a_reader_that_mishears_is_counted(small_ground: Shop, tastes: tuple[Taste, ...]) -> None:
    """When everything is read as "tents", the signals are scored against what was meant, and shown kettles' buyers object."""
    with throwaway(small_ground) as copy:
        deaf = ScriptedReader({}, fallback="recommend | category=tents")
        wanting = [taste for taste in tastes if taste.kind in ("kettles", "lamps", "水壶", "台灯")][:4]
        held = hold_dialogues(wanting, Assistant(copy, Search(copy), deaf, Settings(write_deadline=0.0)), Plan(turns=3))
    told = figures(held, made_items(), Plan(turns=3), 3)
    assert told["success_rate"] == 0.0 and told["turns_to_success"] == {"median": None, "mean": None}
    assert told["violations"]["as_meant"]["category"] > 0 and told["violations"]["as_read"] == 0
    assert told["reading"]["signal_f1"] < 0.3


def test_figures_are_one_json_value(dialogues: tuple[Held, ...], tmp_path: Path) -> None:
    """Counts add up, the chance is that of a draw without replacement, the plot and one line a dialogue are written."""
    told = figures(dialogues, made_items(), PLAN, 3)
    assert json.loads(json.dumps(told))["dialogues"] == 12
    assert told["success_by_turn"][-1] == told["success_rate"] and told["success_by_turn"] == sorted(told["success_by_turn"])
    assert sum(told["moves"].values()) == sum(len(held.turns) for held in dialogues)
    assert told["violations"]["as_meant_per_100_items"] == 0.0 and told["reading"]["signal_f1"] == 1.0
    success_plot(told, tmp_path / "plots" / "turns.png")
    assert (tmp_path / "plots" / "turns.png").stat().st_size > 1000
    write_predictions(dialogues, tmp_path / "predictions.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text("utf-8").splitlines()]
    assert [line["success"] for line in lines] == [held.success for held in dialogues]
    assert lines[0]["transcript"][0]["said"] == dialogues[0].said[0].text


def test_chance_is_a_draw_without_replacement(tastes: tuple[Taste, ...]) -> None:
    """One acceptable item of eight, three drawn: 3/8."""
    taste = tastes[0]
    only = [item if item.id == taste.target.id else replace(item, attributes=(), variants=()) for item in made_items()]
    assert by_chance(taste, only, 3) == pytest.approx(3 / 8)
    assert by_chance(taste, [taste.target], 3) == 1.0
