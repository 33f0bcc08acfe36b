"""`daogou evaluate reviews`: a model reads rated reviews the way the product reads them; baselines in the same run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.errors import ModelMissing
from assistant.language.bulk import BulkModel
from assistant.language.model import LanguageModel
from assistant.review_reading import ASPECTS, read_reviews
from assistant.schema import ReviewReading
from retrieval.wheels import Progress
from training.class_figures import SENTIMENTS, Floats, Places, accuracy, intervals, macro_f1, mae, rmse, sentiment_of
from training.review_baselines import Answers, Peers, review_baselines
from training.text_tables import Rated, Table

CHUNK = 1024
"""Reviews given to the engine at once."""
FEW_SHOT = 200
"""Reviews that the untuned model reads at most: its prompt with examples is long, and it writes a batch as slowly."""


def _silent(phase: str, done: int, total: int | None) -> None:
    """No progress is shown."""


_UNREAD = ReviewReading(3, (0.0, 0.0, 1.0, 0.0, 0.0))
"""What a review that no reading could be made of counts as."""


@dataclass(frozen=True, slots=True)
class Read:
    """The readings of all rows, in their order."""

    readings: tuple[ReviewReading, ...]
    seconds: float
    unread: int
    """Reviews that no reading could be made of; they count as neutral."""


def read_table(
    rows: Sequence[Rated], model: LanguageModel, *, aspects: int = ASPECTS, clock: Callable[[], float] = time.perf_counter,
    progress: Progress = _silent, phase: str = "reviews",
) -> Read:
    """Every review read by the product's own reading, the longest of a chunk first. Raises ModelError when the model fails."""
    begun = clock()
    found: dict[int, ReviewReading] = {}
    failed: list[int] = []
    tuned = "review" in model.tuned
    if not isinstance(model, BulkModel):
        raise ModelMissing(f"{model.name} writes one answer at a time; expected an engine with `write_all`")
    for start in range(0, len(rows), CHUNK):
        places = sorted(range(start, min(start + CHUNK, len(rows))), key=lambda at: -len(rows[at].text))
        texts = [rows[at].text for at in places]
        told = read_reviews(texts, model, aspects=aspects, tuned=tuned, on_error=lambda at, error: failed.append(at))
        for at, reading in told:
            found[places[at]] = reading
            progress(phase, len(found) + len(failed), len(rows))
    return Read(tuple(found.get(place, _UNREAD) for place in range(len(rows))), clock() - begun, len(rows) - len(found))


def evaluate_reviews(
    model: LanguageModel, table: Table[Rated], *, aspects: int = ASPECTS, untuned: LanguageModel | None = None,
    peers: Peers | None = None, predictions: Path | None = None, plots: Path | None = None, seed: int = 0,
    clock: Callable[[], float] = time.perf_counter, progress: Progress = _silent,
) -> dict[str, object]:
    """The figures of `evaluate reviews`; `untuned` and `peers` add the baselines. A model that is not tuned gets examples.

    `predictions` gets one JSON line a review, `plots` (a directory) a reliability diagram and the confusion of ratings. Raises
    TooFewRows when the peers have too little to learn from.
    """
    read = read_table(table.rows, model, aspects=aspects, clock=clock, progress=progress)
    answers = answers_of(read.readings, binary=table.binary)
    report: dict[str, object] = {
        **figures(table, answers), "quotes_verbatim": quotes_verbatim(table.rows, read.readings) if aspects else None,
        "reviews_per_second": round(len(table.rows) / read.seconds, 2) if read.seconds else 0.0,
        "binary": table.binary, "empty": table.empty, "rejected": len(table.rejected), "unread": read.unread,
        "intervals": figure_intervals(table, answers, seed),
    }
    baselines: dict[str, object] = {}
    if peers is not None:
        for name, said in review_baselines(table, peers, progress).items():
            baselines[name] = {**figures(table, said), "intervals": figure_intervals(table, said, seed)}
            if peers.embedder is not None and name != "tfidf":
                baselines[name] |= {"embedder": peers.embedder.name}  # type: ignore[operator]
    if untuned is not None:
        baselines["few_shot"] = few_shot(table, answers, untuned, seed, progress)
    if baselines:
        report["baselines"] = baselines
    if predictions is not None:
        predictions.write_text("".join(f"{line}\n" for line in prediction_lines(table, read.readings)), encoding="utf-8")
    if plots is not None:
        draw(table, read.readings, plots)
    return report


def few_shot(
    table: Table[Rated], answers: Answers, untuned: LanguageModel, seed: int, progress: Progress = _silent
) -> dict[str, object]:
    """Figures of the untuned model with examples in its prompt, on at most 200 rows; `same_rows` are the tuned model's there."""
    part = table.sample(FEW_SHOT, seed)
    read = read_table(part.rows, untuned, aspects=0, progress=progress, phase="few-shot")
    places = {row.row: place for place, row in enumerate(table.rows)}
    drawn = np.array([places[row.row] for row in part.rows], dtype=np.int64)
    same = Answers(None if answers.expected is None else answers.expected[drawn], answers.decided[drawn])
    said = answers_of(read.readings, binary=table.binary)
    return {**figures(part, said), "intervals": figure_intervals(part, said, seed), "same_rows": figures(part, same)}


def decision(reading: ReviewReading, *, binary: bool) -> tuple[int, float]:
    """(place in SENTIMENTS, its share); of a binary table negative or positive, whichever has more."""
    if binary:
        negative, _, positive = reading.sentiment
        share = max(negative, positive) / max(negative + positive, 1e-12)
        return (2 if positive >= negative else 0), share
    place = max(range(3), key=lambda at: reading.sentiment[at])
    return place, reading.sentiment[place]


def answers_of(readings: Sequence[ReviewReading], *, binary: bool) -> Answers:
    """Readings as ratings and classes."""
    decided = np.array([decision(reading, binary=binary)[0] for reading in readings], dtype=np.int64)
    return Answers(None if binary else np.array([reading.expected for reading in readings]), decided)


def figures(table: Table[Rated], answers: Answers) -> dict[str, object]:
    """n, rmse and mae (None for a binary table), accuracy and macro-F1 of the sentiment; None without rows."""
    gold, classes = _gold(table)
    if not len(gold):
        return {"n": 0, "rmse": None, "mae": None, "sentiment_accuracy": None, "sentiment_macro_f1": None}
    expected = answers.expected
    return {
        "n": len(gold),
        "rmse": None if expected is None else round(rmse(gold, expected), 4),
        "mae": None if expected is None else round(mae(gold, expected), 4),
        "sentiment_accuracy": round(accuracy(classes, answers.decided), 4),
        "sentiment_macro_f1": round(macro_f1(classes, answers.decided), 4),
    }


def figure_intervals(table: Table[Rated], answers: Answers, seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals of the figures, reviews drawn with replacement."""
    gold, classes = _gold(table)
    expected, decided = answers.expected, answers.decided
    wanted: dict[str, Callable[[Places], float]] = {
        "sentiment_accuracy": lambda at: accuracy(classes[at], decided[at]),
        "sentiment_macro_f1": lambda at: macro_f1(classes[at], decided[at]),
    }
    if expected is not None:
        found = expected
        wanted |= {"rmse": lambda at: rmse(gold[at], found[at]), "mae": lambda at: mae(gold[at], found[at])}
    return intervals(wanted, len(gold), seed=seed)


def quotes_verbatim(rows: Sequence[Rated], readings: Sequence[ReviewReading]) -> float | None:
    """Share of all quotes that stand in their review, letter for letter; None when nothing is quoted."""
    stand = [aspect.span in row.text for row, reading in zip(rows, readings, strict=True) for aspect in reading.aspects]
    return round(sum(stand) / len(stand), 4) if stand else None


def prediction_lines(table: Table[Rated], readings: Sequence[ReviewReading]) -> list[str]:
    """One JSON object a review: input, gold, what was read, and by how much it is off."""
    lines: list[str] = []
    for row, reading in zip(table.rows, readings, strict=True):
        place, share = decision(reading, binary=table.binary)
        meant = sentiment_of(row.rating, binary=table.binary)
        lines.append(json.dumps({
            "row": row.row, "text": row.text, "rating": row.rating, "expected": round(reading.expected, 4),
            "shares": [round(each, 4) for each in reading.shares], "sentiment": SENTIMENTS[meant],
            "decided": SENTIMENTS[place], "confidence": round(share, 4), "right": meant == place,
            "error": None if table.binary else round(reading.expected - row.rating, 4),
            "aspects": [{"aspect": str(aspect), "quote": aspect.span} for aspect in reading.aspects],
        }, ensure_ascii=False))
    return lines


def draw(table: Table[Rated], readings: Sequence[ReviewReading], plots: Path) -> None:
    """Writes `reliability.png` and, of ratings, `ratings.png` into the directory."""
    from training.plots import rating_confusion, reliability_plot

    decisions = [decision(reading, binary=table.binary) for reading in readings]
    gold, classes = _gold(table)
    right = np.array([place for place, _ in decisions], dtype=np.int64) == classes
    reliability_plot(np.array([share for _, share in decisions], dtype=float), right, plots / "reliability.png")
    if not table.binary:
        rating_confusion(gold, np.array([reading.rating for reading in readings], dtype=np.int64), plots / "ratings.png")


def _gold(table: Table[Rated]) -> tuple[Floats, Places]:
    """(ratings, sentiments) of the rows."""
    ratings = np.array([row.rating for row in table.rows], dtype=float)
    return ratings, np.array([sentiment_of(each, binary=table.binary) for each in ratings], dtype=np.int64)
