"""ALS and BPR as the library `implicit` has them, on one thread so that a seed gives the same factors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

_ROUNDS_ALS, _ROUNDS_BPR = 15, 100


def fit_als(table: sparse.csr_array, values: Mapping[str, float], seed: int) -> Any:
    """The factors of ones and zeros, a choice weighing 1 + alpha. Shape of `table`: (shoppers, items)."""
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=int(values["factors"]), regularization=values["regularization"], alpha=values["alpha"],
            iterations=_ROUNDS_ALS, random_state=seed, num_threads=1,
        )
        model.fit(sparse.csr_matrix(table), show_progress=False)
    return model


def fit_bpr(table: sparse.csr_array, values: Mapping[str, float], seed: int) -> Any:
    """The factors under which chosen items beat others."""
    model = BayesianPersonalizedRanking(
        factors=int(values["factors"]), learning_rate=values["learning_rate"], regularization=values["regularization"],
        iterations=_ROUNDS_BPR, random_state=seed, num_threads=1,
    )
    model.fit(sparse.csr_matrix(table), show_progress=False)
    return model


def factor_scores(model: Any) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
    """Shoppers -> the product of their factors and the items'. Shape: (shoppers, items)."""
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return lambda shoppers: users[shoppers] @ items.T
