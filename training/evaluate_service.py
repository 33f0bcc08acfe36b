"""`daogou evaluate service`: questions to their intents, what is out of scope refused.

The router is trained on the given file: TF-IDF of words and of pieces of words beside the embedder's vectors, under a calibrated
logistic regression. The baselines are its two halves alone. The untuned language model is not among them: 77 intents with an
example each are a prompt of thousands of tokens, too slow on a CPU and too long for the model's window.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.embedder import Embedder
from retrieval.wheels import Progress
from training.class_figures import Floats, Places, accuracy, intervals, macro_f1
from training.intent_router import Router, fit_router
from training.text_models import Matrix, beside, centred, embedded, tfidf
from training.text_tables import OUTSIDE, Asked, TooFewRows


def _silent(phase: str, done: int, total: int | None) -> None:
    """No progress is shown."""


@dataclass(frozen=True, slots=True)
class Routed:
    """What a router says of each question."""

    likeliest: Sequence[str]
    confidence: Floats
    threshold: float
    refuses: bool
    """True where out-of-scope questions are known, so that a refusal is an answer to be judged."""

    @property
    def answers(self) -> list[str]:
        """The intents, `oos` for what is refused."""
        pairs = zip(self.likeliest, self.confidence, strict=True)
        return [OUTSIDE if self.refuses and share < self.threshold else name for name, share in pairs]


def evaluate_service(
    train: Sequence[Asked], rows: Sequence[Asked], embedder: Embedder, *, baselines: bool = False,
    predictions: Path | None = None, seed: int = 0, progress: Progress = _silent,
) -> dict[str, object]:
    """The figures of `evaluate service`.

    Where either file has out-of-scope rows, `oos` is one more intent of `accuracy` and `macro_f1`, and a refusal answers it;
    where neither has, every question gets its likeliest intent, and `oos_false_refusal` tells what the threshold would refuse.
    `in_scope_accuracy` is that of the likeliest intents, before any refusal. Raises TooFewRows.
    """
    if len(inside := {row.intent for row in train} - {OUTSIDE}) < 2:
        raise TooFewRows(f"found {len(inside)} intents in the --train file, expected at least 2 besides {OUTSIDE}")
    refuses = any(row.intent == OUTSIDE for row in (*train, *rows))
    intents = [row.intent for row in train]
    found: dict[str, Routed] = {}
    wanted = 3 if baselines else 1
    for name, (learnt, asked) in _features(train, rows, embedder, progress, baselines):
        router: Router = fit_router(learnt, intents, seed=seed)
        likeliest, confidence = router.answer(asked)
        found[name] = Routed([str(each) for each in likeliest], confidence, router.threshold, refuses)
        progress("fitting", len(found), wanted)
    report = {**figures(rows, found["both"], seed), "embedder": embedder.name, "trained_on": len(train)}
    if baselines:
        report["baselines"] = {
            "tfidf_logistic": figures(rows, found["tfidf"], seed), "embedder_logistic": figures(rows, found["embedder"], seed),
        }
    if predictions is not None:
        predictions.write_text("".join(f"{line}\n" for line in prediction_lines(rows, found["both"])), encoding="utf-8")
    return report


def _features(
    train: Sequence[Asked], rows: Sequence[Asked], embedder: Embedder, progress: Progress, halves: bool,
) -> Iterator[tuple[str, tuple[Matrix, Matrix]]]:
    """(name, features of the training rows and of the rows) of the router, and of its halves."""
    learnt, asked = [row.text for row in train], [row.text for row in rows]
    words = tfidf(learnt, asked)
    vectors = embedded(embedder, [*learnt, *asked], progress, query=True)
    near = centred(vectors[: len(learnt)], vectors[len(learnt) :])
    yield "both", (beside(words[0], near[0]), beside(words[1], near[1]))
    if halves:
        yield "tfidf", words
        yield "embedder", near


def figures(rows: Sequence[Asked], routed: Routed, seed: int = 0) -> dict[str, object]:
    """n, accuracy, macro-F1, what of the foreign is refused (None without any) and what of the rest, with intervals."""
    gold, read = _numbered([row.intent for row in rows], routed.answers)
    foreign = np.array([row.intent == OUTSIDE for row in rows], dtype=bool)
    refused = routed.confidence < routed.threshold
    likeliest = np.array([row.intent == name for row, name in zip(rows, routed.likeliest, strict=True)], dtype=bool)
    wanted: dict[str, Callable[[Places], float]] = {
        "accuracy": lambda at: accuracy(gold[at], read[at]), "macro_f1": lambda at: macro_f1(gold[at], read[at]),
        "in_scope_accuracy": lambda at: _share(likeliest[at], ~foreign[at]),
        "oos_false_refusal": lambda at: _share(refused[at], ~foreign[at]),
    }
    if foreign.any():
        wanted["oos_recall"] = lambda at: _share(refused[at], foreign[at])
    everything = np.arange(len(rows))
    told = {name: round(figure(everything), 4) if len(rows) else None for name, figure in wanted.items()}
    return {
        "n": len(rows), **{"oos_recall": None, **told}, "threshold": round(routed.threshold, 4),
        "intervals": intervals(wanted, len(rows), seed=seed),
    }


def prediction_lines(rows: Sequence[Asked], routed: Routed) -> list[str]:
    """One JSON object a question: input, gold, answer, the likeliest intent and its probability."""
    return [
        json.dumps({
            "row": row.row, "text": row.text, "gold": row.intent, "predicted": answer, "likeliest": name,
            "confidence": round(float(share), 4), "right": answer == row.intent,
        }, ensure_ascii=False)
        for row, answer, name, share in zip(rows, routed.answers, routed.likeliest, routed.confidence, strict=True)
    ]


def _numbered(gold: Sequence[str], read: Sequence[str]) -> tuple[Places, Places]:
    number = {name: place for place, name in enumerate(sorted({*gold, *read}))}
    return np.array([number[name] for name in gold], dtype=np.int64), np.array([number[name] for name in read], dtype=np.int64)


def _share(found: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    """Share of the rows in `of` that are found; 0 when there are none."""
    return float(found[of].mean()) if of.any() else 0.0
