"""Names of a catalogue by what a multilingual embedder makes of them: values said in the other language, shelves to look at.

It never says which shelf a kind *is*: measured on 1,651 kinds that shoppers ask for, across languages, it named 33 wrong shelves
of the demo shop and 3 right ones beside what the thesaurus knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.embedder import Embedder
from retrieval.text import HAN
from retrieval.thesaurus.kinship import shipped_kinship

_FOREIGN = 0.1
"""Largest share of names in the shopper's script in a catalogue that does not speak the language."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """When the nearest name means the same; cosines of one embedder."""

    cosine: float
    margin: float
    """The least distance of the runner-up."""


THRESHOLDS: dict[str, Nearness] = {"e5-small": Nearness(0.90, 0.01)}
"""Measured on the demo shop's translated values, Chinese to English: of 471 of five columns it takes 46, 44 rightly. An embedder
that was not measured is not asked."""


@dataclass
class Likeness:
    """Holds the vectors of a catalogue's names, made when they are first needed."""

    embedder: Embedder
    _vectors: dict[tuple[str, ...], NDArray[np.float32]] = field(default_factory=dict)

    def value(self, text: str, names: Sequence[str]) -> int | None:
        """The place of the attribute value that means `text`; None when none surely does or the names are in its own language."""
        near = next((held for name, held in THRESHOLDS.items() if self.embedder.name.startswith(name)), None)
        return self._nearest(text, tuple(names), near) if near else None

    def beside(self, text: str, names: Sequence[str], shelves: Sequence[int]) -> int | None:
        """The shelf to look at for a kind that the shop has not; None when none is near enough, or the embedder was not measured.
        `shelves` has the shelf of every name."""
        kinship = shipped_kinship()
        if not names or not self.embedder.name.startswith(kinship.embedder) or self.embedder.dimension != len(kinship.centre):
            return None
        vectors = self._vectors_of(tuple(names))
        nearest = kinship.nearest(text, self.embedder.embed([text])[0], names, vectors, np.asarray(shelves, dtype=np.int64))
        return nearest.shelf if kinship.probability(nearest) >= kinship.least else None

    def _vectors_of(self, names: tuple[str, ...]) -> NDArray[np.float32]:
        if names not in self._vectors:
            self._vectors[names] = self.embedder.embed(names)  # two threads may both do it, to the same end
        return self._vectors[names]

    def _nearest(self, text: str, names: tuple[str, ...], near: Nearness) -> int | None:
        han = bool(HAN.search(text))
        alike = sum(bool(HAN.search(name)) == han for name in names)
        if len(names) < 2 or alike > _FOREIGN * len(names):
            return None
        cosines = self._vectors_of(names) @ self.embedder.embed([text])[0]
        first, second = np.argsort(-cosines)[:2]
        sure = cosines[first] >= near.cosine and cosines[first] - cosines[second] >= near.margin
        return int(first) if sure else None
