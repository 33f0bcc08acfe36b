"""Public files come in whole. `DAOGOU_DATA` names the directory that holds them; without it these tests are skipped."""

import os
from pathlib import Path

import pytest

from retrieval.feeds import read_catalog, read_interactions, read_reviews

DATA = os.environ.get("DAOGOU_DATA")
pytestmark = pytest.mark.skipif(DATA is None, reason="DAOGOU_DATA names no directory with the public data sets")


def found(name: str) -> Path:
    path = Path(DATA or "", name)
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


@pytest.mark.parametrize(
    ("name", "items", "rejected", "options"),
    [
        ("amazon_gift_cards/meta_Gift_Cards.json.gz", 1543, 4, {}),  # four prices are scraped style sheets
        ("amazon_catalogue_24k/data_0_1_0.json.gz", 24575, 1, {}),  # one has no title
        ("home_depot_search/products.csv.gz", 54667, 0, {}),
        ("uk_used_cars/hyundai.csv.gz", 4860, 0, {"columns": {"title": "{brand} {model}"}, "constants": {"brand": "Hyundai"}, "currency": "GBP"}),
    ],
)
def test_catalogues(taken, name: str, items: int, rejected: int, options: dict) -> None:
    """Every row is an item or a rejection, and ids are unique."""
    read, errors = taken(read_catalog, found(name), **options)
    assert (len(read), len(errors)) == (items, rejected)
    assert len({item.id for item in read}) == items


@pytest.mark.parametrize(
    ("name", "reviews", "rejected"),
    [
        ("amazon_gift_cards/Gift_Cards_5.json.gz", 2302, 0),
        ("amazon_all_beauty/All_Beauty_5.json.gz", 3311, 830),  # known to repeat rows
        ("amazon_musical_instruments/Musical_instruments_reviews.csv.gz", 8083, 0),
    ],
)
def test_reviews(taken, name: str, reviews: int, rejected: int) -> None:
    """Every row is a review or a repeat of one."""
    read, errors = taken(read_reviews, found(name))
    assert (len(read), len(errors)) == (reviews, rejected)
    assert all(review.at and review.author and review.rating for review in read)


def test_interactions(taken) -> None:
    """A clickstream without users is one of sessions."""
    read, errors = taken(read_interactions, found("diginetica_sample/sample_train-item-views.csv.gz"))
    assert (len(read), len(errors)) == (10032, 0)
