"""A shop's own pace: learnt from enough, kept beside its settings, harmless when damaged."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from assistant.fading import DEFAULT_HALF_LIVES
from assistant.migration import DEFAULT_DRIFT
from assistant.pace import PACE_FILE, USUAL_PACE, Learnt, Pace, learn_pace, load_pace, pace_file, save_pace, seen_in
from retrieval.schema import Interaction, Item

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ITEMS = {
    item.id: item for item in (Item("b", "Boots", category=("Outdoor", "Boots")), Item("k", "Kettle", category=("Kitchen", "Kettles")))
}
OWN = Pace(
    replace(DEFAULT_HALF_LIVES, days={**DEFAULT_HALF_LIVES.days, "category": 15.0}),
    replace(DEFAULT_DRIFT, bound=12.5, together=0.8), {"Outdoor": 0.6, "Kitchen": 0.4}, Learnt(NOW, 500, 60, ("category",)),
)


def restless(shoppers: int, visits: int = 16) -> list[Interaction]:
    """Shoppers who change shelf every fourth visit, ten days apart."""
    chance, done = Random(2), []
    for shopper in range(shoppers):
        for visit in range(visits):
            home = "b" if (visit // 4 + shopper) % 2 else "k"
            other = "k" if home == "b" else "b"
            at = NOW - timedelta(days=10 * (visits - visit))
            done.append(Interaction(f"s{shopper}", home if chance.random() < 0.9 else other, "click", at))
    return done


def test_a_pace_is_learnt_of_enough_shoppers() -> None:
    """Sixty restless shoppers give a shorter half-life and the shop's own shares; of thirty the usual pace is kept."""
    pace = learn_pace(restless(60), ITEMS, NOW)
    assert pace.learnt is not None
    assert pace.learnt.facets == ("category",)
    assert pace.half_lives.days["category"] < DEFAULT_HALF_LIVES.days["category"]
    assert pace.half_lives.days["brand"] == DEFAULT_HALF_LIVES.days["brand"]
    assert pace.usual == pytest.approx({"Outdoor": 0.5, "Kitchen": 0.5}, abs=0.1)
    assert pace.drift.bound == 1 / DEFAULT_DRIFT.alarm
    assert learn_pace(restless(30), ITEMS, NOW) == USUAL_PACE


def test_a_pace_is_kept_whole(tmp_path: Path) -> None:
    """What was saved is read back; saving the usual one takes the file away."""
    assert load_pace(tmp_path) == USUAL_PACE
    save_pace(tmp_path, OWN)
    assert load_pace(tmp_path) == OWN
    assert "category 15" in str(load_pace(tmp_path))
    save_pace(tmp_path, USUAL_PACE)
    assert list(tmp_path.iterdir()) == []


def test_a_pace_of_another_measure_is_learnt_anew(tmp_path: Path) -> None:
    """The bound of a version that told moves otherwise is not held against today's evidence: the usual pace is in force."""
    save_pace(tmp_path, OWN)
    path = tmp_path / PACE_FILE
    path.write_text(path.read_text("utf-8").replace('"together": 0.8', '"dispersion": 3.3'), encoding="utf-8")
    assert load_pace(tmp_path) == USUAL_PACE


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"half_lives_days": {"category": -3}}', "\x00"])
def test_a_damaged_pace_leaves_the_earlier_one_in_force(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    """A running shop takes a new pace at once, and keeps the last good one when the file is broken, saying so."""
    file = pace_file(tmp_path)
    assert file.current() == USUAL_PACE
    save_pace(tmp_path, OWN)
    assert file.current() == OWN
    (tmp_path / PACE_FILE).write_text(damage, encoding="utf-8")
    with caplog.at_level(logging.WARNING, "daogou"):
        assert file.current() == OWN
    assert "Delete it" in file.warning


def test_what_is_turned_to_is_each_item_once_a_day() -> None:
    """A view and a click of one day are one; bad ratings, dislikes and items long gone are none."""
    acts = [
        Interaction("s", "b", "view", NOW), Interaction("s", "b", "click", NOW + timedelta(minutes=1)),
        Interaction("s", "k", "rating", NOW, 2.0), Interaction("s", "k", "dislike", NOW), Interaction("s", "gone", "click", NOW),
        Interaction("s", "b", "purchase", NOW + timedelta(days=1)),
    ]
    assert [(seen.at, seen.kinds) for seen in seen_in(acts, ITEMS)] == [
        (NOW, ("Outdoor",)), (NOW + timedelta(days=1), ("Outdoor",)),
    ]
