"""`daogou evaluate messages`: a model reads labelled messages the way the product reads them; baselines in the same run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.language import LanguageModel
from assistant.notation import format_line
from assistant.reading import read_message
from assistant.schema import Intent
from assistant.settings import Settings
from training.examples import Labelled
from training.metrics import Case, hard_errors, score, triples

Clock = Callable[[], float]


def read_all(
    model: LanguageModel, rows: Sequence[Labelled], *, clock: Clock = time.perf_counter,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Case]:
    """Every message read by the product's own reading, timed; a failed reading counts as it would in the shop."""
    settings = Settings(read_deadline=600.0)
    cases: list[Case] = []
    for done, row in enumerate(rows, 1):
        begun = clock()
        reading, _ = read_message(
            row.message, model=model, shown=row.shown, history=row.history,
            default="zh" if row.language == "zh" else "en", settings=settings,
        )
        ms = 1000 * (clock() - begun)
        cases.append(Case(row.id, row.language, row.intent, row.signals, reading.intent, reading.signals, ms))
        progress(done, len(rows))
    return cases


def evaluate_messages(
    model: LanguageModel, rows: Sequence[Labelled], *, untuned: LanguageModel | None = None, train: Sequence[Labelled] = (),
    predictions: Path | None = None, plots: Path | None = None, seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, object]:
    """The figures of `evaluate messages`. `untuned` and `train` add the baselines: few-shot, and TF-IDF with logistic regression.

    `predictions` gets one JSON line a message, `plots` (a directory) the confusion of intents as PNG.
    """
    cases = read_all(model, rows, progress=progress)
    report = score(cases, seed=seed)
    baselines: dict[str, object] = {}
    if untuned is not None:
        baselines["few_shot"] = score(read_all(untuned, rows), seed=seed)
    if train:
        baselines["tfidf_logistic"] = intents_by_words(train, rows)
    if baselines:
        report["baselines"] = baselines
    if predictions is not None:
        predictions.write_text("".join(f"{line}\n" for line in prediction_lines(rows, cases)), encoding="utf-8")
    if plots is not None:
        from training.plots import confusion_plot

        confusion_plot(cases, plots / "confusion.png")
    return report


def prediction_lines(rows: Sequence[Labelled], cases: Sequence[Case]) -> list[str]:
    """One JSON object a message: input, gold, what was read, and where they differ."""
    lines: list[str] = []
    for row, case in zip(rows, cases, strict=True):
        gold, read = triples(case.signals), triples(case.read_signals)
        lines.append(json.dumps({
            "id": row.id, "language": row.language, "shown": row.shown, "message": row.message, "gold": row.gold,
            "predicted": format_line(case.read_intent, case.read_signals), "intent_right": case.intent == case.read_intent,
            "missed": sorted("".join(t) for t in gold - read), "extra": sorted("".join(t) for t in read - gold),
            "hard_errors": hard_errors(case).total, "ms": round(case.ms, 1),
        }, ensure_ascii=False))
    return lines


def intents_by_words(train: Sequence[Labelled], rows: Sequence[Labelled]) -> dict[str, float]:
    """Intent accuracy and macro-F1 of logistic regression on character n-grams, with whether items are shown as a word."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from training.metrics import macro_f1

    def text(row: Labelled) -> str:
        return f"{row.message.lower()} shown{min(2, len(row.shown))} history{min(1, len(row.history))}"

    model: Any = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True), LogisticRegression(C=20, max_iter=2000),
    )
    model.fit([text(row) for row in train], [row.intent for row in train])
    read: list[Intent] = list(model.predict([text(row) for row in rows]))
    gold = [row.intent for row in rows]
    right = sum(a == b for a, b in zip(gold, read, strict=True))
    return {"intent_accuracy": round(right / max(1, len(rows)), 4), "intent_macro_f1": macro_f1(gold, read)}
