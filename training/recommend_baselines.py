"""The peers of `evaluate recommend`: popularity, ItemKNN and EASE here, implicit's ALS and BPR in `implicit_peers`.

Each is tuned like ours: on the last but one choice of every shopper, by nDCG@10, over its whole grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from retrieval.companions import strongest
from retrieval.histories import Histories, Rows
from retrieval.wheels import Progress
from training.implicit_peers import factor_scores, fit_als, fit_bpr
from training.recommend_split import Recommender, Scores, Split, ndcg, slates_of

Values = Mapping[str, float]
CLOSED_FORM = 12_000
"""EASE is left out where there are both more shoppers and more items: the inverse would take over a gigabyte."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A model with what it is tuned over."""

    name: str
    grid: Mapping[str, tuple[float, ...]]
    fit: Callable[[Histories, int, Values, int], Recommender]
    """(training histories, items, one setting, seed) -> the model."""

    def settings(self) -> Iterator[dict[str, float]]:
        """Every setting of the grid."""
        for values in product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))


@dataclass(frozen=True, slots=True)
class Table:
    """A model whose scores of all shoppers are made at need by one function."""

    of: Callable[[Rows], Scores]

    def scores(self, shoppers: Rows) -> Scores:
        """Shape: (len(shoppers), items)."""
        return self.of(shoppers)


def chosen(histories: Histories, items: int) -> sparse.csr_array:
    """Who chose what, as ones. Shape: (shoppers, items)."""
    kept = histories.kept(histories.weights > 0)
    ones = np.ones(len(kept.rows), dtype=np.float32)
    return sparse.csr_array((ones, (kept.owners, kept.rows)), shape=(len(kept), items))


def popularity(histories: Histories, items: int, values: Values, seed: int) -> Recommender:
    """Everybody gets what most shoppers chose."""
    counts = np.asarray(chosen(histories, items).sum(axis=0), dtype=np.float64)
    return Table(lambda shoppers: np.tile(counts, (len(shoppers), 1)))


def item_knn(histories: Histories, items: int, values: Values, seed: int) -> Recommender:
    """Sum of the cosines with the items of the history, of each item's nearest ones only (Deshpande and Karypis 2004)."""
    table = chosen(histories, items)
    together = sparse.csr_array(table.T @ table)
    counts = together.diagonal()
    together.setdiag(0)
    together.eliminate_zeros()
    rows = np.repeat(np.arange(items), np.diff(together.indptr))
    together.data = together.data / (np.sqrt(counts[rows] * counts[together.indices]) + values["shrink"])
    near = strongest(together, int(values["neighbours"])).T.tocsr()
    return Table(lambda shoppers: (table[shoppers] @ near).toarray())


def ease(histories: Histories, items: int, values: Values, seed: int) -> Recommender:
    """X B with B = -P / diag(P) off the diagonal and P = (X'X + ridge I)^-1 (Steck 2019).

    With fewer shoppers than items P comes from the smaller inverse: ridge P = I - X' (X X' + ridge I)^-1 X (Woodbury).
    """
    table, ridge = chosen(histories, items), values["ridge"]
    dense = table.toarray().astype(np.float64)
    if len(histories) >= items:
        precision = linalg.inv(dense.T @ dense + ridge * np.eye(items), overwrite_a=True)
        scale = np.diag(precision).copy()
        return Table(lambda shoppers: dense[shoppers] - (dense[shoppers] @ precision) / scale)
    half = linalg.inv(dense @ dense.T + ridge * np.eye(len(dense)), overwrite_a=True) @ dense
    scale = (1.0 - (dense * half).sum(axis=0)) / ridge
    return Table(lambda shoppers: _dual(dense, half, scale, ridge, shoppers))


def _dual(
    dense: NDArray[np.float64], half: NDArray[np.float64], scale: NDArray[np.float64], ridge: float, shoppers: Rows
) -> Scores:
    own = dense[shoppers]
    scores: Scores = own - ((own - (own @ dense.T) @ half) / ridge) / scale
    return scores


def als(histories: Histories, items: int, values: Values, seed: int) -> Recommender:
    """implicit's alternating least squares (Hu, Koren and Volinsky 2008)."""
    return Table(factor_scores(fit_als(chosen(histories, items), values, seed)))


def bpr(histories: Histories, items: int, values: Values, seed: int) -> Recommender:
    """implicit's Bayesian personalised ranking (Rendle et al. 2009)."""
    return Table(factor_scores(fit_bpr(chosen(histories, items), values, seed)))


PEERS = (
    Peer("popularity", {}, popularity),
    Peer("item_knn", {"neighbours": (20, 50, 100, 300), "shrink": (0, 10, 50)}, item_knn),
    Peer("ease", {"ridge": (10, 20, 50, 100, 200, 400, 800)}, ease),
    Peer("als", {"factors": (16, 32, 64), "regularization": (0.01, 1, 10), "alpha": (1, 10)}, als),
    Peer("bpr", {"factors": (32, 64), "learning_rate": (0.01, 0.05), "regularization": (0.001, 0.01, 0.05)}, bpr),
)


def tuned(
    peer: Peer, split: Split, items: int, seed: int, progress: Progress = lambda phase, done, of: None
) -> tuple[dict[str, float], float]:
    """(the setting with the best nDCG@10 on the split, that figure), the first of equals."""
    found: tuple[dict[str, float], float] | None = None
    settings = list(peer.settings())
    for number, values in enumerate(settings, 1):
        reached = ndcg(slates_of(split, peer.fit(split.train, items, values, seed)), split.targets)
        if found is None or reached > found[1]:
            found = values, reached
        progress(f"tuning {peer.name}", number, len(settings))
    assert found is not None
    return found


def feasible(peer: Peer, histories: Histories, items: int) -> bool:
    """False for a closed form that would not fit."""
    return peer.name != "ease" or min(len(histories), items) <= CLOSED_FORM
