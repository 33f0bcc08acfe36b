"""What an item brings the shop: its margin, its stock and who sells it, as far as the feed says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.feeds.aliases import squashed
from retrieval.feeds.money import price_of
from retrieval.feeds.rejection import RowRejected
from retrieval.schema import Item

Floats = NDArray[np.float64]

COST_COLUMNS = (
    "cost", "cost_of_goods_sold", "cost_per_item", "cost_price", "purchase_price", "einkaufspreis", "成本", "成本价", "进价",
)
"""What feeds call the price that the shop itself pays."""
SELLER_COLUMNS = ("seller", "seller_name", "sold_by", "store", "merchant", "verkäufer", "卖家", "店铺")
_COSTS, _SELLERS = frozenset(map(squashed, COST_COLUMNS)), frozenset(map(squashed, SELLER_COLUMNS))


@dataclass(frozen=True)
class Earnings:
    """Every array has a row an item."""

    margin: Floats
    """Share of the other known items that earn a smaller part of their price, 0 to 1; 0.5 when unknown, 0 when all are."""
    stock: Floats
    """The same for the stock."""
    sellers: dict[int, str]
    """Row -> who sells it."""
    costs: int = 0
    """How many rows have a cost."""
    stocks: int = 0
    """How many rows have a stock."""
    unreadable: int = 0
    """How many costs are no prices, or in another currency than the item's price."""

    @property
    def known(self) -> bool:
        return bool(self.costs or self.stocks or self.sellers)

    def seller(self, row: int) -> str:
        return self.sellers.get(row, "")


@lru_cache(maxsize=4096)
def cost_column(name: str) -> bool:
    """True for an attribute that holds what the shop pays: it is never told to a shopper."""
    return squashed(name) in _COSTS


def earnings_of(catalogue: Catalogue, items: Iterable[Item]) -> Earnings:
    """The earnings of the items, by the catalogue's rows; what no feed said is unknown."""
    margin, stock = np.full(len(catalogue), np.nan), np.full(len(catalogue), np.nan)
    sellers: dict[int, str] = {}
    unreadable = 0
    for item in items:
        row = catalogue.rows.get(item.id)
        if row is None:
            continue
        try:
            margin[row] = _margin(item)
        except RowRejected:
            unreadable += 1
        counted = [variant.stock for variant in item.variants if variant.stock is not None]
        stock[row] = sum(counted) if counted else np.nan
        seller = next((a.values[0] for a in item.attributes if squashed(a.name) in _SELLERS and a.values), "")
        if seller:
            sellers[row] = seller
    costs, stocks = (int(np.isfinite(column).sum()) for column in (margin, stock))
    return Earnings(_ranked(margin), _ranked(stock), sellers, costs, stocks, unreadable)


def _margin(item: Item) -> float:
    """(price - cost) / price; NaN without a price or a cost. Raises RowRejected for a cost that is none."""
    told = next((a.values[0] for a in item.attributes if cost_column(a.name) and a.values), None)
    if told is None or item.price is None or not item.price.amount:
        return float("nan")
    cost = price_of(told, item.price.currency, "cost")
    if cost is None or cost.currency != item.price.currency:
        raise RowRejected("cost", told, f"an amount in {item.price.currency}", "Correct the cost.")
    return 1.0 - cost.amount / item.price.amount


def _ranked(values: Floats) -> Floats:
    """Each value as the share of the other known ones below it, ties in their middle; 0.5 for an unknown one."""
    known = np.flatnonzero(np.isfinite(values))
    ranks = np.full(len(values), 0.5 if len(known) else 0.0)
    if len(known) > 1:
        among = np.sort(values[known])
        below, upto = np.searchsorted(among, values[known], "left"), np.searchsorted(among, values[known], "right")
        ranks[known] = (below + upto - 1) / 2 / (len(known) - 1)
    return ranks
