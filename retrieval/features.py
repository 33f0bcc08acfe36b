"""What the ranker is told of candidates: arrays with a row a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from retrieval.catalogue import Catalogue, Mask
from retrieval.index import Floats
from retrieval.postings import Rows
from retrieval.ranking import ITEM_FEATURES, Features
from retrieval.terms import Term
from retrieval.word_match import Scores, word_features

RANDOM_ITEMS = 512
"""Items that a query's likeness is held against, to tell what a cosine is worth in this catalogue with this embedder."""


def text_features(
    catalogue: Catalogue, terms: Sequence[Term], rows: Rows, language: str, cosines: Floats, random_cosines: Floats
) -> Features:
    """How well words and meaning of each row are those of the query. Shape: (n, len(TEXT_FEATURES)).

    `cosines` (n,) are those of the rows, `random_cosines` those of some random items; both empty for a query without a vector.
    """
    words = word_features(catalogue, terms, rows, language)
    likeness = np.zeros((len(rows), 1), dtype=np.float32)
    if len(random_cosines) > 1:
        likeness[:, 0] = (cosines - random_cosines.mean()) / max(float(random_cosines.std()), 1e-3)
    return np.concatenate((words, likeness), axis=1)


def item_features(rows: Rows, told: Mapping[str, Scores]) -> Features:
    """The item features of each row from arrays over the whole catalogue, 0 where none is told.

    Shape: (n, len(ITEM_FEATURES)).
    """
    found = np.zeros((len(rows), len(ITEM_FEATURES)), dtype=np.float32)
    for place, name in enumerate(ITEM_FEATURES):
        if name in told:
            found[:, place] = told[name][rows]
    return found


def price_places(catalogue: Catalogue, fitting: Mask) -> Scores:
    """Where each fitting item's price lies among theirs: 0 the cheapest, 1 the dearest, one half where it is unknown or alone.

    Shape: (items,); zero outside.
    """
    return np.where(fitting & (catalogue.prices < 0), 0.5, catalogue.price_shares(fitting))
