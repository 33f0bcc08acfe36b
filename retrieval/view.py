"""A shop as search sees it: catalogue, vocabulary, index and regard in memory, as they were when the shop last changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.embedding.embedder import Embedder
from retrieval.features import RANDOM_ITEMS
from retrieval.index import Floats, VectorIndex
from retrieval.likeness import Likeness
from retrieval.ranking import Ranker
from retrieval.regard import Regard, RegardBuilder
from retrieval.schema import Interaction, Item, Signal
from retrieval.sliders import Sliders
from retrieval.vocabulary import Vocabulary


class Settings(Protocol):
    """What search asks of the shop's settings."""

    @property
    def currency(self) -> str: ...


class SearchShop(Protocol):
    """What search asks of a shop."""

    @property
    def settings(self) -> Settings: ...
    @property
    def index(self) -> VectorIndex: ...
    @property
    def index_warning(self) -> str: ...
    @property
    def sliders(self) -> Sliders: ...
    @property
    def sliders_warning(self) -> str: ...
    @property
    def ranker(self) -> Ranker: ...
    @property
    def embedder(self) -> Embedder: ...
    def all_items(self) -> Iterable[Item]: ...
    def items(self, ids: Sequence[str]) -> Sequence[Item]: ...
    def interactions(self) -> Iterator[Interaction]: ...
    def interaction_count(self) -> int: ...
    def remarks(self) -> Iterable[tuple[str, Signal]]: ...


@dataclass(frozen=True)
class View:
    """The shop as it was when an import ended, or its index was opened anew."""

    index: VectorIndex
    catalogue: Catalogue
    vocabulary: Vocabulary
    regard: Regard
    random_items: Floats
    """Vectors of some items drawn at random. Shape: (at most RANDOM_ITEMS, dim)."""
    warning: str
    """What is wrong with the index; empty when nothing is."""


def build_view(shop: SearchShop) -> View:
    """The shop as it is now."""
    index, warning = shop.index, shop.index_warning
    rated: list[tuple[str, int]] = []
    catalogue = build_catalogue(index.ids, _counting(shop.all_items(), rated))
    vocabulary = Vocabulary(catalogue, shop.settings.currency, Likeness(shop.embedder))
    regard = RegardBuilder(catalogue.rows)
    regard.rate(rated)
    regard.choose(shop.interactions())
    regard.remark(shop.remarks())
    drawn = np.random.default_rng(0).permutation(len(index.ids))[:RANDOM_ITEMS]
    return View(index, catalogue, vocabulary, regard.build(), index.vectors_of(np.sort(drawn)), warning)


def _counting(items: Iterable[Item], rated: list[tuple[str, int]]) -> Iterable[Item]:
    for item in items:
        if item.rating_count:
            rated.append((item.id, item.rating_count))
        yield item
