"""How likely the shelf nearest to a kind that a shop has not is the one to look at instead: log-linear in cosines and words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.text import HAN, stems

Floats = NDArray[np.floating]
FEATURES = (
    "cosine", "centred_cosine", "margin", "deviations", "one_script", "one_head", "ends_in_shelf", "shelf_ends_in_wish",
    "shelf_inside", "wish_inside", "shared_words", "chinese", "chinese_length", "cosine_one_script", "cosine_chinese",
)
_FILE = Path(__file__).with_name("kinship.json")


@dataclass(frozen=True)
class Nearest:
    """The shelf that lies nearest to a wish, and what speaks for it."""

    shelf: int
    features: tuple[float, ...]
    """In the order of FEATURES."""


@dataclass(frozen=True)
class Kinship:
    """A logistic regression for the vectors of one embedder."""

    embedder: str
    """What the name of the embedder begins with."""
    centre: Floats
    """The mean vector of names of kinds: cosines are also taken from there. Shape: (dim,)."""
    weights: Floats
    bias: float
    least: float
    """The probability from which the shelf is offered."""

    def nearest(self, wish: str, vector: Floats, names: Sequence[str], vectors: Floats, shelves: NDArray[np.int64]) -> Nearest:
        """The shelf nearest to the wish among those named so; `shelves` has the shelf of every name, from 0 on without gaps.
        Shapes: vector (dim,), vectors (names, dim), shelves (names,)."""
        cosines, centred = vectors @ vector, _unit(vectors - self.centre) @ _unit(vector - self.centre)
        by_shelf = np.full(int(shelves.max()) + 1, -1.0)
        np.maximum.at(by_shelf, shelves, centred)
        order = np.argsort(-by_shelf)
        best, runner_up = int(order[0]), float(by_shelf[order[1]]) if len(order) > 1 else -1.0
        own = np.flatnonzero(shelves == best)
        place = int(own[np.argmax(centred[own])])
        words = np.max([shared(wish, names[int(one)]) for one in own], axis=0)
        at_place = shared(wish, names[place])
        deviations = (by_shelf[best] - by_shelf.mean()) / max(float(by_shelf.std()), 1e-6)
        told = (
            cosines[place], centred[place], by_shelf[best] - runner_up, deviations, *words, len(wish) * words[-1],
            centred[place] * at_place[0], centred[place] * at_place[-1],
        )
        return Nearest(best, tuple(float(value) for value in told))

    def probability(self, nearest: Nearest) -> float:
        """That an item of the shelf is what a good shop assistant would show instead."""
        return float(1 / (1 + np.exp(-(np.dot(self.weights, nearest.features) + self.bias))))


def shared(wish: str, name: str) -> tuple[float, ...]:
    """What the words of a wish and of a shelf have in common: the features `one_script` to `chinese`."""
    said, named = stems(wish), stems(name)
    if not said or not named:
        return (0.0,) * 8
    chinese = all(HAN.match(word) for word in said)
    if chinese != all(HAN.match(word) for word in named):
        return (0.0,) * 8
    heads = said[-1] == named[-1]
    both = set(said) & set(named)
    return tuple(map(float, (
        1, heads, len(said) > len(named) and said[-len(named) :] == named, len(named) > len(said) and named[-len(said) :] == said,
        not heads and named[-1] in said, not heads and said[-1] in named, len(both) / len(set(said) | set(named)), chinese,
    )))


@cache
def shipped_kinship() -> Kinship:
    """That of the package, learnt from its thesaurus by `daogou train kinds`."""
    told = json.loads(_FILE.read_text("utf-8"))
    return Kinship(
        told["embedder"], np.array(told["centre"], np.float32), np.array([told["weights"][name] for name in FEATURES]),
        told["bias"], told["least"],
    )


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit
