"""How an item is regarded: how much it is chosen, and what its reviewers praise and complain of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrieval.postings import Postings, PostingsBuilder
from retrieval.schema import Interaction, Signal
from retrieval.text import scan
from retrieval.word_match import Scores

CHOSEN: Mapping[str, float] = {"purchase": 5.0, "cart": 3.0, "like": 2.0, "click": 1.0, "view": 0.2}
"""What an interaction counts towards popularity; ratings and dislikes are opinions, not choices."""
_DOUBT = 2.0
"""Remarks that a balanced opinion is worth: one complaint alone is not yet a bad name."""


@dataclass(frozen=True)
class Regard:
    """Arrays over the rows of a catalogue."""

    popularity: Scores
    """0 to 1, logarithmic; 1 is the most chosen item. Shape: (items,)."""
    remarks: Postings
    """The words of each remark's aspect to the remark's number."""
    items: NDArray[np.int32]
    """The row that each remark speaks of."""
    praises: NDArray[np.bool_]
    """False for complaints."""

    def praise(self, phrases: Iterable[Sequence[str]]) -> Scores:
        """What reviewers say of an aspect: (praises - complaints) / (remarks + 2), -1 to 1, 0 where nobody speaks of it.

        Shape: (items,).
        """
        found = [self.remarks.phrase(phrase) for phrase in phrases]
        numbers = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int32)
        count = len(self.popularity)
        told = np.bincount(self.items[numbers], minlength=count)
        net = np.bincount(self.items[numbers], weights=np.where(self.praises[numbers], 1.0, -1.0), minlength=count)
        return net / (told + _DOUBT)


@dataclass
class RegardBuilder:
    """Collects choices and remarks item by item."""

    rows: Mapping[str, int]
    _chosen: NDArray[np.float64] = field(init=False)
    _words: PostingsBuilder = field(default_factory=PostingsBuilder)
    _items: list[int] = field(default_factory=list)
    _praises: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chosen = np.zeros(len(self.rows))

    def choose(self, interactions: Iterable[Interaction]) -> None:
        """Takes in what shoppers did; items that the catalogue lacks are passed over."""
        for interaction in interactions:
            row = self.rows.get(interaction.item_id)
            if row is not None:
                self._chosen[row] += CHOSEN.get(interaction.kind, 0.0)

    def rate(self, counts: Iterable[tuple[str, int]]) -> None:
        """Takes in how often items were rated (item id, count): a rating stands for a purchase."""
        for item_id, count in counts:
            if item_id in self.rows:
                self._chosen[self.rows[item_id]] += CHOSEN["purchase"] * count

    def remark(self, remarks: Iterable[tuple[str, Signal]]) -> None:
        """Takes in what reviewers say: (item id, aspect)."""
        for item_id, aspect in remarks:
            row = self.rows.get(item_id)
            if row is not None:
                self._words.add(len(self._items), scan(aspect.value))
                self._items.append(row)
                self._praises.append(aspect.wanted)

    def build(self) -> Regard:
        """What was taken in, as arrays."""
        chosen = np.log1p(self._chosen)
        popularity = chosen / chosen.max() if len(chosen) and chosen.max() > 0 else chosen
        return Regard(
            popularity, self._words.build(), np.array(self._items, dtype=np.int32), np.array(self._praises, dtype=bool)
        )
