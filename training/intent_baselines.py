"""What classic text models make of the intents of the same messages; of signals they can tell nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from retrieval.embedding.embedder import Embedder
from retrieval.wheels import Progress
from training.class_figures import Places, accuracy, intervals, macro_f1
from training.examples import Labelled
from training.text_models import Classes, Matrix, Vectors, beside, best_strength, centred, embedded, tfidf


def intent_baselines(
    train: Sequence[Labelled], rows: Sequence[Labelled], embedder: Embedder | None = None, *, seed: int = 0,
    progress: Progress = lambda phase, done, of: None,
) -> dict[str, object]:
    """Figures of `tfidf_logistic`, and with an embedder of `embedder_logistic`, both also told what is on the screen."""
    words = tfidf([_words(row) for row in train], [_words(row) for row in rows])
    found: dict[str, object] = {"tfidf_logistic": _figures(train, rows, words, seed)}
    if embedder is not None:
        vectors = embedded(embedder, [row.message for row in (*train, *rows)], progress, query=True)
        near = centred(vectors[: len(train)], vectors[len(train) :])
        features = beside(near[0], _screen(train)), beside(near[1], _screen(rows))
        found["embedder_logistic"] = {**_figures(train, rows, features, seed), "embedder": embedder.name}
    return found


def _words(row: Labelled) -> str:
    """The message with the screen and the history as words of their own."""
    return f"{row.message.lower()} shown{min(2, len(row.shown))} history{min(1, len(row.history))}"


def _screen(rows: Sequence[Labelled]) -> Vectors:
    """Whether one, or more than one, item is shown, and whether there is a history. Shape: (rows, 3)."""
    found = [(len(row.shown) == 1, len(row.shown) > 1, bool(row.history)) for row in rows]
    return np.array(found, dtype=np.float32).reshape(-1, 3)


def _figures(
    train: Sequence[Labelled], rows: Sequence[Labelled], features: tuple[Matrix, Matrix], seed: int
) -> dict[str, object]:
    """Accuracy and macro-F1 of the intents, by language too, with intervals."""
    intents = sorted({row.intent for row in (*train, *rows)})
    number = {intent: place for place, intent in enumerate(intents)}
    labels = np.array([number[row.intent] for row in train], dtype=np.int64)
    read = Classes(features[0], labels, best_strength(features[0], labels, seed)).decide(features[1])
    gold = np.array([number[row.intent] for row in rows], dtype=np.int64)
    wanted: dict[str, Callable[[Places], float]] = {
        "intent_accuracy": lambda at: accuracy(gold[at], read[at]), "intent_macro_f1": lambda at: macro_f1(gold[at], read[at]),
    }

    def told(at: Places) -> dict[str, object]:
        return {"n": len(at), **{name: round(figure(at), 4) for name, figure in wanted.items()}}

    languages = np.array([row.language for row in rows])
    by_language = {str(name): told(np.flatnonzero(languages == name)) for name in np.unique(languages)}
    return {**told(np.arange(len(rows))), "by_language": by_language, "intervals": intervals(wanted, len(rows), seed=seed)}
