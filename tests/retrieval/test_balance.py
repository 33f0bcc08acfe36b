"""What the balance step may do to a ranking, and what never."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.balance import BalanceSettings, Contender, Slot, Wanted, balance
from retrieval.errors import RankingError
from retrieval.exploration import Clicks
from retrieval.sliders import REACH

Vectors = NDArray[np.float32]
PLAIN = BalanceSettings(diversity=0, price_spread=0, brand_share=1, category_share=1, category_balance=0, exploration=0)


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
    wanted = Wanted(seen=frozenset(f"i{place}" for place in shown))
    slots = balance(contenders, vectors, limit, seed=seed, wanted=wanted)
    places = [slot.place for slot in slots]
    assert len(set(places)) == len(places) == min(limit, len(contenders))
    assert set(places) <= set(range(len(contenders)))
    assert slots == balance(contenders, vectors, limit, seed=seed, wanted=wanted)


@given(tables(), st.integers(1, 8), st.sets(st.integers(0, 19)), st.integers(0, 3))
def test_what_was_shown_comes_only_when_nothing_else_is_left(
    table: tuple[list[Contender], Vectors], limit: int, shown: set[int], seed: int
) -> None:
    """An item seen before never takes a slot from one that was not."""
    contenders, vectors = table
    seen = frozenset(f"i{place}" for place in shown)
    settings = BalanceSettings(exploration=0.5)
    slots = balance(contenders, vectors, limit, seed=seed, settings=settings, wanted=Wanted(seen=seen))
    picked = {contenders[slot.place].id for slot in slots}
    if picked & seen:
        assert {contender.id for contender in contenders} - seen <= picked


@given(tables(), st.integers(1, 8), st.integers(0, 3))
def test_the_best_comes_first(table: tuple[list[Contender], Vectors], limit: int, seed: int) -> None:
    """Whatever is done for the mix, the first slot belongs to the highest score."""
    contenders, vectors = table
    slots = balance(contenders, vectors, limit, seed=seed, settings=BalanceSettings(exploration=0.5))
    if slots:
        assert contenders[slots[0].place].score == max(contender.score for contender in contenders)


@given(tables(), st.integers(1, 10), st.sampled_from([0, 0.1, 0.3, 0.5]), st.integers(0, 5))
def test_every_slot_says_why_and_how_likely(
    table: tuple[list[Contender], Vectors], limit: int, share: float, seed: int
) -> None:
    """Of each slot a merchant can read the rule that gave it; only the last ones of a share explore, with their chance."""
    slots = balance(*table, limit, seed=seed, settings=BalanceSettings(exploration=share))
    assert all(slot.reason for slot in slots)
    assert all(0 < slot.propensity <= 1 for slot in slots)
    assert all(slot.propensity == 1 for slot in slots if not slot.explored)
    assert all(slot.explored > 0 for slot in slots if slot.receipt == "exploration")
    assert sum(slot.explored > 0 for slot in slots) <= np.ceil(share * limit)


def _row(count: int, brand: str = "", shelf: str = "") -> list[Contender]:
    return [Contender(f"i{place}", 1 - place / 100, brand, shelf, 1000) for place in range(count)]


@pytest.mark.parametrize("field", ["brand", "shelf", "seller"])
def test_no_brand_shelf_or_seller_fills_a_slate_unless_it_was_asked_for(field: str) -> None:
    """Six items of one label leave room for the lower ones of another; a named brand or category is not capped."""
    contenders = [replace(c, **{field: "a"}) for c in _row(6)]  # type: ignore[arg-type]
    contenders += [replace(c, id=f"b{c.id}", score=c.score - 0.5, **{field: "b"}) for c in _row(6)]  # type: ignore[arg-type]
    name = {"shelf": "category"}.get(field, field)
    settings = replace(PLAIN, **{f"{name}_share": 0.5})  # type: ignore[arg-type]
    capped = balance(contenders, _vectors(12, 1), 4, settings=settings)
    assert [slot.place for slot in capped] == [0, 1, 6, 7]
    assert name.replace("category", "shelf") in capped[2].reason
    asked = balance(contenders, _vectors(12, 1), 4, settings=settings, wanted=Wanted(asked=frozenset({name})))
    assert [slot.place for slot in asked] == [0, 1, 2, 3]


def test_near_copies_are_thinned() -> None:
    """Of two nearly equal scores the item unlike the picks is taken, and the receipt says so."""
    contenders = [Contender("i0", 1.0), Contender("i1", 0.99), Contender("i2", 0.97), Contender("i3", 0.0)]
    vectors = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    slots = balance(contenders, vectors, 2)
    assert [(slot.place, slot.receipt) for slot in slots] == [(0, "relevance"), (2, "balance")]
    assert "less like" in slots[1].reason


def test_prices_are_spread() -> None:
    """With nothing else between them, the item at another price is taken."""
    contenders = [replace(c, price=price) for c, price in zip(_row(5), (1000, 1000, 1000, 3000, 1000), strict=True)]
    slots = balance(contenders, np.ones((5, 1), dtype=np.float32), 2, settings=replace(PLAIN, price_spread=1))
    assert [slot.place for slot in slots] == [0, 3]
    assert "price" in slots[1].reason


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_the_mix_follows_the_interests(share: float) -> None:
    """A shopper who cares for two kinds in the shares p and 1 - p gets a slate of that mix, though all of one score higher."""
    contenders = [*(replace(c, kind="boots") for c in _row(10)), *(replace(c, id=f"t{c.id}", kind="tents", score=c.score - 0.3) for c in _row(10))]
    wanted = Wanted(interests={"boots": share, "tents": 1 - share})
    slots = balance(contenders, _vectors(20, 3), 10, settings=replace(PLAIN, category_balance=1), wanted=wanted)
    counts = Counter(contenders[slot.place].kind for slot in slots)
    assert abs(counts["boots"] - 10 * share) <= 1
    assert any("mix of categories" in slot.reason for slot in slots)


def test_the_slider_pulls_the_mix_towards_the_interests() -> None:
    """More category balance never takes the mix further from the wanted one."""
    contenders = [*(replace(c, kind="a") for c in _row(10)), *(replace(c, id=f"t{c.id}", kind="b", score=c.score - 0.2) for c in _row(10))]
    wanted, found = Wanted(interests={"a": 1, "b": 1}), []
    for weight in (0.0, 0.1, 0.3, 1.0):
        slots = balance(contenders, _vectors(20, 3), 10, settings=replace(PLAIN, category_balance=weight), wanted=wanted)
        found.append(sum(contenders[slot.place].kind == "b" for slot in slots))
    assert found == sorted(found)
    assert found[0] < found[-1] == 5


@given(tables(), st.integers(1, 6), st.data())
def test_a_promotion_never_beats_a_clearly_better_fit(
    table: tuple[list[Contender], Vectors], limit: int, data: st.DataObject
) -> None:
    """Where one outscores another by more than REACH of the span, or meets more wishes, no promotion, margin or stock puts the
    other in front."""
    plain, vectors = table
    contenders = [
        replace(c, promoted=data.draw(st.sampled_from([0.0, 0.5, 1.0])), margin=data.draw(st.floats(0, 1)), stock=data.draw(st.floats(0, 1)))
        for c in plain
    ]
    slots = balance(contenders, vectors, limit, settings=replace(PLAIN, margin=1, stock=1))
    low, high = np.percentile([c.score for c in contenders] or [0], (5, 95))
    span = high - low if high - low > 1e-9 else max((c.score for c in contenders), default=0) - min((c.score for c in contenders), default=0)
    order = [contenders[slot.place] for slot in slots]
    left = [c for c in contenders if c not in order]
    for number, one in enumerate(order):
        for other in (*order[number + 1 :], *left):
            assert other.score - one.score <= REACH * span + 1e-9
    for number, one in enumerate(order):
        better = max((*order[number:], *left), key=lambda c: (c.score, -int(c.id[1:])))
        assert one.missed <= better.missed or one.score == better.score


def test_a_promotion_wins_a_near_tie_and_says_so() -> None:
    """Among items of nearly one score the promoted one comes first, with the rule in its receipt."""
    contenders = [*_row(3), replace(_row(1)[0], id="p", score=0.975, promoted=1.0), *(replace(c, id=f"w{c.id}", score=0.5) for c in _row(5))]
    first = balance(contenders, _vectors(9, 4), 3, settings=PLAIN)[0]
    assert (contenders[first.place].id, first.receipt) == ("p", "balance")
    assert "promoted by the shop" in first.reason


def test_a_pin_has_the_first_slot_unless_it_was_seen() -> None:
    """A pinned contender comes first whatever it scores; one that was shown before does not."""
    contenders = [*_row(4), Contender("low", 0.0, pinned="kettle")]
    slots = balance(contenders, _vectors(5, 4), 3)
    assert (slots[0].place, slots[0].receipt, slots[0].reason) == (4, "balance", "pinned by the shop for 'kettle'")
    assert balance(contenders, _vectors(5, 4), 3, wanted=Wanted(seen=frozenset({"low"})))[0].place == 0


def test_exploration_only_of_what_fits() -> None:
    """An explored item scores well, misses no more wishes than the picks and breaks no cap."""
    contenders = [
        *_row(4, "a", "x"), Contender("far", 0.98, "b", "x", 1000, missed=1), Contender("new", 0.97, "c", "x", 1000), Contender("low", 0.1, "d"),
    ]
    explored = set()
    for seed in range(200):
        slots = balance(contenders, _vectors(7, 2), 3, seed=seed, settings=BalanceSettings(exploration=0.3))
        explored |= {contenders[slot.place].id for slot in slots if slot.receipt == "exploration"}
    assert explored
    assert not explored & {"far", "low"}


def _played(contenders: list[Contender], settings: BalanceSettings, wanted: Wanted, rounds: int) -> list[tuple[Slot, ...]]:
    return [balance(contenders, _vectors(len(contenders), 5), 3, seed=seed, settings=settings, wanted=wanted) for seed in range(rounds)]


def test_propensities_are_the_shares_in_which_items_are_shown() -> None:
    """Over many seeds each item is shown in the last slot about as often as its propensities say."""
    contenders = _row(8)
    settings = replace(PLAIN, exploration=0.2, explore_reach=0)
    clicks = Clicks({"i5": {"": (50, 25)}, "i3": {"": (50, 1)}})
    rounds = _played(contenders, settings, Wanted(clicks=clicks), 1500)
    last = [slots[-1] for slots in rounds]
    shown = Counter(slot.place for slot in last)
    assert all(slot.explored == pytest.approx(0.6) for slot in last)
    weights = Counter[int]()
    for slot in last:
        weights[slot.place] += 1 / slot.propensity  # type: ignore[assignment]
    for place, count in shown.items():
        if count > 100:  # the mean weight of an item that can always be drawn is 1
            assert weights[place] / len(last) == pytest.approx(1, abs=0.15)
    assert shown[5] > 3 * shown[3]


def test_new_items_get_their_chance_and_bad_ones_lose_it() -> None:
    """Among equally scored items those never shown are explored more than those shown often without a click."""
    contenders = [Contender("best", 1.0), Contender("second", 0.99), *(Contender(f"i{n}", 0.9) for n in range(6)), Contender("weak", 0.0)]
    clicks = Clicks({"elsewhere": {"": (4000, 600)}, **{f"i{n}": {"": (400, 8)} for n in range(3)}})
    rounds = _played(contenders, replace(PLAIN, exploration=0.3, explore_reach=0), Wanted(clicks=clicks), 300)
    shown = Counter(contenders[slots[-1].place].id for slots in rounds if slots[-1].receipt == "exploration")
    assert sum(shown[f"i{n}"] for n in range(3, 6)) > 10 * sum(shown[f"i{n}"] for n in range(3))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_small_and_alike_tables(count: int) -> None:
    """Nothing, one contender, or all alike in every way: as many slots as there are contenders, in a fixed order."""
    contenders = [Contender(f"i{n}", 0.5, "a", "x", 1000) for n in range(count)]
    slots = balance(contenders, np.ones((count, 4), dtype=np.float32) / 2, 10, settings=BalanceSettings(exploration=0.5, margin=1))
    assert [slot.place for slot in slots] == list(range(count))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_scores_and_vectors_that_are_no_numbers_are_refused(bad: float) -> None:
    """A score or a vector that is no finite number is a typed error, and so is a missing vector."""
    with pytest.raises(RankingError, match="a score"):
        balance([*_row(2), Contender("bad", bad)], _vectors(3, 1), 2)
    with pytest.raises(RankingError, match="a vector"):
        balance(_row(3), np.full((3, 2), bad, dtype=np.float32), 2)
    with pytest.raises(RankingError, match="2 vectors of 3"):
        balance(_row(3), _vectors(2, 1), 2)


def test_an_outlier_does_not_flatten_the_rest() -> None:
    """An item asked for by name scores far above all others; among these a promotion still only wins near ties."""
    contenders = [Contender("named", 6.0), *_row(20), replace(_row(1)[0], id="p", score=0.4, promoted=1.0), Contender("w", 0.0)]
    slots = balance(contenders, _vectors(23, 4), 3, settings=PLAIN)
    assert [contenders[slot.place].id for slot in slots] == ["named", "i0", "i1"]
