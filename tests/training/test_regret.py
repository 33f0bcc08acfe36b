"""Regret is what the best slate would have had, less what was shown; every policy meets the same shoppers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.shop import Shop
from retrieval.sliders import Sliders
from training.hidden_tastes import Taste, drawn_tastes, tastes_for
from training.regret import Course, Policy, Sessions, bands, best_clicks, run_policies, told
from training.simulate_plots import regret_plot
from training.simulated_shoppers import expected_clicks

from .conftest import made_items
from .test_simulate import dump

SESSIONS = Sessions(4)
TASTE = drawn_tastes(made_items(), 1, languages=("en",), seed=2)[0]


@pytest.fixture(scope="module")
def tastes(small_ground: Shop) -> tuple[Taste, ...]:
    return tastes_for(small_ground, 4, held_back=4, seed=0)[0]


@pytest.fixture(scope="module")
def courses(small_ground: Shop, tastes: tuple[Taste, ...]) -> tuple[Course, ...]:
    """Greedy twice and at random; the shop is as it was."""
    before = dump(small_ground)
    found = run_policies(small_ground, tastes, [Policy.parse(name) for name in ("greedy", "random", "explore:0")], SESSIONS)
    assert dump(small_ground) == before
    return found


def test_policies_are_named() -> None:
    """A share is exact, `explore` is the shop's own, and what is no policy is told."""
    own = Sliders()
    assert Policy.parse("explore").sliders(own) is own
    assert Policy.parse("greedy").sliders(own).balance.exploration == 0.0
    assert Policy.parse("explore:0.3").sliders(own).balance.exploration == 0.3
    assert Policy.parse("random").at_random
    for wrong in ("explore:0.9", "explore:", "explore:x", "thompson", ""):
        with pytest.raises(ValueError, match="expected explore"):
            Policy.parse(wrong)


@given(st.permutations(range(8)), st.integers(1, 8))
def test_no_slate_beats_the_best(order: list[int], limit: int) -> None:
    """Whatever of the items is shown in whichever order."""
    taste, items = TASTE, made_items()[:8]
    assert expected_clicks(taste, [items[place] for place in order][:limit]) <= best_clicks(taste, items, limit) + 1e-9


def test_nobody_is_better_than_the_best(courses: tuple[Course, ...]) -> None:
    """Regret is never negative; the same policy under another name has the same course, and chance another one."""
    greedy, random, same = courses
    assert all((course.regret > -1e-9).all() and course.regret.shape == (4, SESSIONS.count) for course in courses)
    assert np.array_equal(greedy.regret, same.regret) and np.array_equal(greedy.clicks, same.clicks)
    assert not np.array_equal(random.regret, greedy.regret)


def test_what_is_told_of_courses(courses: tuple[Course, ...], tmp_path: Path) -> None:
    """Curves end at the whole regret, differences are from the first policy, bands hold the mean, the plot is drawn."""
    figures = told(courses, 0)
    assert json.loads(json.dumps(figures))["greedy"]["curve"][-1] == figures["greedy"]["regret"]
    assert figures["explore:0"]["more_than_greedy"] == {"regret": 0.0, "interval": (0.0, 0.0)}
    assert figures["random"]["more_than_greedy"]["regret"] == pytest.approx(figures["random"]["regret"] - figures["greedy"]["regret"], abs=1e-3)
    mean, low, high = bands(courses[1], 0)
    assert (low <= mean + 1e-9).all() and (mean <= high + 1e-9).all() and (np.diff(mean) >= -1e-9).all()
    regret_plot(courses, tmp_path / "regret.png", 0)
    assert (tmp_path / "regret.png").stat().st_size > 1000


def test_clicks_reach_what_exploration_learns_of(small_ground: Shop, tastes: tuple[Taste, ...]) -> None:
    """A policy that explores all it may ends elsewhere than the greedy one: the counts that it draws from have changed."""
    greedy, explored = run_policies(small_ground, tastes[:2], [Policy.parse("greedy"), Policy.parse("explore:0.5")], SESSIONS)
    assert not np.array_equal(greedy.regret, explored.regret)

