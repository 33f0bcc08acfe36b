"""Labelled reviews as examples, and what a rating costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from assistant.language.constraint import matches
from assistant.review_reading import plain_review, review_grammar
from retrieval.schema import Review
from training.reviews import REVIEWS, read_labelled_reviews, stars_of
from training.trainer import IGNORED, Stars


@pytest.mark.parametrize("path", sorted(REVIEWS.glob("??.jsonl")), ids=lambda path: path.stem)
def test_every_shipped_line_can_be_written(path: Path) -> None:
    """The grammar of a review allows its gold line, so nothing is taught that can't be written."""
    examples = {example.id: example for example in read_labelled_reviews(path, pytest.fail)}
    for line in path.read_text("utf-8").splitlines()[::5]:
        row = json.loads(line)
        assert matches(review_grammar(plain_review(row["text"])), examples[row["id"]].target), row["id"]


def test_only_reviews_with_stars_are_taken() -> None:
    """A shop's reviews are labelled by their stars; those without, or out of range, are none."""
    reviews = [Review("a", "x", "Lovely", 5), Review("b", "x", "Hm"), Review("c", "x", "Bad", 9), Review("d", "x", " ", 1)]
    found = list(stars_of(reviews))
    assert [(each.id, each.target, each.sentiment, each.open) for each in found] == [("a", "rating=5", 2, True)]


def test_the_terms_of_a_rating() -> None:
    """A certain and right rating costs nothing, a wrong one its square and its surprise; what is not given costs nothing."""
    terms = Stars((1, 2, 3, 4, 5), rating_weight=1.0, sentiment_weight=0.0)
    sure = torch.tensor([[50.0, 0.0, 0.0, 0.0, 0.0]])
    none = torch.tensor([IGNORED])
    assert terms.loss(sure, torch.tensor([1.0]), none) == pytest.approx(0.0, abs=1e-6)
    assert terms.loss(sure, torch.tensor([4.0]), none) == pytest.approx(9.0, abs=1e-4)
    assert terms.loss(sure, torch.tensor([float("nan")]), none) == 0.0
    feelings = Stars((1, 2, 3, 4, 5), rating_weight=0.0, sentiment_weight=1.0)
    assert feelings.loss(sure, torch.tensor([float("nan")]), torch.tensor([0])) == pytest.approx(0.0, abs=1e-6)
    assert feelings.loss(sure, torch.tensor([float("nan")]), torch.tensor([2])) > 10
