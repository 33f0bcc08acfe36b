"""Who is asked what: the last choice of every history held back, by time; or shoppers and items that a model never saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.histories import Histories, Rows
from training.recommend_figures import SLATE

Scores = NDArray[np.floating]
_BLOCK = 64
"""Shoppers scored at once."""


class Recommender(Protocol):
    """A fitted model: the seam between ours, its peers and the measurement."""

    def scores(self, shoppers: Rows) -> Scores:
        """How much every item suits each of the shoppers, higher is better. Shape: (len(shoppers), items)."""


Fit = Callable[[Histories], Recommender]
"""Training histories -> a model of their shoppers."""


@dataclass(frozen=True, slots=True)
class Split:
    """A training part and what came next."""

    train: Histories
    """Every shopper, without what is held back."""
    shoppers: Rows
    """Histories that are asked. Shape: (n,)."""
    targets: Rows
    """The item that each chose next. Shape: (n,)."""


def leave_out(histories: Histories, back: int = 0) -> Split:
    """The `back`-th newest choice of every history is asked, and only what came before it is learnt; 0 asks the last.

    `back` = 1 is for tuning: nothing of the last choices takes part in it. A history too short to leave anything to learn from is
    not asked, and learnt from as it is at `back` 0 only.
    """
    age = histories.age
    train = histories.kept(age > back)
    asked = np.flatnonzero(np.diff(train.starts) > 0)
    targets = histories.rows[histories.starts[asked + 1] - 1 - back]
    if back == 0:
        single = np.diff(histories.starts) == 1
        train = histories.kept((age > 0) | single[histories.owners])
    return Split(train, asked, targets)


def unseen(split: Split, model: Recommender) -> Iterator[tuple[Rows, Scores]]:
    """(positions in `split.shoppers`, their scores, -inf for items of their history), some shoppers at a time."""
    for start in range(0, len(split.shoppers), _BLOCK):
        places = np.arange(start, min(start + _BLOCK, len(split.shoppers)))
        shoppers = split.shoppers[places]
        scores = np.array(model.scores(shoppers), dtype=np.float64)
        for row, shopper in zip(scores, shoppers, strict=True):
            row[split.train.rows[split.train.starts[shopper] : split.train.starts[shopper + 1]]] = -np.inf
        yield places, scores


def best(scores: Scores, most: int = SLATE) -> Rows:
    """The `most` best items of each row, equals by their order in the catalogue; -1 where too few are left. Shape: (n, most)."""
    found = np.full((len(scores), most), -1, dtype=np.int64)
    least = -np.partition(-scores, most - 1, axis=1)[:, most - 1] if most < scores.shape[1] else np.full(len(scores), -np.inf)
    for slate, row, bound in zip(found, scores, least, strict=True):
        able = np.flatnonzero((row >= bound) & np.isfinite(row))
        able = able[np.argsort(-row[able], kind="stable")[:most]]
        slate[: len(able)] = able
    return found


def slates_of(split: Split, model: Recommender, most: int = SLATE) -> Rows:
    """The slate of every shopper that is asked, by score alone. Shape: (n, most)."""
    found = [best(scores, most) for _, scores in unseen(split, model)]
    return np.concatenate(found) if found else np.zeros((0, most), dtype=np.int64)


def ndcg(slates: Rows, targets: Rows) -> float:
    """nDCG@10 of slates with one right item each: what every model is tuned by."""
    rows, places = np.nonzero(slates == targets[:, None])
    return float((1 / np.log2(places + 2)).sum() / max(len(slates), 1)) if len(rows) else 0.0
