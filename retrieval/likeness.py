"""Names of a catalogue that mean what a shopper said in the other language, by a multilingual embedder.

Within one language names are compared by their words only: measured on 488 kinds of product that a shop of 48 shelves does not
have, a multilingual embedder puts mouse pads on the shelf of mice at any threshold that still finds the right pairs.
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


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What nearness an embedder needs."""

    shelf: Nearness
    value: Nearness


THRESHOLDS: dict[str, Thresholds] = {"e5-small": Thresholds(shelf=Nearness(0.86, 0.01), value=Nearness(0.90, 0.01))}
"""Measured on the demo shop's translated names, Chinese to English. Shelves: of 56 it takes 22, 21 rightly, and 8 of 169 kinds
that the shop has not. Values of five columns: of 471 it takes 46, 44 rightly. An embedder that was not measured is not asked."""


@dataclass
class Likeness:
    """Holds the vectors of a catalogue's names, made when they are first needed."""

    embedder: Embedder
    _vectors: dict[tuple[str, ...], NDArray[np.float32]] = field(default_factory=dict)

    def shelf(self, text: str, names: Sequence[str]) -> int | None:
        """The place of the shelf's name that means `text`; None when none surely does or the names are in its own language."""
        thresholds = self._thresholds()
        return self._nearest(text, tuple(names), thresholds.shelf) if thresholds else None

    def value(self, text: str, names: Sequence[str]) -> int | None:
        """The place of the attribute value that means `text`; None as above."""
        thresholds = self._thresholds()
        return self._nearest(text, tuple(names), thresholds.value) if thresholds else None

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

    def _thresholds(self) -> Thresholds | None:
        return next((held for name, held in THRESHOLDS.items() if self.embedder.name.startswith(name)), None)

    def _nearest(self, text: str, names: tuple[str, ...], near: Nearness) -> int | None:
        han = bool(HAN.search(text))
        alike = sum(bool(HAN.search(name)) == han for name in names)
        if len(names) < 2 or alike > _FOREIGN * len(names):
            return None
        cosines = self._vectors_of(names) @ self.embedder.embed([text])[0]
        first, second = np.argsort(-cosines)[:2]
        sure = cosines[first] >= near.cosine and cosines[first] - cosines[second] >= near.margin
        return int(first) if sure else None
