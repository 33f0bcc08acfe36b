"""Planted reactions are dropped, honest ones are kept, and it is said why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.adapt_settings import AdaptSettings
from training.poisoning import Reaction, screen

FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = AdaptSettings()


def _said(number: int, item: str, day: int, shopper: str, **more: object) -> Reaction:
    return Reaction(f"t{number}", item, True, FIRST + timedelta(days=day), shopper, f"s{number}", **more)  # type: ignore[arg-type]


def _honest(seed: int, items: int = 20, days: int = 30, mean: float = 30.0) -> list[Reaction]:
    """Reactions of as many shoppers: Poisson by day, with popular items and others."""
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(items))
    counts = [(day, item) for day in range(days) for item in random.choice(items, random.poisson(mean), p=shares)]
    return [_said(n, f"i{item}", day, f"who{n}") for n, (day, item) in enumerate(counts)]


def test_honest_logs_have_few_bursts() -> None:
    """Of 60 honest logs at most 3 have a burst: the stated level is 1 in 100, and 4 of 60 would be 1 chance in 300."""
    bursts = [screen(_honest(seed), SETTINGS).counts.get("bursts", 0) > 0 for seed in range(60)]
    assert sum(bursts) <= 3


def test_a_burst_is_dropped_and_told() -> None:
    """Twenty accounts that all take one item on one day: gone, with the day and the item; the item's other days stay."""
    honest = _honest(1)
    planted = [_said(10_000 + n, "i3", 25, f"bot{n}") for n in range(20)]
    found = screen([*honest, *planted], SETTINGS)
    assert not set(planted) & set(found.kept)
    assert any("2026-03-26" in why and "i3" in why for why in found.reasons)
    assert {each.reaction.item for each in found.dropped if each.screen == "bursts"} == {"i3"}
    assert any(each.item == "i3" for each in found.kept)


def test_a_burst_of_refusals_is_one_too() -> None:
    """Dislikes planted against a competitor are counted apart from likes."""
    from dataclasses import replace

    honest = [replace(each, taken=each.turn[-1] != "0") for each in _honest(2, mean=40)]
    planted = [replace(_said(10_000 + n, "i3", 25, f"bot{n}"), taken=False) for n in range(20)]
    assert not set(planted) & set(screen([*honest, *planted], SETTINGS).kept)


def test_verified_purchases_outlive_a_burst() -> None:
    """What the shop's records show is real, however sudden."""
    planted = [_said(10_000 + n, "i3", 25, f"who-bought{n}", verified=n < 5, worth=1.0) for n in range(20)]
    found = screen([*_honest(1), *planted], SETTINGS)
    assert [each in found.kept for each in planted] == [n < 5 for n in range(20)]


def test_a_source_counts_up_to_its_cap() -> None:
    """Of a shopper, and of a session, no more than the cap; what is verified goes first; repeats count once."""
    many = [_said(n, f"i{n}", n % 28, "one", verified=n > 95) for n in range(100)]
    found = screen(many, AdaptSettings(per_shopper=10, alpha=1e-12))
    assert len(found.kept) == 10
    assert sum(each.verified for each in found.kept) == 4
    same = [_said(n, "i1", n, "one") for n in range(5)]
    assert screen(same, SETTINGS).counts == {"repeats": 4}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(0, 5)), max_size=40))
def test_nothing_is_lost_or_doubled(rows: list[tuple[int, int, int]]) -> None:
    """Every reaction is either kept or dropped, once, whatever came in and in whichever order."""
    reactions = [_said(n, f"i{item}", day, f"w{who}") for n, (item, day, who) in enumerate(rows)]
    found = screen(reactions, SETTINGS)
    assert sorted([*found.kept, *(each.reaction for each in found.dropped)], key=lambda r: r.turn) == sorted(reactions, key=lambda r: r.turn)
    assert set(screen(reactions[::-1], SETTINGS).kept) == set(found.kept)
