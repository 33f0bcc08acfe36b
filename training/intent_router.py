"""A question to its intent, or to nobody: logistic regression with calibrated confidence and a threshold for what is foreign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from assistant.service_router import shares_of as softmax
from training.class_figures import Floats, Places
from training.text_models import Classes, Matrix, Strength
from training.text_tables import OUTSIDE

FOLDS = 3
HELD = 0.12
"""Share of the questions that a router's choices are made on, and that are not learnt."""
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


def best_temperature(scores: Floats, gold: Places, sure: float = 1.0) -> float:
    """The temperature, of 60 between 0.05 and 5, with the least `mean_loss`."""
    return float(min(_TEMPERATURES, key=lambda temperature: mean_loss(scores / temperature, gold, sure)))


def mean_loss(scores: Floats, gold: Places, sure: float = 1.0) -> float:
    """Mean cross-entropy in nats, where the gold class is given the probability `sure` and the others share the rest."""
    logs = np.log(np.maximum(softmax(scores), 1e-12))
    right = logs[np.arange(len(gold)), gold]
    others = (logs.sum(axis=1) - right) / max(1, logs.shape[1] - 1)
    return float(-(sure * right + (1 - sure) * others).mean())


def how_sure(count: int) -> float:
    """What so many questions, all answered rightly, let one believe of the next: (n + 1) / (n + 2), as in Platt 1999.

    Without it a handful of right answers would be taken for certainty.
    """
    return (count + 1) / (count + 2)


def best_threshold(inside: Floats, outside: Floats, refused: float = REFUSED) -> float:
    """The confidence below which a question is refused, by those of questions inside and outside the scope."""
    if not len(outside):
        return float(np.quantile(inside, refused))
    candidates = np.unique(np.concatenate([inside, outside, [0.0]]))
    caught = np.searchsorted(np.sort(outside), candidates) / len(outside)
    lost = np.searchsorted(np.sort(inside), candidates) / len(inside)
    return float(candidates[(caught - lost).argmax()])


def held_back(places: Places, seed: int, share: float = HELD) -> tuple[Places, Places]:
    """(rows to learn from, rows held back) of classes by number, in much the same shares; every class is learnt."""
    several = np.flatnonzero(np.bincount(places)[places] > 1)
    if not len(several):
        return np.arange(len(places)), several
    wanted = max(int(np.ceil(share * len(several))), len(np.unique(places[several])))
    learnt, held = train_test_split(several, test_size=wanted, random_state=seed, stratify=places[several])
    alone = ~np.isin(places[held], places[learnt])
    return np.concatenate([learnt, held[alone], np.setdiff1d(np.arange(len(places)), several)]), held[~alone]


def _folds(names: NDArray[np.str_], seed: int) -> Places:
    """The fold of each row, every class dealt out in turn. Shape: (rows,)."""
    mixed = np.random.default_rng(seed).permutation(len(names))
    by_class = mixed[np.argsort(names[mixed], kind="stable")]
    found = np.zeros(len(names), dtype=np.int64)
    found[by_class] = np.arange(len(names)) % min(FOLDS, len(names))
    return found
