"""What is odd, empty or broken gives a sane slate or an error that says what is wrong, never a crash or nonsense."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.errors import EmbedderError, RankingError
from retrieval.importing import import_feed
from retrieval.ranking import ITEM_FEATURES, TEXT_FEATURES, load_ranker
from retrieval.schema import HARD_OPS, Interaction, Item, Money, Query, Signal
from retrieval.search import Search
from retrieval.shop import Shop, ShopSettings

MakeShop = Callable[..., Any]
AT = datetime(2026, 5, 1, tzinfo=UTC)
QUERIES = (
    Query(""), Query("a red boot"), Query("boot", signals=(Signal("price", "<=", "50"), Signal("color", "~", "red"))),
    Query("boots", signals=(Signal("category", "=", "boot"), Signal("rating", ">=", "4"))), Query("x", like=("a",), shown=("a",)),
    Query("boot", fresh=True, shown=("a", "gone"), rejected=("b",), interests=(("boot", 1.0),)), Query("𝕏\u0000 ﷽ 🥾", "zh"),
)


def _events(shopper: str, items: Sequence[str], count: int) -> tuple[Interaction, ...]:
    return tuple(
        Interaction(shopper, items[number % len(items)], "click", AT + timedelta(seconds=number)) for number in range(count)
    )


@pytest.mark.parametrize("query", QUERIES)
def test_an_empty_catalogue_offers_nothing(remembered_shop: MakeShop, query: Query) -> None:
    """No items: no picks, no near misses, no error."""
    search = Search(remembered_shop([]))
    slate = search.find(query)
    assert (slate.picks, slate.near_misses, slate.fitting) == ((), (), 0)
    assert search.ranked(query) == ()
    assert search.judged(query, ["a"]) == {}


@pytest.mark.parametrize("query", QUERIES)
def test_one_item_is_offered_unless_it_is_ruled_out(remembered_shop: MakeShop, query: Query) -> None:
    """The only item is the slate, or the wish that rules it out is named; never itself as its own like."""
    search = Search(remembered_shop([Item("a", "Red boot", price=Money(4000, "USD"), rating=4.5)]))
    slate = search.find(query)
    assert [item.id for item in slate.items] == ([] if query.like else ["a"]) or slate.blocked_by
    assert all(math.isfinite(score) for _, score in search.ranked(query))


@pytest.mark.parametrize("query", QUERIES)
def test_items_all_alike_are_each_offered_once(remembered_shop: MakeShop, query: Query) -> None:
    """Five hundred times the same item: as many picks as asked for, each another id."""
    search = Search(remembered_shop([Item(f"{number:03d}", "Red boot", price=Money(4000, "USD"), rating=4.5) for number in range(500)]))
    slate = search.find(replace(query, limit=5))
    assert slate.blocked_by or len({item.id for item in slate.items}) == 5


@pytest.mark.parametrize("history", [(), _events("s", ("gone",), 3), _events("s", ("i01", "gone", "i12"), 10_000)])
def test_any_history_gives_a_full_slate(
    remembered_shop: MakeShop, invented_items: tuple[Item, ...], history: tuple[Interaction, ...]
) -> None:
    """A shopper without a past, one with items that the shop has not, one with ten thousand events; nobody else ever came."""
    slate = Search(remembered_shop(invented_items)).find(Query("boots", history=history, limit=5))
    assert len(slate.picks) == 5
    assert all(math.isfinite(pick.candidate.score) for pick in slate.picks)


def test_interactions_with_unknown_items_teach_nothing(remembered_shop: MakeShop, invented_items: tuple[Item, ...]) -> None:
    """What was done with items that the shop has not changes no score."""
    shop, other = remembered_shop(invented_items), remembered_shop(invented_items)
    other.done = _events("s", ("gone", "lost"), 500)
    query = Query("boots", history=_events("t", ("i01",), 1))
    assert Search(shop).ranked(query) == Search(other).ranked(query)


@pytest.mark.parametrize("count", [10_000])
def test_one_shopper_with_ten_thousand_events_is_learnt_from(
    remembered_shop: MakeShop, invented_items: tuple[Item, ...], count: int
) -> None:
    """The collaborative model is fitted on them, with finite scores."""
    shop = remembered_shop(invented_items)
    shop.done = _events("s", [item.id for item in invented_items], count)
    ranked = Search(shop).ranked(Query("boots", history=shop.done))
    assert ranked and all(math.isfinite(score) for _, score in ranked)


def test_stars_and_prices_that_are_no_numbers_count_as_unknown(remembered_shop: MakeShop, changed: Callable[..., Item]) -> None:
    """NaN stars meet no bound on stars, and no score becomes NaN."""
    boots = [Item(f"{number}", f"Boot {number}", price=Money(100 * number, "USD"), rating=4.5) for number in range(5)]
    boots[0] = changed(boots[0], rating=math.nan)
    search = Search(remembered_shop(boots))
    assert all(math.isfinite(score) for _, score in search.ranked(Query("boot", signals=(Signal("rating", "~", "higher"),))))
    held = search.find(Query("boot", signals=(Signal("rating", ">=", "1"),), limit=5))
    assert "0" not in {item.id for item in held.items} and len(held.picks) == 4


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_features_that_are_no_numbers_are_refused(broken: float) -> None:
    """The ranker raises and says the cure instead of ordering by NaN."""
    text, item = np.zeros((3, len(TEXT_FEATURES)), np.float32), np.zeros((3, len(ITEM_FEATURES)), np.float32)
    for features in (text, item):
        features[1, 0] = broken
        with pytest.raises(RankingError, match="no finite numbers"):
            load_ranker().rank(text, item)
        features[1, 0] = 0


class _Broken(HashingEmbedder):
    """Gives numbers that are none."""

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Any:
        """Vectors of NaN."""
        return np.full((len(texts), self.dimension), np.nan, dtype=np.float32)


def test_vectors_that_are_no_numbers_never_reach_the_tables(tmp_path: Path) -> None:
    """An import with a broken embedder stops with the cure and keeps nothing of the batch."""
    with Shop.create(tmp_path / "shop", ShopSettings("Test", embedder="hashing"), embedder=_Broken()) as shop:
        with pytest.raises(EmbedderError, match="not finite"):
            import_feed(shop, catalog=[Item("a", "A boot")])
        assert list(shop.all_items()) == []


def test_a_query_whose_vector_is_no_number_is_refused(remembered_shop: MakeShop, invented_items: tuple[Item, ...]) -> None:
    """An embedder that breaks while it serves is named; its query is not answered with nonsense."""
    shop = remembered_shop(invented_items)
    search = Search(shop)
    search.view()
    shop.embedder = _Broken()
    with pytest.raises((EmbedderError, RankingError), match="finite"):
        search.find(Query("boots"))


CONTRADICTIONS = (
    "price<=50 | price>=100", "rating>=4.5 | rating<=2", "material=steel | material!=steel", "size>=2l | size<=1l",
    "category=kettle | category!=kettle", "brand=boil | brand!=boil",
)


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_wishes_that_exclude_each_other_are_both_named(search: Search, text: str) -> None:
    """ "Under 50 and over 100" is met by nothing anywhere: both bounds are named, beside others too, and near items offered."""
    signals = tuple(Signal.parse(part) for part in text.split(" | "))
    also = Signal("color", "!=", "pink")
    for asked in (signals, (also, *signals)):
        slate = search.find(Query("something", signals=asked))
        assert not slate.picks
        assert set(slate.blocked_by) == set(signals)
        assert slate.near_misses
        assert all(set(miss.costs) <= set(signals) and miss.costs for miss in slate.near_misses)
    assert all(signal.op in HARD_OPS for signal in signals)
