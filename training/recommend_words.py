"""What items say, as vectors: their labels, title and text, and what shoppers of the training part wrote of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from retrieval.histories import Histories
from retrieval.text import stems
from training.recommend_tables import Measured

_DIMENSION = 128
_WRITTEN = 1000
"""Characters taken of one review."""


def content_of(measured: Measured, train: Histories, seed: int = 0) -> NDArray[np.float32] | None:
    """Unit vectors of the items' words, None when nothing is said of any: TF-IDF, brought to 128 dimensions by an SVD (latent
    semantic analysis, Deerwester et al. 1990). What was written beside a choice that is held back is not among the words.
    """
    documents = _documents(measured, train)
    if sum(map(bool, documents)) < 2:
        return None
    common = 0.5 if len(documents) > 20 else 1.0
    words = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=2 if len(documents) > 20 else 1, max_df=common)
    table = words.fit_transform(documents)
    if min(table.shape) > _DIMENSION:
        table = TruncatedSVD(_DIMENSION, random_state=seed).fit_transform(table)
    else:
        table = table.toarray()
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (table / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def _documents(measured: Measured, train: Histories) -> list[Sequence[str]]:
    """The words of each item, a label one word of its own."""
    words = [[*(f"label:{label}" for label in told.labels), *stems(f"{told.title} {told.text}")] for told in measured.told]
    for owner, row in zip(train.owners.tolist(), train.rows.tolist(), strict=True):
        if text := measured.reviewed.get((owner, row)):
            words[row] += stems(text[:_WRITTEN])
    return [tuple(each) for each in words]
