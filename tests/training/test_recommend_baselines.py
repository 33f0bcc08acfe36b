"""The peers are what their papers say, and get their tuning."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.histories import Histories
from training.recommend_baselines import PEERS, Peer, ease, item_knn, popularity, tuned
from training.recommend_split import leave_out


def histories(shoppers: int, items: int, each: int, seed: int = 0) -> Histories:
    """Shoppers of two tastes, split at the middle of the catalogue."""
    chance = np.random.default_rng(seed)
    half = items // 2
    rows = np.concatenate([chance.permutation(half)[:each] + (number % 2) * half for number in range(shoppers)])
    starts = np.arange(0, shoppers * each + 1, each)
    ones = np.ones(len(rows), dtype=np.float32)
    return Histories(tuple(map(str, range(shoppers))), starts, rows, ones, np.arange(len(rows), dtype=float))


@pytest.mark.parametrize(("shoppers", "items"), [(12, 30), (60, 20)], ids=["fewer shoppers", "fewer items"])
def test_ease_is_its_closed_form_from_either_side(shoppers: int, items: int) -> None:
    """Both inverses give X B with B = -P / diag(P), worked out here the long way."""
    log = histories(shoppers, items, 4)
    x = np.zeros((shoppers, items))
    x[log.owners, log.rows] = 1
    precision = np.linalg.inv(x.T @ x + 7 * np.eye(items))
    weights = -precision / np.diag(precision)
    np.fill_diagonal(weights, 0)
    everybody = np.arange(shoppers)
    assert np.allclose(ease(log, items, {"ridge": 7.0}, 0).scores(everybody), x @ weights, atol=1e-8)


def test_item_knn_adds_the_cosines_of_the_history() -> None:
    """With all neighbours and no shrinking a score is a row of X times the cosines without the diagonal."""
    log = histories(20, 10, 3)
    x = np.zeros((20, 10))
    x[log.owners, log.rows] = 1
    lengths = np.linalg.norm(x, axis=0)
    cosines = (x.T @ x) / np.maximum(np.outer(lengths, lengths), 1e-9)
    np.fill_diagonal(cosines, 0)
    found = item_knn(log, 10, {"neighbours": 10, "shrink": 0}, 0).scores(np.arange(20))
    assert np.allclose(found, x @ cosines, atol=1e-6)


def test_popularity_is_the_same_for_all() -> None:
    """Everybody's scores are the counts."""
    log = histories(20, 10, 3)
    assert popularity(log, 10, {}, 0).scores(np.array([0, 5])).tolist() == [np.bincount(log.rows, minlength=10).tolist()] * 2


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_is_repeatable(peer: Peer) -> None:
    """One seed, one table of scores."""
    log = histories(30, 12, 4)
    values = next(peer.settings())
    first, second = (peer.fit(log, 12, values, 5).scores(np.arange(30)) for _ in range(2))
    assert np.array_equal(first, second)


def test_tuning_takes_the_setting_that_ranks_the_held_back_choice_best() -> None:
    """A peer that is only right under one setting gets that setting."""
    split = leave_out(histories(10, 12, 4), back=1)

    def fit(train: Histories, items: int, values: dict[str, float], seed: int) -> Knowing:
        return Knowing(split.targets, items, right=values["right"] == 1)

    setting, reached = tuned(Peer("knowing", {"right": (0.0, 1.0)}, fit), split, 12, 0)  # type: ignore[arg-type]
    assert (setting, reached) == ({"right": 1.0}, 1.0)


class Knowing:
    """Ranks the target of every shopper first, or last."""

    def __init__(self, targets: np.ndarray, items: int, right: bool) -> None:
        self.targets, self.items, self.right = targets, items, right

    def scores(self, shoppers: np.ndarray) -> np.ndarray:
        found = np.zeros((len(shoppers), self.items))
        found[np.arange(len(shoppers)), self.targets[shoppers]] = 1.0 if self.right else -1.0
        return found
