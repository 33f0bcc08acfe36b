"""How good slates are: hits, variety, novelty, calibration, and who gets shown, with bootstrap intervals. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.class_figures import Floats, Places, intervals

SLATE = 10
_SMOOTHING = 0.01
"""What the history lends to the slate's mix, so that a category it lacks is not infinitely wrong (Steck 2018)."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What slates are held against, the same for every model."""

    chosen_by: Places
    """Shoppers who chose each item, of the training part. Shape: (items,)."""
    shoppers: int
    vectors: sparse.csr_array
    """Unit vectors of the items, for likeness: their labels, or without any the shoppers who chose them. Shape: (items, dim)."""
    alike_by: str
    """categories | shoppers: what `vectors` are made of."""
    label_shares: sparse.csr_array
    """p(label | item); no columns when nothing is known. Shape: (items, labels)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom the slates are for."""

    targets: Places
    """The item that each chose next. Shape: (n,)."""
    interests: Floats
    """p(label | history) of each. Shape: (n, labels)."""


def figures(slates: Places, asked: Asked, yardstick: Yardstick, seed: int = 0) -> dict[str, object]:
    """Every figure of `evaluate recommend` for slates of ten, -1 where one is short. Shape of `slates`: (n, 10)."""
    by_shopper = per_shopper(slates, asked, yardstick)
    told: dict[str, Callable[[Places], float]] = {
        name: lambda at, values=values: _mean(values[at]) for name, values in by_shopper.items()  # type: ignore[misc]
    }
    told["coverage10"] = lambda at: _coverage(slates[at], len(yardstick.chosen_by))
    told["gini"] = lambda at: gini(slates[at], len(yardstick.chosen_by))
    everybody = np.arange(len(slates))
    found: dict[str, object] = {name: round(figure(everybody), 4) for name, figure in told.items()}
    order = ("hr10", "ndcg10", "mrr10", "coverage10", "diversity10", "novelty10", "calibration10", "gini")
    figured = {name: found.get(name) for name in order}
    return {"users": len(slates), **figured, "intervals": intervals(told, len(slates), seed=seed)}


def per_shopper(slates: Places, asked: Asked, yardstick: Yardstick) -> dict[str, Floats]:
    """hr10, ndcg10, mrr10, diversity10, novelty10 and, with labels, calibration10 of each slate. Shape of each: (n,)."""
    place = np.argmax(slates == asked.targets[:, None], axis=1)
    hit = (slates == asked.targets[:, None]).any(axis=1)
    found = {
        "hr10": hit.astype(np.float64), "ndcg10": np.where(hit, 1 / np.log2(place + 2), 0.0),
        "mrr10": np.where(hit, 1 / (place + 1), 0.0),
        "diversity10": np.array([diversity(slate, yardstick.vectors) for slate in slates]),
        "novelty10": novelty(slates, yardstick),
    }
    if yardstick.label_shares.shape[1]:
        found["calibration10"] = calibration(slates, asked.interests, yardstick.label_shares)
    return found


def diversity(slate: Places, vectors: sparse.csr_array) -> float:
    """Mean over the pairs of a slate of 1 - cosine: 0 all alike, 1 nothing in common; 0 for fewer than two items."""
    shown = slate[slate >= 0]
    pairs = len(shown) * (len(shown) - 1)
    if not pairs:
        return 0.0
    cosines = (vectors[shown] @ vectors[shown].T).toarray()
    return float(1 - (cosines.sum() - np.trace(cosines)) / pairs)


def novelty(slates: Places, yardstick: Yardstick) -> Floats:
    """Mean of -log2(share of shoppers who chose the item), an item that nobody chose taken as chosen by one. Shape: (n,)."""
    bits = -np.log2(np.maximum(yardstick.chosen_by, 1) / max(yardstick.shoppers, 1))
    shown = slates >= 0
    sums = np.where(shown, bits[np.maximum(slates, 0)], 0.0).sum(axis=1)
    mean: Floats = sums / np.maximum(shown.sum(axis=1), 1)
    return mean


def calibration(slates: Places, interests: Floats, label_shares: sparse.csr_array) -> Floats:
    """KL(p || .99 q + .01 p) of the labels of the history p and of the slate q, in nats; 0 is the same mix. Shape: (n,).

    Steck 2018, "Calibrated recommendations".
    """
    found = np.zeros(len(slates))
    for number, (slate, wanted) in enumerate(zip(slates, interests, strict=True)):
        shown = slate[slate >= 0]
        mix = label_shares[shown].sum(axis=0) / max(len(shown), 1)
        there = wanted > 0
        mixed = (1 - _SMOOTHING) * mix[there] + _SMOOTHING * wanted[there]
        found[number] = float((wanted[there] * np.log(wanted[there] / mixed)).sum())
    return found


def gini(slates: Places, items: int) -> float:
    """How unevenly the catalogue is shown: 0 every item as often, 1 one item alone."""
    shown = np.sort(np.bincount(slates[slates >= 0], minlength=items)).astype(np.float64)
    if not shown.sum():
        return 0.0
    ranks = np.arange(1, items + 1)
    return float(((2 * ranks - items - 1) * shown).sum() / (items * shown.sum()))


def _coverage(slates: Places, items: int) -> float:
    """Share of the items that are on any slate."""
    return len(np.unique(slates[slates >= 0])) / max(items, 1)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
