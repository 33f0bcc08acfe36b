"""The recipe of kinship: made-up shops of the thesaurus's kinds, asked for what they have and have not -> logistic regression."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from retrieval.embedding import Embedder
from retrieval.text import fold
from retrieval.thesaurus.kinship import FEATURES, Kinship
from retrieval.wheels import Progress

Row = Mapping[str, Mapping[str, Sequence[str]]]
_LEAST = 0.75
"""A shop asked for what another sells answers wrongly often enough; those made up here are asked for too little of that."""


@dataclass(frozen=True, slots=True)
class KindsRecipe:
    """How the made-up shops are drawn."""

    shops: int = 2_500
    shelves: int = 48
    wishes: int = 12
    """Wishes a shop, half of them for kinds that stand on its shelves, under another name, wider, narrower or beside."""
    held_back: int = 5
    """One kind in so many is only tested with, in shops of its own."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class KindsFigures:
    """On shops of the kinds held back."""

    wishes: int
    auc: float
    precision: float
    """Of the shelves offered, those that are of the kind or of a wider one."""
    recall: float


def train_kinds(
    rows: Sequence[Row], embedder: Embedder, recipe: KindsRecipe, progress: Progress | None = None
) -> tuple[Kinship, KindsFigures]:
    """Kinship in the embedder's space, and what it does for kinds it has not seen; `progress` counts the names embedded."""
    vectors = _embedded(rows, embedder, progress)
    centre = np.mean(list(vectors.values()), axis=0)
    usable = [row for row in rows if sum(map(len, row["kind"].values())) > 2]
    held_back = [row for row in usable if not _number(row) % recipe.held_back]
    learnt = [row for row in usable if _number(row) % recipe.held_back]
    blank = Kinship(embedder.name.split("/")[0], centre, np.zeros(len(FEATURES)), 0.0, _LEAST)
    features, right = _cases(learnt, vectors, blank, recipe, recipe.shops)
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(max_iter=2_000).fit(scaler.transform(features), right)
    weights = model.coef_[0] / scaler.scale_
    bias = float(model.intercept_[0] - weights @ scaler.mean_)
    kinship = Kinship(blank.embedder, centre, weights, bias, _LEAST)
    features, right = _cases(held_back, vectors, blank, recipe, recipe.shops // 4)
    scores = 1 / (1 + np.exp(-(features @ weights + bias)))
    offered = scores >= _LEAST
    figures = KindsFigures(
        len(right), float(roc_auc_score(right, scores)), float(right[offered].mean()), float(right[offered].sum() / right.sum())
    )
    return kinship, figures


def save_kinship(path: Path, kinship: Kinship, figures: KindsFigures) -> None:
    """The kinship as JSON, rounded to six digits."""
    told: dict[str, Any] = {
        "embedder": kinship.embedder, "least": kinship.least, "bias": round(kinship.bias, 6),
        "weights": {name: round(float(weight), 6) for name, weight in zip(FEATURES, kinship.weights, strict=True)},
        "held_back": {name: round(getattr(figures, name), 4) for name in ("wishes", "auc", "precision", "recall")},
        "centre": [round(float(value), 6) for value in kinship.centre],
    }
    path.write_text(json.dumps(told) + "\n", "utf-8")


def _cases(
    rows: Sequence[Row], vectors: Mapping[str, NDArray[np.float32]], kinship: Kinship, recipe: KindsRecipe, shops: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The features of the nearest shelf for each wish, and whether it is of that kind or of a wider one."""
    draw = random.Random(recipe.seed)
    features, right = [], []
    for _ in range(shops):
        stocked = draw.sample(list(rows), min(recipe.shelves, len(rows) * 2 // 3))
        labels = [(name, place) for place, row in enumerate(stocked) for name in _label(row, draw)]
        names = [name for name, _ in labels]
        held, places = np.array([vectors[name] for name in names]), np.array([place for _, place in labels])
        for wish in _wishes(rows, stocked, set(names), draw, recipe.wishes):
            nearest = kinship.nearest(wish, vectors[wish], names, held, places)
            features.append(nearest.features)
            right.append(wish in _said(stocked[nearest.shelf], ("kind", "wider", "narrower")))
    return np.array(features), np.array(right)


def _label(row: Row, draw: random.Random) -> list[str]:
    """What a shop writes on the shelf: one language, or both."""
    english, chinese = (list(map(fold, row["kind"].get(language, ()))) for language in ("en", "zh"))
    chosen = [draw.choice(names) for names in (english, chinese) if names]
    return chosen if draw.random() < 0.5 else [draw.choice(chosen)]


def _wishes(
    rows: Sequence[Row], stocked: Sequence[Row], labels: set[str], draw: random.Random, count: int
) -> Iterator[str]:
    for _ in range(count):
        row = draw.choice(rows if draw.random() < 0.5 else stocked)
        relation = "kind" if draw.random() < 0.6 else draw.choice(("wider", "narrower", "other"))
        names = sorted(_said(row, (relation,)) - labels)
        if names:
            yield draw.choice(names)


def _said(row: Row, relations: Sequence[str]) -> set[str]:
    return {fold(name) for relation in relations for names in row.get(relation, {}).values() for name in names}


def _embedded(rows: Sequence[Row], embedder: Embedder, progress: Progress | None) -> dict[str, NDArray[np.float32]]:
    names = sorted({name for row in rows for name in _said(row, ("kind", "wider", "narrower", "other")) if name})
    vectors: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(names), 256):
        part = names[start : start + 256]
        vectors |= dict(zip(part, embedder.embed(part), strict=True))
        if progress is not None:
            progress("embed", len(vectors), len(names))
    return vectors


def _number(row: Row) -> int:
    return zlib.crc32(next(iter(row["kind"].values()))[0].encode())
