"""The classic peers: TF-IDF and embeddings under ridge and logistic regression (scikit-learn)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

from retrieval.embedding.embedder import Embedder
from retrieval.wheels import Progress
from training.class_figures import Floats, Places, macro_f1, rmse

Vectors = NDArray[np.float32]
Matrix = Any
"""Features, sparse or dense. Shape: (rows, features)."""
Pieces = Literal["words", "characters", "both"]
_ALPHAS = (0.3, 1.0, 3.0, 10.0)
BATCH = 256
"""Texts embedded between two looks at the progress."""
_MOST = 20_000
"""Pieces of words kept, the commonest first: with 150 classes each costs the solver 24 kB."""
_SEARCHED = 4000
"""Rows that a setting is chosen on at most; the models are fitted on all."""


@dataclass(frozen=True, slots=True)
class Strength:
    """How a logistic regression is fitted."""

    c: float = 8.0
    """Inverse of the regularisation."""
    balanced: bool = False
    """Rare classes weigh as much as common ones."""


STRENGTHS = tuple(Strength(c, balanced) for c in (2.0, 16.0) for balanced in (False, True))


def tfidf(train: Sequence[str], test: Sequence[str], pieces: Pieces = "both") -> tuple[Matrix, Matrix]:
    """Features of both, fitted on the first: pairs of words, pieces of words of up to 5 characters (3 for `characters`), or both.

    `characters` is for Chinese, which puts no spaces between words.
    """
    least = 2 if len(train) > 1000 else 1
    shared: dict[str, Any] = {"min_df": least, "sublinear_tf": True, "dtype": np.float32}
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", max_features=_MOST * 2, **shared)
    parts = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), max_features=_MOST, **shared)
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), max_features=_MOST * 2, **shared)
    chosen = {"words": [words], "characters": [characters], "both": [words, parts]}[pieces]
    return beside(*(each.fit_transform(train) for each in chosen)), beside(*(each.transform(test) for each in chosen))


def beside(*features: Matrix) -> Matrix:
    """Features of the same rows side by side; sparse when one of them is."""
    if len(features) == 1:
        return features[0]
    return hstack([csr_matrix(each) for each in features], format="csr")


def centred(train: Vectors, test: Vectors) -> tuple[Vectors, Vectors]:
    """Both as unit vectors around the middle of the first: the vectors of some embedders all lie close together."""
    middle = train.mean(axis=0)

    def unit(vectors: Vectors) -> Vectors:
        moved = vectors - middle
        lengths: Vectors = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)

    return unit(train), unit(test)


def embedded(embedder: Embedder, texts: Sequence[str], progress: Progress, *, query: bool = False) -> Vectors:
    """Vectors of texts. Shape: (texts, dim)."""
    parts: list[Vectors] = []
    for start in range(0, len(texts), BATCH):
        parts.append(embedder.embed(texts[start : start + BATCH], query=query))
        progress("embedding", min(start + BATCH, len(texts)), len(texts))
    return np.concatenate(parts) if parts else np.zeros((0, embedder.dimension), dtype=np.float32)


def ratings_by_ridge(train: Matrix, ratings: Floats, test: Matrix, alpha: float) -> Floats:
    """Ratings of the test rows, within the range of the training ratings. Shape: (test rows,)."""
    found = Ridge(alpha=alpha, solver="lsqr" if hasattr(train, "tocsr") else "auto").fit(train, ratings).predict(test)
    return np.asarray(np.clip(found, ratings.min(), ratings.max()), dtype=np.float64)


def best_alpha(features: Matrix, ratings: Floats, seed: int = 0) -> float:
    """The alpha with the least error in 3 folds of (at most 4,000 of) the rows."""
    rows = _some(len(ratings), seed)
    if len(rows) < 30:
        return 1.0
    folds = list(KFold(3, shuffle=True, random_state=seed).split(rows))

    def error(alpha: float) -> float:
        errors = []
        for fit, check in ((rows[fit], rows[check]) for fit, check in folds):
            errors.append(rmse(ratings[check], ratings_by_ridge(features[fit], ratings[fit], features[check], alpha)))
        return float(np.mean(errors))

    return min(_ALPHAS, key=error)


class Classes:
    """A fitted logistic regression; a single class is always answered."""

    def __init__(self, features: Matrix, labels: Sequence[str] | Places, strength: Strength) -> None:
        names, places = np.unique(np.asarray(labels), return_inverse=True)
        self.names = names
        """The classes in the order of the scores. Shape: (classes,)."""
        self._model: LogisticRegression | None = None
        if len(names) > 1:
            weights = "balanced" if strength.balanced else None
            model = LogisticRegression(C=strength.c, class_weight=weights, max_iter=200, tol=1e-3)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # what is left to gain is nothing
                self._model = model.fit(features, places)

    def scores(self, features: Matrix) -> Floats:
        """Log-probabilities before normalisation. Shape: (rows, classes)."""
        if self._model is None:
            return np.zeros((features.shape[0], 1))
        found = np.asarray(self._model.decision_function(features), dtype=float)
        return found if found.ndim == 2 else np.column_stack([np.zeros(len(found)), found])

    def linear(self) -> tuple[Floats, Floats]:
        """Weights, of shape (classes, features), and biases, of shape (classes,), that give the scores of dense features.

        Raises ValueError when there is but one class.
        """
        if self._model is None:
            raise ValueError("found a single class, expected at least two")
        weights, bias = np.asarray(self._model.coef_, dtype=float), np.asarray(self._model.intercept_, dtype=float)
        if len(weights) == len(self.names):
            return weights, bias
        return np.vstack([np.zeros_like(weights), weights]), np.append(np.zeros_like(bias), bias)

    def decide(self, features: Matrix) -> NDArray[Any]:
        """The likeliest class of each row. Shape: (rows,)."""
        found: NDArray[Any] = self.names[self.scores(features).argmax(axis=1)]
        return found


def best_strength(features: Matrix, labels: Sequence[str] | Places, seed: int = 0) -> Strength:
    """The strength with the best macro-F1 in 3 folds of (at most 4,000 of) the rows; a default where classes are too small."""
    places = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
    rows = _some(len(places), seed)
    counts = np.bincount(places[rows])
    if counts[counts > 0].min() < 3 or np.count_nonzero(counts) < 2:
        return Strength()
    folds = list(StratifiedKFold(3, shuffle=True, random_state=seed).split(rows, places[rows]))

    def figure(strength: Strength) -> float:
        figures = []
        for fit, check in ((rows[fit], rows[check]) for fit, check in folds):
            read = Classes(features[fit], places[fit], strength).decide(features[check])
            figures.append(macro_f1(places[check], read))
        return float(np.mean(figures))

    return max(STRENGTHS, key=figure)


def grouped_folds(labels: Places, groups: Sequence[str], folds: int, seed: int) -> Iterator[tuple[Places, Places]]:
    """(places to learn from, places to answer) of each fold; a group is in one fold, classes are spread alike."""
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a class has fewer rows than there are folds
        yield from split.split(np.zeros(len(labels)), labels, np.asarray(groups))


def _some(n: int, seed: int) -> Places:
    if n <= _SEARCHED:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, _SEARCHED, replace=False))
