"""The VectorIndex seam: which items lie closest to a vector."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]
Kind = Literal["exact", "chroma"]


@runtime_checkable
class VectorIndex(Protocol):
    """Finds the items whose vectors lie closest; a row is a position in `ids`."""

    @property
    def kind(self) -> Kind:
        """Which index answers."""
        ...

    @property
    def failure(self) -> str:
        """What went wrong since it was opened, so that another index answers in its place; empty when nothing did."""
        ...

    @property
    def ids(self) -> tuple[str, ...]:
        """The item of each row."""
        ...

    def nearest(self, vector: Floats, limit: int, rows: Rows | None = None) -> tuple[Rows, Floats]:
        """At most `limit` rows and their cosines, closest first; only among `rows` (distinct) where they are given."""
        ...

    def vectors_of(self, rows: Rows) -> Floats:
        """The vectors of the rows. Shape: (n, dim)."""
        ...
