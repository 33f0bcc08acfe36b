"""What a shopper liked in one part of the shop as a prior in the others, through the shared text space. Pure.

A text vector says first of all what kind of thing an item is; what is left once the mean of its own kind is taken away says how
it is made, for whom, in what taste. That rest is comparable between kinds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]


def residuals(vectors: Vectors, kinds: NDArray[np.integer]) -> Vectors:
    """Each vector less the mean of its kind, at unit length; zero for the only one of a kind. Shape: (n, dim)."""
    _, place, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), vectors.shape[1]), dtype=np.float64)
    np.add.at(sums, place, vectors)
    rest = vectors - (sums / counts[:, None])[place]
    lengths = np.linalg.norm(rest, axis=1, keepdims=True)
    found: Vectors = np.where(lengths > 1e-6, rest / np.maximum(lengths, 1e-6), 0.0).astype(np.float32)
    return found


def transfer(history: Vectors, weights: Floats, items: Vectors) -> Floats:
    """How far each item goes the way of what was liked elsewhere: the cosine to the weighted mean of the history, -1 to 1;
    0 for all without a history. Shape: (items,).

    Both are `residuals`; `weights` says how much each of the history is liked, below 0 for what was not, shape (history,).
    """
    mean = weights @ history if len(history) else np.zeros(items.shape[1])
    length = float(np.linalg.norm(mean))
    return np.asarray(items @ mean / length if length > 1e-9 else np.zeros(len(items)), dtype=np.float64)
