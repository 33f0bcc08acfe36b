"""What the merchant's sliders mean in a catalogue: which items are banned, promoted or pinned, and what each earns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.balance import Contender
from retrieval.catalogue import Catalogue, Mask
from retrieval.earnings import Earnings, earnings_of
from retrieval.meaning import Meaning
from retrieval.requirements import Requirements
from retrieval.schema import Item, Query, Signal
from retrieval.sliders import Sliders
from retrieval.text import fold, stems


@dataclass(frozen=True)
class HouseRules:
    """The sliders of a shop over the rows of its catalogue."""

    sliders: Sliders
    catalogue: Catalogue
    resolve: Callable[[Signal], Meaning]
    items: Callable[[], Iterable[Item]]
    """All items, read once and only when a slider asks for margin, stock or seller."""

    @cached_property
    def banned(self) -> Mask:
        """What is never shown."""
        bans = self.sliders.bans
        return self._meant(bans.items, bans.categories) | self.of_brands(bans.brands)

    @cached_property
    def promoted(self) -> Mask:
        return self._meant(self.sliders.promotions.items, self.sliders.promotions.categories)

    @cached_property
    def earnings(self) -> Earnings:
        """Margin, stock and seller of each row; empty where no slider asks for them."""
        balance = self.sliders.balance
        asked = balance.margin > 0 or balance.stock > 0 or balance.seller_share < 1
        return earnings_of(self.catalogue, self.items() if asked else ())

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Ids, categories and brands that the sliders name and the catalogue has not, as `bans.items: A9`."""
        promotions, bans = self.sliders.promotions, self.sliders.bans
        ids = {"promotions.items": promotions.items, "bans.items": bans.items}
        ids |= {f"pins.{pin.word}": pin.items for pin in self.sliders.pins}
        gone = [f"{name}: {item}" for name, items in ids.items() for item in items if item not in self.catalogue.rows]
        for name, categories in (("promotions.categories", promotions.categories), ("bans.categories", bans.categories)):
            gone += [f"{name}: {category}" for category in categories if not self.on_shelf(category).any()]
        return (*gone, *(f"bans.brands: {brand}" for brand in bans.brands if not self.of_brands((brand,)).any()))

    def on_shelf(self, name: str) -> Mask:
        """The items on the shelves of that name, or of that path: `Kettles`, `Kitchen > Kettles`."""
        wished = fold(name).strip()
        found = np.zeros(len(self.catalogue), dtype=bool)
        for shelf in self.catalogue.shelves:
            if wished in (fold(" > ".join(shelf.path)), *map(fold, shelf.names)):
                found |= self.catalogue.on(shelf)
        return found

    def of_brands(self, names: Iterable[str]) -> Mask:
        values, wished = self.catalogue.values, {fold(name).strip() for name in names}
        return self.catalogue.mask(self.catalogue.having(
            number for number in values.of_column.get("brand", ()) if wished and fold(values.texts[number]) in wished
        ))

    def pinned(self, query: Query, fitting: Mask) -> tuple[int, str] | None:
        """The row that has the first slot for this query, and the word that gave it; None when no pin applies.

        It meets every hard wish and was not shown before. Nothing is pinned over a product that was asked for by name.
        """
        if not self.sliders.pins or any(s.wanted and self.resolve(s).kind == "name" for s in query.signals):
            return None
        kinds = [signal for signal in query.signals if signal.facet == "category" and signal.wanted]
        said = [stems(text) for text in (query.text, *(signal.value for signal in kinds))]
        wished = {path for signal in kinds for path in self.resolve(signal).shelves}
        for pin in self.sliders.pins:
            words = stems(pin.word)
            here = any(_holds(text, words) for text in said)
            if here or wished & set(self.resolve(Signal("category", "~", pin.word)).shelves):
                rows = (self.catalogue.rows[item] for item in pin.items if item in self.catalogue.rows)
                shown = {self.catalogue.rows.get(item) for item in query.shown}
                row = next((row for row in rows if fitting[row] and row not in shown), None)
                if row is not None:
                    return row, pin.word
        return None

    def without_banned(self, required: Requirements) -> Requirements:
        """What may be shown at all, less what the shop never shows."""
        return replace(required, offered=required.offered & ~self.banned) if self.banned.any() else required

    def interests(self, query: Query) -> dict[str, float]:
        """The weight of each kind of product that the shopper cares for and the catalogue has."""
        return {name: weight for name, weight in query.interests if weight > 0 and self._paths(name)}

    def _paths(self, kind: str) -> frozenset[int]:
        """The category paths that a kind of product means."""
        steps = set(self.resolve(Signal("category", "~", kind)).shelves)
        return frozenset().union(*(shelf.paths for shelf in self.catalogue.shelves if shelf.path in steps))

    def contenders(
        self, plain: Sequence[Contender], rows: NDArray[np.integer], query: Query, pinned: tuple[int, str] | None
    ) -> list[Contender]:
        """The contenders with what the shop's rules and the shopper's interests say of them."""
        interests = {name: self._paths(name) for name in self.interests(query)}
        if not (self.promoted.any() or pinned or interests or self.earnings.known):
            return list(plain)
        boost, earnings = self.sliders.promotions.boost * self.promoted, self.earnings
        return [
            replace(
                contender, promoted=float(boost[row]), margin=float(earnings.margin[row]), stock=float(earnings.stock[row]),
                seller=earnings.seller(row), pinned=pinned[1] if pinned is not None and pinned[0] == row else "",
                kind=next((name for name, paths in interests.items() if int(self.catalogue.path_of[row]) in paths), ""),
            )
            for contender, row in zip(plain, rows.tolist(), strict=True)
        ]

    def _meant(self, ids: Iterable[str], categories: Iterable[str]) -> Mask:
        found = self.catalogue.mask(self.catalogue.rows_of(ids))
        for category in categories:
            found |= self.on_shelf(category)
        return found


def _holds(text: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return bool(words) and any(text[start : start + len(words)] == words for start in range(len(text)))
