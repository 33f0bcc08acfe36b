"""The change of a taste: found, dated, blended, and not found where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.migration import DEFAULT_DRIFT, Seen, blend, exploration, follow, shares, target

START = datetime(2026, 1, 1, tzinfo=UTC)
USUAL = {"hiking": 1.0, "garden": 1.0, "kitchen": 1.0, "audio": 1.0}
seen_acts = st.builds(
    Seen, st.integers(0, 300).map(lambda days: START + timedelta(days=days)),
    st.lists(st.sampled_from([*USUAL, "new shelf"]), max_size=2).map(tuple), st.sampled_from(["", "a", "b"]),
)


def visits(*kinds: str, each: int = 2, first: int = 0) -> list[Seen]:
    """`each` acts a week on one kind."""
    return [
        Seen(START + timedelta(days=7 * (first + week), minutes=minute), (kind,), f"{kind}{week}{minute}")
        for week, kind in enumerate(kinds) for minute in range(each)
    ]


HIKER, GARDENER = visits(*["hiking"] * 8), visits(*["garden"] * 6, first=8)


def test_a_move_is_noticed_and_dated() -> None:
    """A hiker who turns to gardening is noticed within four visits, with the day of the first garden visit."""
    (migration,) = follow([*HIKER, *GARDENER], USUAL).migrations
    assert migration.at == GARDENER[0].at
    assert migration.noticed <= GARDENER[8].at
    assert (migration.old[0][0], migration.new[0][0]) == ("hiking", "garden")
    assert migration.confidence > 0.9


def test_one_stray_visit_is_no_move() -> None:
    """A single visit elsewhere raises no alarm, and the old taste keeps most of the slate."""
    drift = follow([*HIKER, *visits("audio", first=8), *visits("hiking", "hiking", first=9)], USUAL)
    assert drift.migrations == ()
    assert target(drift)["hiking"] > 0.7


def test_the_blend_follows_act_by_act() -> None:
    """With every garden visit the acts of the hiker count less, down to what is kept of a taste that was left."""
    counted = [blend(follow([*HIKER, *GARDENER[:n]], USUAL))[0] for n in (0, 2, 4, 12)]
    assert counted == sorted(counted, reverse=True)
    assert counted[0] > 0.7
    assert counted[-1] == DEFAULT_DRIFT.kept
    assert target(follow([*HIKER, *GARDENER], USUAL))["garden"] > 0.7


def test_more_acts_of_a_visit_say_little_more() -> None:
    """Eight acts of one visit elsewhere are less evidence of a move than two visits, and none at all beyond the first when
    all acts of a visit go together."""
    one, two = ([*HIKER, *visits(*["garden"] * n, first=8, each=each)] for n, each in ((1, 8), (2, 2)))
    assert follow(one, USUAL).evidence[-1] < follow(two, USUAL).evidence[-1]
    same = replace(DEFAULT_DRIFT, together=1.0)
    few, many = (follow([*HIKER, *visits("garden", first=8, each=each)], USUAL, same) for each in (1, 8))
    assert few.evidence[-1] == pytest.approx(many.evidence[-1])


def test_false_alarms_stay_under_the_stated_rate() -> None:
    """Of shoppers who draw every act from one taste of the model at most 2 % are ever taken to have moved."""
    chance = Random(7)
    alarms = 0
    for _ in range(400):
        weights = [chance.gammavariate(0.25, 1.0) + 1e-9 for _ in USUAL]
        acts = [Seen(START + timedelta(days=day), (chance.choices(list(USUAL), weights)[0],)) for day in range(40)]
        alarms += bool(follow(acts, USUAL).migrations)
    assert alarms <= 0.02 * 400


def test_more_is_explored_right_after_a_move() -> None:
    """Exploration is as usual in a settled taste, up to double when a move was just noticed, and settles again."""
    moved = [follow([*HIKER, *GARDENER[:n]], USUAL) for n in (4, 8, 12)]
    assert exploration(follow(HIKER, USUAL)) < 1.2
    assert max(map(exploration, moved)) > 1.7
    assert exploration(follow([*HIKER, *visits(*["garden"] * 14, first=8)], USUAL)) < 1.2


@settings(deadline=None)
@given(st.lists(seen_acts, max_size=25), st.randoms())
def test_order_and_duplicates_are_harmless(seen: list[Seen], chance: Random) -> None:
    """Out of order, doubled or without kinds: the drift is that of the acts in order, each once; shares sum to one."""
    mixed = [*seen, *seen[:4]]
    chance.shuffle(mixed)
    drift, plain = follow(mixed, USUAL), follow(sorted(seen, key=lambda s: s.at), USUAL)
    assert drift.evidence == pytest.approx(plain.evidence)
    assert len(drift.evidence) == len(drift.keep) == len(drift.seen)
    assert all(0 <= keep <= 1 + 1e-9 for keep in drift.keep)
    assert 1 <= exploration(drift) <= 2
    assert not drift.seen or sum(target(drift).values()) == pytest.approx(1.0)


def test_shares_split_an_act_between_its_kinds() -> None:
    """An act of two kinds is half of each."""
    assert shares([Seen(START, ("hiking", "garden")), Seen(START, ("garden",))]) == (("garden", 0.75), ("hiking", 0.25))
