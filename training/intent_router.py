"""A question to its intent, or to nobody: logistic regression with calibrated confidence and a threshold for what is foreign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.class_figures import Floats, Places
from training.text_models import Classes, Matrix, Strength
from training.text_tables import OUTSIDE

FOLDS = 3
REFUSED = 0.02
"""Share of in-scope questions that may be refused where no out-of-scope ones are there to choose the threshold by."""
_TEMPERATURES = np.geomspace(0.05, 5.0, 60)
_NEVER = -1e9
"""Score of a class that a fold has not seen."""


@dataclass(frozen=True, slots=True)
class Router:
    """A fitted model with what was learnt on held-out folds."""

    classes: Classes
    temperature: float
    """Scores are divided by it before they become probabilities."""
    threshold: float
    """0 to 1: a question whose likeliest intent has less is out of scope."""

    def answer(self, features: Matrix) -> tuple[NDArray[np.str_], Floats]:
        """(likeliest intent, its probability) of each question. Shape of both: (questions,)."""
        shares = softmax(self.classes.scores(features) / self.temperature)
        return np.asarray(self.classes.names[shares.argmax(axis=1)], dtype=np.str_), shares.max(axis=1)


def fit_router(features: Matrix, intents: Sequence[str], strength: Strength | None = None, *, seed: int = 0) -> Router:
    """The router of labelled questions; those of the intent `oos` only choose the threshold.

    The temperature gives the held-out folds their highest likelihood. The threshold gives them the highest (share of foreign
    questions refused - share of others refused), or without foreign questions refuses 2 % of the others.
    """
    strength = strength or Strength()
    names = np.asarray(intents)
    inside = np.flatnonzero(names != OUTSIDE)
    known = np.unique(names[inside])
    scores = np.full((len(names), len(known)), _NEVER)
    folds = _folds(names, seed)
    for fold in range(folds.max() + 1):
        held = np.flatnonzero(folds == fold)
        learnt = inside[folds[inside] != fold]
        if len(learnt):
            model = Classes(features[learnt], names[learnt], strength)
            scores[np.ix_(held, np.searchsorted(known, model.names))] = model.scores(features[held])
    gold = np.searchsorted(known, names[inside])
    temperature = best_temperature(scores[inside], gold)
    confidence = softmax(scores / temperature).max(axis=1)
    threshold = best_threshold(confidence[inside], confidence[names == OUTSIDE])
    return Router(Classes(features[inside], names[inside], strength), temperature, threshold)


def best_temperature(scores: Floats, gold: Places) -> float:
    """The temperature, of 60 between 0.05 and 5, with the least mean negative log-likelihood of the gold classes."""

    def loss(temperature: float) -> float:
        shares = softmax(scores / temperature)[np.arange(len(gold)), gold]
        return float(-np.log(np.maximum(shares, 1e-12)).mean())

    return float(min(_TEMPERATURES, key=loss))


def best_threshold(inside: Floats, outside: Floats, refused: float = REFUSED) -> float:
    """The confidence below which a question is refused, by those of questions inside and outside the scope."""
    if not len(outside):
        return float(np.quantile(inside, refused))
    candidates = np.unique(np.concatenate([inside, outside, [0.0]]))
    caught = np.searchsorted(np.sort(outside), candidates) / len(outside)
    lost = np.searchsorted(np.sort(inside), candidates) / len(inside)
    return float(candidates[(caught - lost).argmax()])


def softmax(scores: Floats) -> Floats:
    """Probabilities of each row. Shape: (rows, classes)."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = weights / weights.sum(axis=1, keepdims=True)
    return found


def _folds(names: NDArray[np.str_], seed: int) -> Places:
    """The fold of each row, every class dealt out in turn. Shape: (rows,)."""
    mixed = np.random.default_rng(seed).permutation(len(names))
    by_class = mixed[np.argsort(names[mixed], kind="stable")]
    folds = np.zeros(len(names), dtype=np.int64)
    folds[by_class] = np.arange(len(names)) % min(FOLDS, len(names))
    return folds
