"""What classic text models make of the same reviews: TF-IDF, embeddings and both, under ridge and logistic regression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.embedding.embedder import Embedder
from retrieval.wheels import Progress
from training.class_figures import Floats, Places, sentiment_of
from training.text_models import (
    Classes,
    Matrix,
    Pieces,
    Strength,
    Vectors,
    beside,
    best_alpha,
    best_strength,
    centred,
    embedded,
    grouped_folds,
    ratings_by_ridge,
    tfidf,
)
from training.text_tables import Rated, Table, TooFewRows

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model says of each review."""

    expected: Floats | None
    """Ratings, None for a binary table. Shape: (reviews,)."""
    decided: Places
    """Places in SENTIMENTS. Shape: (reviews,)."""


@dataclass(frozen=True, slots=True)
class Peers:
    """How the peers are made."""

    embedder: Embedder | None = None
    chinese: bool = False
    train: Table[Rated] | None = None
    """None: each fifth of the reviews is answered by models of the other four."""
    seed: int = 0


@dataclass(slots=True)
class _Settings:
    """Chosen by inner folds of the first fold's training rows, and kept for the others."""

    alpha: float | None = None
    strength: Strength | None = None


def review_baselines(table: Table[Rated], peers: Peers, progress: Progress = lambda phase, done, of: None) -> dict[str, Answers]:
    """The answers of `tfidf`, and with an embedder of `embedder` and `both`, to every review of `table`.

    Raises TooFewRows.
    """
    train = peers.train or table
    if peers.train is not None and peers.train.binary != table.binary:
        raise TooFewRows("found stars in one file and 0 and 1 in the other, expected one kind of rating in both")
    vectors = _vectors(peers.embedder, train.rows, progress)
    asked = vectors if peers.train is None else _vectors(peers.embedder, table.rows, progress)
    splits = list(_splits(table, peers))
    settings: dict[str, _Settings] = {}
    found: dict[str, Answers] = {}
    for number, (fit, answered) in enumerate(splits, 1):
        for name, features in _features(peers.chinese, train, table, vectors, asked, (fit, answered)):
            answers = found.setdefault(name, _unanswered(table))
            rows = [train.rows[at] for at in fit]
            _answer(answers, answered, features, rows, train.binary, settings.setdefault(name, _Settings()))
        progress("baselines", number, len(splits))
    return found


def _splits(table: Table[Rated], peers: Peers) -> Iterator[tuple[Places, Places]]:
    """(rows to learn from, rows to answer); reviews of one group, or with the same words, are not torn apart."""
    everything = np.arange(len(table.rows))
    if peers.train is not None:
        if len(peers.train.rows) < 2:
            raise TooFewRows(f"found {len(peers.train.rows)} reviews to learn from, expected at least 2 in the --train file")
        yield np.arange(len(peers.train.rows)), everything
        return
    groups = [row.group or " ".join(row.text.casefold().split()) for row in table.rows]
    labels = _sentiments(table.rows, table.binary)
    folds = min(FOLDS, len(set(groups)), int(np.bincount(labels).max()))
    if folds < 2:
        raise TooFewRows(f"found {len(labels)} reviews in {len(set(groups))} groups, too few for folds: give a --train file")
    yield from grouped_folds(labels, groups, folds, peers.seed)


def _features(
    chinese: bool, train: Table[Rated], table: Table[Rated], vectors: Vectors | None, asked: Vectors | None,
    split: tuple[Places, Places],
) -> Iterator[tuple[str, tuple[Matrix, Matrix]]]:
    """(name, features of the rows to learn from and of those to answer) of each peer."""
    fit, answered = split
    pieces: Pieces = "characters" if chinese else "words"
    words = tfidf([train.rows[at].text for at in fit], [table.rows[at].text for at in answered], pieces)
    yield "tfidf", words
    if vectors is not None and asked is not None:
        near = centred(vectors[fit], asked[answered])
        yield "embedder", near
        yield "both", (beside(words[0], near[0]), beside(words[1], near[1]))


def _answer(
    answers: Answers, answered: Places, features: tuple[Matrix, Matrix], rows: Sequence[Rated], binary: bool, settings: _Settings,
) -> None:
    """Fills in the answers of one split."""
    learnt, asked = features
    labels = _sentiments(rows, binary)
    settings.strength = settings.strength or best_strength(learnt, labels)
    answers.decided[answered] = Classes(learnt, labels, settings.strength).decide(asked)
    if answers.expected is not None:
        ratings = np.array([row.rating for row in rows])
        settings.alpha = settings.alpha or best_alpha(learnt, ratings)
        answers.expected[answered] = ratings_by_ridge(learnt, ratings, asked, settings.alpha)


def _unanswered(table: Table[Rated]) -> Answers:
    n = len(table.rows)
    return Answers(None if table.binary else np.zeros(n), np.zeros(n, dtype=np.int64))


def _sentiments(rows: Sequence[Rated], binary: bool) -> Places:
    return np.array([sentiment_of(row.rating, binary=binary) for row in rows], dtype=np.int64)


def _vectors(embedder: Embedder | None, rows: Sequence[Rated], progress: Progress) -> Vectors | None:
    return embedded(embedder, [row.text for row in rows], progress) if embedder else None
