"""`daogou evaluate messages`: a model reads labelled messages the way the product reads them; baselines in the same run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.language import LanguageModel
from assistant.notation import format_line
from assistant.reading import read_message
from assistant.settings import Settings
from retrieval.embedding.embedder import Embedder
from retrieval.wheels import Progress
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
    embedder: Embedder | None = None, predictions: Path | None = None, plots: Path | None = None, seed: int = 0,
    progress: Progress = lambda phase, done, of: None,
) -> dict[str, object]:
    """The figures of `evaluate messages`.

    The baselines: `untuned` reads with a few examples in its prompt under the same grammar; with `train`, logistic regression
    on TF-IDF, and on the vectors of `embedder`, tells the intents. `predictions` gets one JSON line a message, `plots` (a
    directory) the confusion of intents as PNG.
    """
    cases = read_all(model, rows, progress=lambda done, of: progress("messages", done, of))
    report = score(cases, seed=seed)
    baselines: dict[str, object] = {}
    if train and rows:
        from training.intent_baselines import intent_baselines

        baselines |= intent_baselines(train, rows, embedder, seed=seed, progress=progress)
    if untuned is not None:
        read = read_all(untuned, rows, progress=lambda done, of: progress("few-shot", done, of))
        baselines["few_shot"] = score(read, seed=seed)
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
