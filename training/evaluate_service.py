"""`daogou evaluate service`: questions to their intents, what is out of scope refused.

A router that was trained before (`daogou train service`) is measured as it lies in its folder. Without one, one is fitted to the
given file: TF-IDF of words and of pieces of words beside the embedder's vectors, under a calibrated logistic regression; its
baselines are its two halves alone. The untuned language model is not among them: 77 intents with an example each are a prompt of
thousands of tokens, too slow on a CPU and too long for the model's window.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from assistant.service_router import Judged
from retrieval.embedding.embedder import Embedder
from retrieval.wheels import Progress
from training.class_figures import Floats, Places, accuracy, intervals, macro_f1, reliability
from training.intent_router import fit_router
from training.text_models import Matrix, beside, centred, embedded, tfidf
from training.text_tables import OUTSIDE, Asked, TooFewRows

BINS = 15
"""Of the expected calibration error, equally wide (Guo et al. 2017)."""
_TIMED = 50
"""Questions that are routed one by one, to tell how long one takes."""
_BATCH = 64
_REPORTED = ("oos_recall", "oos_auroc")
"""Figures that are None where no question is out of scope."""


def _silent(phase: str, done: int, total: int | None) -> None:
    """No progress is shown."""


class Router(Protocol):
    """What a trained router gives, by vectors (`assistant.service_router`) or by likelihoods (`training.intent_likelihood`)."""

    @property
    def intents(self) -> Sequence[str]:
        """In the order of the probabilities."""

    @property
    def threshold(self) -> float:
        """A question whose sureness is below it is refused."""

    def judge(self, questions: Sequence[str]) -> Judged:
        """Probabilities and sureness of each question."""


@dataclass(frozen=True, slots=True)
class Routed:
    """What a router says of each question."""

    likeliest: Sequence[str]
    confidence: Floats
    sureness: Floats
    """What is compared with the threshold: the confidence, or what tells better what is out of scope."""
    threshold: float
    refuses: bool
    """True where out-of-scope questions are known, so that a refusal is an answer to be judged."""

    @property
    def answers(self) -> list[str]:
        """The intents, `oos` for what is refused."""
        pairs = zip(self.likeliest, self.sureness, strict=True)
        return [OUTSIDE if self.refuses and sure < self.threshold else name for name, sure in pairs]


def evaluate_service(
    train: Sequence[Asked], rows: Sequence[Asked], embedder: Embedder, *, baselines: bool = False,
    predictions: Path | None = None, plots: Path | None = None, seed: int = 0, progress: Progress = _silent,
) -> dict[str, object]:
    """The figures of a router that is fitted to `train`.

    Where either file has out-of-scope rows, `oos` is one more intent of `accuracy` and `macro_f1`, and a refusal answers it;
    where neither has, every question gets its likeliest intent, and `oos_false_refusal` tells what the threshold would refuse.
    `in_scope_accuracy` is that of the likeliest intents, before any refusal; `ece` the expected calibration error of their
    probabilities, of questions in scope; `oos_auroc` how well confidence tells these from the foreign. Raises TooFewRows.
    """
    if len(inside := {row.intent for row in train} - {OUTSIDE}) < 2:
        raise TooFewRows(f"found {len(inside)} intents in the --train file, expected at least 2 besides {OUTSIDE}")
    refuses = any(row.intent == OUTSIDE for row in (*train, *rows))
    intents = [row.intent for row in train]
    found: dict[str, Routed] = {}
    wanted = 3 if baselines else 1
    for name, (learnt, asked) in _features(train, rows, embedder, progress, baselines):
        router = fit_router(learnt, intents, seed=seed)
        likeliest, confidence = router.answer(asked)
        found[name] = Routed([str(each) for each in likeliest], confidence, confidence, router.threshold, refuses)
        progress("fitting", len(found), wanted)
    report = {**figures(rows, found["both"], seed), "embedder": embedder.name, "trained_on": len(train)}
    if baselines:
        report["baselines"] = {
            "tfidf_logistic": figures(rows, found["tfidf"], seed), "embedder_logistic": figures(rows, found["embedder"], seed),
        }
    _record(rows, found["both"], predictions, plots)
    return report


def evaluate_router(
    router: Router, rows: Sequence[Asked], *, predictions: Path | None = None, plots: Path | None = None, seed: int = 0,
    progress: Progress = _silent, clock: Callable[[], float] = time.perf_counter,
) -> dict[str, object]:
    """The same figures of a trained router, and `ms_a_question`, the median of questions routed one by one."""
    texts = [row.text for row in rows]
    parts = []
    for start in range(0, len(texts), _BATCH):
        parts.append(router.judge(texts[start : start + _BATCH]))
        progress("routing", min(start + _BATCH, len(texts)), len(texts))
    shares = np.concatenate([part.shares for part in parts])
    taken = []
    for text in texts[:_TIMED]:
        started = clock()
        router.judge([text])
        taken.append((clock() - started) * 1000)
    routed = Routed(
        [router.intents[best] for best in shares.argmax(axis=1)], shares.max(axis=1),
        np.concatenate([part.sureness for part in parts]), router.threshold, any(row.intent == OUTSIDE for row in rows),
    )
    _record(rows, routed, predictions, plots)
    return {**figures(rows, routed, seed), "ms_a_question": round(median(taken), 1)}


def _record(rows: Sequence[Asked], routed: Routed, predictions: Path | None, plots: Path | None) -> None:
    """Writes a line a question, and `reliability.png` into the directory of plots."""
    if predictions is not None:
        predictions.write_text("".join(f"{line}\n" for line in prediction_lines(rows, routed)), encoding="utf-8")
    if plots is not None:
        from training.plots import reliability_plot

        inside = np.array([row.intent != OUTSIDE for row in rows], dtype=bool)
        reliability_plot(routed.confidence[inside], _right(rows, routed)[inside], plots / "reliability.png", BINS)


def _right(rows: Sequence[Asked], routed: Routed) -> NDArray[np.bool_]:
    """Whether the likeliest intent is the question's. Shape: (rows,)."""
    return np.array([row.intent == name for row, name in zip(rows, routed.likeliest, strict=True)], dtype=bool)


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
    refused, likeliest = routed.sureness < routed.threshold, _right(rows, routed)
    wanted: dict[str, Callable[[Places], float]] = {
        "accuracy": lambda at: accuracy(gold[at], read[at]), "macro_f1": lambda at: macro_f1(gold[at], read[at]),
        "in_scope_accuracy": lambda at: _share(likeliest[at], ~foreign[at]),
        "oos_false_refusal": lambda at: _share(refused[at], ~foreign[at]),
        "ece": lambda at: reliability(routed.confidence[at][~foreign[at]], likeliest[at][~foreign[at]], BINS)[1],
    }
    if foreign.any():
        wanted["oos_recall"] = lambda at: _share(refused[at], foreign[at])
        wanted["oos_auroc"] = lambda at: told_apart(~foreign[at], routed.sureness[at])
    everything = np.arange(len(rows))
    told = {name: round(figure(everything), 4) if len(rows) else None for name, figure in wanted.items()}
    return {
        "n": len(rows), **dict.fromkeys(_REPORTED), **told, "threshold": round(routed.threshold, 4),
        "intervals": intervals(wanted, len(rows), seed=seed),
    }


def told_apart(inside: NDArray[np.bool_], sureness: Floats) -> float:
    """Area under the ROC curve of sureness, for what is inside against the rest; 1/2 when one of them is empty."""
    return float(roc_auc_score(inside, sureness)) if inside.any() and not inside.all() else 0.5


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
