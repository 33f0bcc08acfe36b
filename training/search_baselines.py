"""The peers of search, on the same queries in the same run: chance, BM25, embedders, their fusions, and boosted trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import bm25s
import numpy as np
from numpy.typing import NDArray

from retrieval.text import tokens

Scores = NDArray[np.float64]
Scorer = Callable[[str], Scores]
"""A query's text to a score of every product. Shape: (products,)."""
_FUSED = 60.0
"""The constant of reciprocal rank fusion (Cormack et al. 2009)."""


@dataclass(frozen=True)
class Vectors:
    """What an embedder made of products and queries, unit vectors."""

    products: NDArray[np.float32]
    """Shape: (products, dim)."""
    queries: Mapping[str, NDArray[np.float32]]

    def __call__(self, query: str) -> Scores:
        return (self.products @ self.queries[query]).astype(np.float64)


def peers(titles: Sequence[str], embedded: Mapping[str, Vectors], seed: int = 0) -> dict[str, Scorer]:
    """The peers by name; `embedded` holds embedders by their names."""
    words = bm25_scorer(titles)
    found: dict[str, Scorer] = {"random": _random(len(titles), seed), "bm25": words}
    for name, vectors in embedded.items():
        found[name] = vectors
        found[f"bm25 + {name}"] = fused(words, vectors)
    return found


def bm25_scorer(titles: Sequence[str]) -> Scorer:
    """BM25 of `bm25s` with its defaults over the product's own tokens (words; for Chinese jieba's and bigrams)."""
    index = bm25s.BM25()
    index.index([list(tokens(title)) or ["-"] for title in titles], show_progress=False)

    def scored(query: str) -> Scores:
        found: Scores = index.get_scores(list(tokens(query)) or ["-"]).astype(np.float64)
        return found

    return scored


def fused(*scorers: Scorer) -> Scorer:
    """Reciprocal rank fusion: the sum of 1 / (60 + rank), ranks from 1."""

    def scored(query: str) -> Scores:
        total: Scores = np.sum([1.0 / (_FUSED + _ranks(scorer(query))) for scorer in scorers], axis=0)
        return total

    return scored


def _ranks(scores: Scores) -> Scores:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


def _random(count: int, seed: int) -> Scorer:
    random = np.random.default_rng(seed)
    return lambda query: random.random(count)
