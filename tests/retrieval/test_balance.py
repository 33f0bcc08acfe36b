"""What the balance step may do to a ranking, and what never."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.balance import BalanceSettings, Contender, balance

Vectors = NDArray[np.float32]


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Contender], Vectors]:
    """Up to twenty contenders of a few brands and shelves, with unit vectors."""
    count = draw(st.integers(0, 20))
    contenders = [
        Contender(
            f"i{place}", draw(st.floats(-3, 3)), draw(st.sampled_from(["", "a", "b", "c"])), draw(st.sampled_from(["", "x", "y"])),
            draw(st.integers(-1, 50_000)), draw(st.integers(0, 2)),
        )
        for place in range(count)
    ]
    return contenders, _vectors(count, draw(st.integers(0, 99)))


def _vectors(count: int, seed: int) -> Vectors:
    drawn = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True) if count else drawn


@given(tables(), st.integers(0, 12), st.integers(0, 5), st.sets(st.integers(0, 19)))
def test_slots_are_some_of_the_contenders_each_once(
    table: tuple[list[Contender], Vectors], limit: int, seed: int, shown: set[int]
) -> None:
    """Balance never adds, never repeats, fills as many slots as it can, and is the same for the same seed."""
    contenders, vectors = table
    seen = frozenset(f"i{place}" for place in shown)
    slots = balance(contenders, vectors, limit, seed=seed, seen=seen)
    places = [slot.place for slot in slots]
    assert len(set(places)) == len(places) == min(limit, len(contenders))
    assert set(places) <= set(range(len(contenders)))
    assert slots == balance(contenders, vectors, limit, seed=seed, seen=seen)


@given(tables(), st.integers(1, 8), st.sets(st.integers(0, 19)))
def test_what_was_shown_comes_only_when_nothing_else_is_left(
    table: tuple[list[Contender], Vectors], limit: int, shown: set[int]
) -> None:
    """An item seen before never takes a slot from one that was not."""
    contenders, vectors = table
    seen = frozenset(f"i{place}" for place in shown)
    picked = {contenders[slot.place].id for slot in balance(contenders, vectors, limit, seen=seen)}
    if picked & seen:
        assert {contender.id for contender in contenders} - seen <= picked


@given(tables(), st.integers(1, 8))
def test_the_best_comes_first(table: tuple[list[Contender], Vectors], limit: int) -> None:
    """Whatever is done for the mix, the first slot belongs to the highest score."""
    contenders, vectors = table
    slots = balance(contenders, vectors, limit)
    if slots and (limit, len(contenders)) != (1, 1):
        assert contenders[slots[0].place].score == max(contender.score for contender in contenders)


@given(tables(), st.integers(1, 10))
def test_every_slot_says_why(table: tuple[list[Contender], Vectors], limit: int) -> None:
    """A merchant can read of each slot which rule gave it; at most one is explored."""
    slots = balance(*table, limit)
    assert all(slot.reason for slot in slots)
    assert sum(slot.receipt == "exploration" for slot in slots) <= 1


def _row(count: int, brand: str = "", shelf: str = "") -> list[Contender]:
    return [Contender(f"i{place}", 1 - place / 100, brand, shelf, 1000) for place in range(count)]


def test_a_brand_fills_half_of_a_slate_unless_it_was_asked_for() -> None:
    """Six items of one brand leave room for the lower ones of another; a named brand is not capped."""
    contenders = [*_row(6, "a"), *(replace(c, id=f"b{c.id}", score=c.score - 0.5, brand="b") for c in _row(6))]
    capped = balance(contenders, _vectors(12, 1), 4)
    asked = balance(contenders, _vectors(12, 1), 4, asked=frozenset({"brand"}), settings=BalanceSettings(0, 0, explore_from=99))
    assert sum(contenders[slot.place].brand == "a" for slot in capped) == 2
    assert [slot.place for slot in asked] == [0, 1, 2, 3]


def test_near_copies_are_thinned() -> None:
    """Of two nearly equal scores the item unlike the picks is taken."""
    contenders = [Contender("i0", 1.0), Contender("i1", 0.99), Contender("i2", 0.97), Contender("i3", 0.0)]
    vectors = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    slots = balance(contenders, vectors, 2)
    assert [(slot.place, slot.receipt) for slot in slots] == [(0, "relevance"), (2, "balance")]


def test_exploration_fits_and_differs() -> None:
    """The explored item misses no more wishes than the picks and is of another brand, shelf or price."""
    contenders = [*_row(4, "a", "x"), Contender("far", 0.98, "b", "x", 1000, missed=1), Contender("new", 0.97, "c", "x", 1000), Contender("low", 0.1, "d")]
    for seed in range(20):
        slots = balance(contenders, _vectors(7, 2), 3, seed=seed, settings=BalanceSettings(brand_share=1, category_share=1))
        explored = [contenders[slot.place].id for slot in slots if slot.receipt == "exploration"]
        assert explored in ([], ["new"])


def test_settings_are_shares() -> None:
    """A share above one is refused where it is set."""
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        BalanceSettings(diversity=1.5)
