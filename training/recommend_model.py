"""Our recommender as `evaluate recommend` measures it: the collaborative score, and the product's balance over its best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from retrieval.balance import Contender, balance
from retrieval.collaborative import Collaborative
from retrieval.histories import Histories, Rows
from retrieval.part_weights import fit_histories
from retrieval.sliders import BalanceSettings
from training.recommend_figures import SLATE, Yardstick, diversity
from training.recommend_split import Scores, Split, best, ndcg, slates_of, unseen
from training.recommend_tables import Measured
from training.recommend_words import content_of

SLIDERS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Values of the diversity slider that are tried."""
VARIETY = 1.1
"""How many times as varied as the slates of what most shoppers chose ours are to be."""
KEPT, BARELY = 0.6, 0.97
"""Shares of the best nDCG@10 that may not be given up: where VARIETY can be reached, and where it can't."""
_ENOUGH = 300
"""Shoppers on whom the slider is chosen."""
_POOL = 100
"""Items that a slate is balanced from."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The collaborative model over the histories that it was fitted on."""

    model: Collaborative
    train: Histories

    def scores(self, shoppers: Rows) -> Scores:
        """Shape: (len(shoppers), items)."""
        return np.stack([self._of(int(shopper)) for shopper in shoppers])

    def _of(self, shopper: int) -> Scores:
        return self.model.affinity(*self.train.of(shopper), at=self.train.newest(shopper)).scores


def fit_ours(measured: Measured, train: Histories, seed: int = 0) -> Ours:
    """Fitted on the training part: its companions, its words and the weights of its parts."""
    return Ours(fit_histories(measured.ids, train, content_of(measured, train, seed), seed=seed), train)


@dataclass(frozen=True, slots=True)
class Pools:
    """The best of every shopper that is asked, from which slates of any slider are made."""

    ids: Sequence[str]
    rows: Rows
    """Shape: (n, pool), -1 where too few are left."""
    scores: Scores
    """Shape: (n, pool)."""
    vectors: sparse.csr_array

    def slates(self, diversity: float) -> Rows:
        """Slates of ten under the slider; 0 is the order by score. Shape: (n, 10)."""
        if diversity == 0:
            return self.rows[:, :SLATE]
        return np.stack([self._slate(row, scores, diversity) for row, scores in zip(self.rows, self.scores, strict=True)])

    def _slate(self, rows: Rows, scores: Scores, diversity: float) -> Rows:
        there = rows >= 0
        rows, scores = rows[there], scores[there]
        vectors = self.vectors[rows]
        dense = vectors[:, np.unique(vectors.indices)].toarray().astype(np.float32)
        contenders = [Contender(self.ids[row], float(score)) for row, score in zip(rows, scores, strict=True)]
        settings = BalanceSettings(
            diversity=diversity, price_spread=0.0, brand_share=1.0, category_share=1.0, category_balance=0.0, exploration=0.0,
        )
        slate = np.full(SLATE, -1, dtype=np.int64)
        slots = balance(contenders, dense, SLATE, settings=settings)
        slate[: len(slots)] = [rows[slot.place] for slot in slots]
        return slate


def pools_of(split: Split, ours: Ours, vectors: sparse.csr_array) -> Pools:
    """The pools of the split's shoppers."""
    rows, scores = [], []
    for _, found in unseen(split, ours):
        most = best(found, _POOL)
        rows.append(most)
        scores.append(np.take_along_axis(found, np.maximum(most, 0), axis=1))
    return Pools(ours.model.ids, np.concatenate(rows), np.concatenate(scores), vectors)


def chosen_slider(tuning: Split, ours: Ours, yardstick: Yardstick) -> float:
    """The least slider whose slates reach VARIETY at KEPT of the best nDCG@10, else the greatest that keeps BARELY of it."""
    split = replace(tuning, shoppers=tuning.shoppers[:_ENOUGH], targets=tuning.targets[:_ENOUGH])
    wanted = VARIETY * _varied(slates_of(split, Popular(yardstick.chosen_by)), yardstick)
    pools = pools_of(split, ours, yardstick.vectors)
    reached: dict[float, float] = {}
    for slider in SLIDERS:
        slates = pools.slates(slider)
        reached[slider] = ndcg(slates, split.targets)
        if reached[slider] < KEPT * max(reached.values()):
            break
        if _varied(slates, yardstick) >= wanted:
            return slider
    return max(slider for slider, figure in reached.items() if figure >= BARELY * max(reached.values()))


@dataclass(frozen=True, slots=True)
class Popular:
    """Everybody is scored what was chosen most."""

    chosen_by: NDArray[np.int64]

    def scores(self, shoppers: Rows) -> Scores:
        """Shape: (len(shoppers), items)."""
        return np.tile(self.chosen_by.astype(np.float64), (len(shoppers), 1))


def _varied(slates: Rows, yardstick: Yardstick) -> float:
    return float(np.mean([diversity(slate, yardstick.vectors) for slate in slates]))
