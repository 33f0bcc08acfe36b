"""What the merchant's rules do to slates, and what they never do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from assistant.evidence import attributes_of, facts_of
from retrieval.exploration import Clicks
from retrieval.schema import Attribute, Item, Query, Signal, Slate, Variant
from retrieval.search import Search
from retrieval.sliders import BY_SCORE_ALONE, BalanceSettings, Bans, Pin, Promotions, Sliders

KETTLES = Query("kettle", signals=(Signal("category", "=", "kettle"),), limit=3)


@pytest.fixture
def found(remembered_shop: Callable[..., object], invented_items: tuple[Item, ...]) -> Callable[..., Slate]:
    """The slate of a query under some sliders."""
    shop = remembered_shop(invented_items)
    return lambda query, sliders, **more: Search(shop, sliders=sliders, **more).find(query)  # type: ignore[arg-type]


def _ids(slate: Slate) -> list[str]:
    return [item.id for item in slate.items]


def test_a_pin_takes_the_first_slot_and_says_so(found: Callable[..., Slate]) -> None:
    """A pinned item comes first for its word, in either language, with the rule in its receipt; no other slot changes hands."""
    pinned = replace(BY_SCORE_ALONE, pins=(Pin("kettle", ("i38",)),))
    slate = found(KETTLES, pinned)
    assert _ids(slate)[0] == "i38"
    assert (slate.picks[0].receipt, slate.picks[0].reason) == ("balance", "pinned by the shop for 'kettle'")
    assert _ids(slate)[1:] == [item for item in _ids(found(KETTLES, BY_SCORE_ALONE)) if item != "i38"][:2]
    assert _ids(found(Query("", language="zh", signals=(Signal("category", "=", "水壶"),)), pinned))[0] == "i38"


@pytest.mark.parametrize(
    "query",
    [
        replace(KETTLES, signals=(*KETTLES.signals, Signal("price", ">=", "60"))),
        replace(KETTLES, signals=(*KETTLES.signals, Signal("feature", "!=", "non-electric"), Signal("use", "!=", "camping"))),
        replace(KETTLES, rejected=("i38",)), Query("a tent", signals=(Signal("category", "=", "tent"),)),
    ],
    ids=["too cheap", "not for camping", "rejected", "another kind"],
)
def test_a_pin_never_breaks_a_hard_wish(found: Callable[..., Slate], query: Query) -> None:
    """A pinned item that fails a hard wish, was rejected, or is of another kind is not shown for it."""
    assert "i38" not in _ids(found(query, Sliders(pins=(Pin("kettle", ("i38",)), Pin("tent", ("i38",))))))


def test_a_pin_that_was_shown_is_not_shown_first_again(found: Callable[..., Slate]) -> None:
    """Asked for others, the shopper gets others; the next of the pinned items has its turn."""
    sliders = Sliders(pins=(Pin("kettle", ("i38", "i13")),))
    assert _ids(found(replace(KETTLES, shown=("i38",), fresh=True), sliders))[0] == "i13"


def test_what_is_banned_is_never_shown(found: Callable[..., Slate]) -> None:
    """By id, by brand, by shelf: not in a slate, not as a near miss, and a shop with everything banned offers nothing."""
    assert "i12" not in _ids(found(replace(KETTLES, limit=10), Sliders(bans=Bans(items=("i12",)))))
    brands = found(replace(KETTLES, limit=10), Sliders(bans=Bans(brands=("boil",))))
    assert {item.brand for item in brands.items} == {"Brew", "Quiet"}
    shelf = found(KETTLES, Sliders(bans=Bans(categories=("Kettles",))))
    assert not shelf.picks
    assert not any(miss.item.category[-1] == "Kettles" for miss in shelf.near_misses)
    near = found(replace(KETTLES, signals=(*KETTLES.signals, Signal("price", "<=", "1"))), Sliders(bans=Bans(items=("i13",))))
    assert near.near_misses
    assert "i13" not in [miss.item.id for miss in near.near_misses]


def test_a_ban_is_stronger_than_a_pin_or_a_promotion(found: Callable[..., Slate]) -> None:
    """An item on a banned shelf stays away though it is pinned and promoted."""
    sliders = Sliders(promotions=Promotions(1, ("i38",)), pins=(Pin("kettle", ("i38",)),), bans=Bans(brands=("Boil",)))
    assert "i38" not in _ids(found(replace(KETTLES, limit=10), sliders))


def test_promotions_lift_and_are_named(found: Callable[..., Slate]) -> None:
    """A promoted item never falls, and where the promotion decided, the receipt says it."""
    query = replace(KETTLES, limit=6)
    plain = _ids(found(query, BY_SCORE_ALONE))
    moved = 0
    for item in plain:
        slate = found(query, replace(BY_SCORE_ALONE, promotions=Promotions(1, (item,))))
        assert _ids(slate).index(item) <= plain.index(item)
        if _ids(slate).index(item) < plain.index(item):
            moved += 1
            assert "promoted by the shop" in slate.picks[_ids(slate).index(item)].reason
    assert moved


def _with_costs(items: tuple[Item, ...]) -> list[Item]:
    """Kettles alike but for what they cost the shop, their stock and their seller."""
    kettle = next(item for item in items if item.id == "i12")
    return [
        replace(
            kettle, id=f"k{n}", title="Steel Kettle", brand="", rating=None, translations=(),
            attributes=(Attribute("cost", (f"${30 - 5 * n}.00",)), Attribute("seller", (f"s{n % 2}",))),
            variants=(Variant(f"k{n}-v", stock=5 - n),),
        )
        for n in range(5)
    ]


@pytest.mark.parametrize(("slider", "first"), [("margin", "k4"), ("stock", "k0")])
def test_margin_and_stock_order_what_is_otherwise_alike(
    found: Callable[..., Slate], remembered_shop: Callable[..., object], invented_items: tuple[Item, ...], slider: str, first: str
) -> None:
    """Of kettles alike in everything else the one that earns most, or of which there are most, comes first."""
    shop = remembered_shop(_with_costs(invented_items))
    sliders = replace(BY_SCORE_ALONE, balance=replace(BY_SCORE_ALONE.balance, **{slider: 1}))  # type: ignore[arg-type]
    assert _ids(Search(shop, sliders=sliders).find(replace(KETTLES, limit=5)))[0] == first  # type: ignore[arg-type]


def test_a_seller_fills_no_more_than_its_share(remembered_shop: Callable[..., object], invented_items: tuple[Item, ...]) -> None:
    """With a cap of a half, of four slots two go to each of two sellers."""
    sliders = replace(BY_SCORE_ALONE, balance=replace(BY_SCORE_ALONE.balance, seller_share=0.5))
    slate = Search(remembered_shop(_with_costs(invented_items)), sliders=sliders).find(replace(KETTLES, limit=4))  # type: ignore[arg-type]
    assert sorted(item.values("seller")[0] for item in slate.items) == ["s0", "s0", "s1", "s1"]


def test_interests_mix_the_slate(found: Callable[..., Slate]) -> None:
    """A shopper who cares for tents and boots alike, and asks for neither, gets both."""
    sliders = replace(BY_SCORE_ALONE, balance=replace(BY_SCORE_ALONE.balance, category_balance=0.8))
    slate = found(Query("for hiking and camping", interests=(("tent", 0.5), ("hiking boots", 0.5)), limit=4), sliders)
    shelves = [item.category[-1] for item in slate.items]
    assert shelves.count("Tents") == shelves.count("Hiking boots") == 2


def test_exploration_is_logged_with_its_chance(found: Callable[..., Slate]) -> None:
    """Picks carry the chance that they had, and only items that meet every hard wish are explored."""
    sliders = Sliders(BalanceSettings(exploration=0.3, explore_reach=0))
    slates = [found(replace(KETTLES, seed=seed), sliders, clicks=Clicks) for seed in range(40)]
    explored = [pick for slate in slates for pick in slate.picks if pick.receipt == "exploration"]
    assert explored
    assert all(pick.candidate.item.category[-1] == "Kettles" for pick in explored)
    assert all(0 < pick.propensity < 1 and pick.explored == pytest.approx(0.9) for pick in explored)
    assert slates[3] == found(replace(KETTLES, seed=3), sliders)


def test_what_an_item_costs_the_shop_is_never_told(invented_items: tuple[Item, ...]) -> None:
    """A cost in the feed orders near ties and proves no wish: no fact and no evidence names it."""
    kettle = _with_costs(invented_items)[0]
    assert not any("30" in fact for fact in facts_of(kettle, (), "en"))
    assert not any("cost" in name for name, _ in attributes_of(kettle, "en"))
