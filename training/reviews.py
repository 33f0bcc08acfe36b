"""Labelled reviews -> examples: aspects with quotes written by hand, and stars that reviewers gave."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from assistant.notation import format_review, parse_review
from assistant.prompts import review_prompt
from assistant.review_reading import ASPECTS, PLAIN, plain_review
from retrieval.schema import Review
from training.examples import DATA, BadRow, Example

REVIEWS = DATA / "reviews"


def read_labelled_reviews(path: Path, on_error: Callable[[BadRow], None]) -> Iterator[Example]:
    """The examples of a JSON Lines file with id, text and gold (the notation of a review); a bad line goes to `on_error`."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield aspects_example(str(row["id"]), str(row["text"]), str(row["gold"]))
        except KeyError as error:
            on_error(BadRow(path.name, number, f"no key {error}", "Give id, text and gold."))
        except (ValueError, TypeError) as error:
            on_error(BadRow(path.name, number, str(error), "Mend the line, or leave it out with --skip-bad."))


def aspects_example(name: str, text: str, gold: str) -> Example:
    """What is learnt of a review with its gold line. Raises ValueError for a quote that does not stand in the review."""
    rating, aspects = parse_review(gold)
    plain = plain_review(text)
    for aspect in aspects:
        if aspect.span.translate(PLAIN) not in plain:
            raise ValueError(f"the quote {aspect.span!r} does not stand in the review")
    if len(aspects) > ASPECTS:
        raise ValueError(f"found {len(aspects)} aspects, expected at most {ASPECTS}")
    line = format_review(rating, aspects)
    return Example(name, review_prompt(plain), line, stars=float(rating), sentiment=sentiment_of(rating))


def stars_example(name: str, text: str, stars: float) -> Example:
    """What is learnt of a review of which only the stars are known, 1 to 5; its aspects are left open."""
    whole = min(5, max(1, round(stars)))
    return Example(
        name, review_prompt(plain_review(text)), f"rating={whole}", stars=stars, sentiment=sentiment_of(whole), open=True,
    )


def verdict_example(name: str, text: str, positive: bool) -> Example:
    """What is learnt of a review of which only the verdict is known."""
    return Example(name, review_prompt(plain_review(text)), "rating=", sentiment=2 if positive else 0, open=True)


def stars_of(reviews: Iterable[Review]) -> Iterator[Example]:
    """The examples of a shop's reviews that have stars."""
    for review in reviews:
        if review.rating is not None and math.isfinite(review.rating) and 1 <= review.rating <= 5 and review.text.strip():
            yield stars_example(review.id, review.text, review.rating)


def sentiment_of(stars: float) -> int:
    """0 negative (1, 2), 1 neutral (3), 2 positive (4, 5)."""
    return 0 if stars < 2.5 else 2 if stars > 3.5 else 1
