"""Words of the catalogue that mean what a shopper said in other words, by the embedder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.embedder import Embedder


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How alike two short texts must be to mean the same; cosines, of one embedder."""

    category: float
    """For the name of a shelf; high, because a wrong shelf spoils every pick."""
    value: float
    """For an attribute value."""
    lead: float
    """How far below the best another name may be and still be meant too."""


THRESHOLDS: dict[str, Thresholds] = {
    "e5-small": Thresholds(category=0.90, value=0.91, lead=0.005),
    "minilm": Thresholds(category=0.62, value=0.66, lead=0.03),
}
"""Measured on pairs of names, see tests/retrieval/test_likeness.py; an embedder that is not here gets `STRICT`."""
STRICT = Thresholds(category=0.93, value=0.94, lead=0.0)


@dataclass
class Likeness:
    """Holds the vectors of the catalogue's names, made when they are first needed."""

    embedder: Embedder
    _vectors: dict[tuple[str, ...], NDArray[np.float32]] = field(default_factory=dict)

    @property
    def thresholds(self) -> Thresholds:
        return next((held for name, held in THRESHOLDS.items() if self.embedder.name.startswith(name)), STRICT)

    def alike(self, text: str, names: Sequence[str], threshold: float) -> tuple[int, ...]:
        """The places in `names` of what means the same as `text`, best first; empty when nothing is near enough."""
        key = tuple(names)
        if not key:
            return ()
        if key not in self._vectors:
            self._vectors[key] = self.embedder.embed(key)
        cosines = self._vectors[key] @ self.embedder.embed([text])[0]
        best = float(cosines.max())
        if best < threshold:
            return ()
        order = np.argsort(-cosines)
        return tuple(int(place) for place in order if cosines[place] >= max(threshold, best - self.thresholds.lead))
