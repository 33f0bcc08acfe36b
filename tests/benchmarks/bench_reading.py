"""Bulk reading of reviews: rows of one batch against one review at a time, the same reviews, the same model, in one process.

`DAOGOU_BENCH_REVIEWS` reviews (64) of the demo shop, ratings, aspects and quotes; `DAOGOU_HOME` holds models and shop.
"""

from __future__ import annotations

import os
import time
from typing import Any

from assistant.language.bulk import BulkModel
from assistant.review_reading import read_reviews
from ui.places import DEMO, quiet_libraries
from ui.wiring import ModelChoice, choose_model, open_shop


def run() -> list[dict[str, Any]]:
    """Reviews a second, and how many times faster the batch is."""
    quiet_libraries()
    with open_shop(DEMO) as shop:
        reviews = shop.all_reviews()
    count = int(os.environ.get("DAOGOU_BENCH_REVIEWS", "64"))
    texts = [review.text for review in reviews[:: max(1, len(reviews) // count)]][:count]
    model: Any = choose_model(ModelChoice(tasks=("review",)))
    if "review" not in model.tuned:
        return [{"name": "reading reviews", "value": "none", "unit": "no adapter reads reviews", "bar": "", "peer": ""}]
    list(read_reviews(texts[:2], model))  # what is loaded once is not counted
    halves = (texts[::2], texts[1::2])  # taken in turns, so that what else runs slows both
    spent = [(_seconds(half, model, len(half)), _seconds(half, model, 1)) for half in halves]
    together, alone = (len(texts) / sum(each) for each in zip(*spent, strict=True))
    return [
        {"name": "reviews read in a batch", "value": round(together, 2), "unit": "a second", "bar": ">= 3", "peer": ""},
        {
            "name": "the same against one at a time", "value": round(together / alone, 2), "unit": "x", "bar": "",
            "peer": f"{alone:.2f} a second",
        },
    ]


def _seconds(texts: list[str], model: BulkModel, size: int) -> float:
    started = time.perf_counter()
    for at in range(0, len(texts), size):
        list(read_reviews(texts[at : at + size], model))
    return time.perf_counter() - started
