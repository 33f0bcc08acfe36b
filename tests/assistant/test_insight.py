"""Counts for the merchant that tell of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.insight import InsightError, insight
from assistant.memory import Memory
from assistant.schema import Profile, Reading, Reply, Turn
from retrieval.schema import Signal, Slate
from retrieval.shop import Shop, ShopSettings

NOW = datetime(2026, 5, 1, tzinfo=UTC)
KETTLE, RED, GOLD = Signal("category", "=", "kettle"), Signal("color", "~", "red"), Signal("material", "=", "gold")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Twelve people asked for a kettle, one of them three times; three wanted it red; eleven found nothing in gold."""
    with Shop.create(tmp_path / "shop", ShopSettings("Test")) as made:
        memory = Memory.of(made)
        for person in range(12):
            wishes = (KETTLE, RED) if person < 3 else (KETTLE,)
            memory.keep(_turn(f"s{person}", 1, wishes, (GOLD,) if person < 11 else ()))
        memory.keep(_turn("s0", 2, (KETTLE,)))
        memory.keep(_turn("s0", 3, (KETTLE,)))
        yield made


def _turn(session: str, number: int, wishes: tuple[Signal, ...], blocked: tuple[Signal, ...] = ()) -> Turn:
    reading = Reading("recommend", "en", wishes)
    return Turn(
        f"{session}-{number}", session, number, "", NOW, reading, Profile(), Reply("recommend"), slate=Slate(blocked_by=blocked),
        done=True,
    )


def test_people_are_counted_and_small_groups_are_not_told(shop: Shop) -> None:
    """Who asks three times counts once; what three people wanted is not told, only that something is hidden."""
    found = insight(shop.engine)
    assert [(count.key, count.people) for count in found.kinds] == [("kettle", 12)]
    assert [(count.key, count.people) for count in found.found_nothing] == [("material=gold", 11)]
    assert [(count.key, count.people) for count in found.intents] == [("recommend", 12)]
    assert (found.wishes, found.people, found.hidden) == ((), 12, 1)
    assert insight(shop.engine, group=3).wishes[0].key == "color~red"


def test_an_empty_time_tells_nothing(shop: Shop) -> None:
    """Turns before the beginning do not count, and fewer people than a group are not counted either."""
    found = insight(shop.engine, since=NOW + timedelta(days=1))
    assert (found.people, found.kinds, found.hidden) == (None, (), 0)


@pytest.mark.parametrize(("group", "epsilon"), [(1, None), (0, None), (10, 0.0), (10, -1.0), (10, 99.0)])
def test_what_would_tell_of_a_person_is_refused(shop: Shop, group: int, epsilon: float | None) -> None:
    """A group of one, and an epsilon that hides nobody, are told with what was expected."""
    with pytest.raises(InsightError, match="expected"):
        insight(shop.engine, group=group, epsilon=epsilon)


def test_noise_hides_and_says_how_well() -> None:
    """A key of one person is not told; a great one is, within the noise; delta is small and stated."""
    counts = pytest.importorskip("assistant.private_counts", reason="pip install daogou[privacy]")
    release = counts.private_counts({"kettle": 5_000, "secret": 1}, 10, 1.0, 4)
    assert set(release.counts) == {"kettle"}
    assert abs(release.counts["kettle"] - 5_000) < 100
    assert release.threshold > 10
    assert 0 < release.delta <= counts.DELTA
