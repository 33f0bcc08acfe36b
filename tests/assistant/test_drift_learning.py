"""What a change of taste is told by, learnt from histories."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.drift_learning import learn_bound, learn_drift, learn_together, usual_shares
from assistant.migration import DEFAULT_DRIFT, Seen, follow

START = datetime(2026, 1, 1, tzinfo=UTC)
USUAL = {"hiking": 1.0, "garden": 1.0, "kitchen": 1.0, "audio": 1.0}


def visits(*kinds: str, each: int = 2, first: int = 0) -> list[Seen]:
    """`each` acts a week on one kind."""
    return [
        Seen(START + timedelta(days=7 * (first + week), minutes=minute), (kind,), f"{kind}{week}{minute}")
        for week, kind in enumerate(kinds) for minute in range(each)
    ]


def quiet(chance: Random) -> list[Seen]:
    """Ten visits of one taste."""
    return visits(*chance.choices(["hiking", "garden"], k=10))


def test_how_far_acts_of_a_visit_go_together_is_learnt() -> None:
    """1, where that is allowed, when every visit stays on one shelf, 0 when acts are drawn one by one; the default is the most, and
    what holds where there is nothing to see."""
    chance = Random(5)
    sticky = [visits(*chance.choices(["hiking", "garden"], k=12), each=4) for _ in range(40)]
    free = [
        [Seen(s.at, (chance.choice(["hiking", "garden"]),), s.item_id) for s in visits(*["x"] * 12, each=4)] for _ in range(40)
    ]
    assert learn_together(sticky, replace(DEFAULT_DRIFT, together=1.0)) == pytest.approx(1.0, abs=0.02)
    assert learn_together(sticky) == DEFAULT_DRIFT.together
    assert learn_together(free) == pytest.approx(0.0, abs=0.05)
    assert learn_together([visits("hiking"), []]) == DEFAULT_DRIFT.together


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c"]), max_size=8), max_size=6), st.integers(1, 3))
@settings(deadline=None)
def test_together_is_a_share(histories: list[list[str]], each: int) -> None:
    """Whatever the histories, it lies between 0 and 1."""
    assert 0.0 <= learn_together([visits(*kinds, each=each) for kinds in histories]) <= 1.0


def test_the_bound_keeps_the_rate_of_false_alarms() -> None:
    """Learnt of 300 shoppers, 40 movers among them, it lets at most 2 % of fresh quiet ones be taken to have moved."""
    chance = Random(11)
    movers = [visits(*["hiking"] * 8, *["garden"] * 6) for _ in range(40)]
    drift, usual = learn_drift([*(quiet(chance) for _ in range(260)), *movers])
    assert sum(bool(follow(quiet(chance), usual, drift).migrations) for _ in range(300)) <= 0.02 * 300
    assert follow(movers[0], usual, drift).migrations


def test_few_shoppers_leave_the_safe_bound() -> None:
    """Under 69 shoppers no order statistic is sure of 2 %: 1 / alarm is kept, or none at all to learn from."""
    chance = Random(3)
    assert learn_bound([quiet(chance) for _ in range(60)], USUAL) == 1 / DEFAULT_DRIFT.alarm
    assert learn_bound([], USUAL) == 1 / DEFAULT_DRIFT.alarm


def test_usual_shares_count_each_shopper_the_same() -> None:
    """One who does much says no more of what is usual than one who does little."""
    assert usual_shares([visits("hiking"), visits(*["garden"] * 9)]) == {"hiking": 0.5, "garden": 0.5}
