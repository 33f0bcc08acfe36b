"""Reviews, interactions, orders and help pages in the forms that shops have them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from retrieval.errors import FeedError
from retrieval.feeds import read_help_pages, read_interactions, read_orders, read_reviews
from retrieval.schema import Interaction, Money

DAY = datetime(2018, 5, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("18.json", '{"overall": 4.0, "verified": true, "reviewerID": "A7", "asin": "B1", "reviewerName": "Jo Doe", '
                    '"reviewText": "Loud &amp; clear", "summary": "Good", "unixReviewTime": 1526601600}\n'),
        ("14.json.gz", "{'overall': 4.0, 'verified': True, 'reviewerID': 'A7', 'asin': 'B1', 'reviewerName': \"Jo 'J' Doe\", "
                       "'reviewText': 'Loud & clear', 'summary': 'Good', 'unixReviewTime': 1526601600}\n"),
        ("23.jsonl", '{"rating": 4.0, "title": "Good", "text": "Loud & clear", "asin": "B1-red", "parent_asin": "B1", "user_id": "A7", '
                     '"timestamp": 1526601600000, "verified_purchase": true, "images": []}\n'),
        ("a.csv", "reviewerID,asin,reviewerName,reviewText,overall,summary,unixReviewTime,verified\n"
                  "A7,B1,Jo Doe,Loud & clear,4.0,Good,1526601600,1\n"),
        ("b.csv", "user_id;item_id;name;text;rating;title;date;verified\nA7;B1;Jo Doe;Loud & clear;4;Good;2018-05-18;yes\n"),
    ],
)
def test_reviews_in_every_form(feed, taken, name: str, text: str) -> None:
    """Amazon's three files and plain tables give the same review, and never the reviewer's name."""
    (review,), errors = taken(read_reviews, feed(name, text))
    assert errors == []
    assert (review.item_id, review.text, review.rating, review.title) == ("B1", "Loud & clear", 4.0, "Good")
    assert (review.author, review.at, review.verified) == ("A7", DAY, True)
    assert "Doe" not in repr(review)


def test_an_author_that_is_a_person_becomes_a_hash(feed, taken) -> None:
    """An address in the id column is personal data."""
    (review,), _ = taken(read_reviews, feed("a.csv", "item_id,text,user_id\nB1,Fine,jo@mail.example\n"))
    assert review.author.startswith("a-")
    assert "jo" not in review.author


def test_the_same_review_twice_is_rejected_but_equal_words_of_strangers_are_not(feed, taken) -> None:
    """Author and time tell a repeat; without them equal words are two reviews, with ids that stay."""
    known = "item_id,text,user_id,date\nB1,Fine,A,2018-05-18\nB1,Fine,A,2018-05-18\n"
    reviews, errors = taken(read_reviews, feed("a.csv", known))
    assert (len(reviews), [error.row for error in errors]) == (1, [3])
    strangers = feed("b.csv", "item_id,text,rating\nB1,Fine,5\nB1,Fine,5\n")
    first, errors = taken(read_reviews, strangers)
    assert (len({review.id for review in first}), errors) == (2, [])
    assert taken(read_reviews, strangers)[0] == first


def test_reviews_of_no_item_are_refused(feed, taken) -> None:
    """A file of opinions without products says what is missing, and takes a constant or a column instead."""
    path = feed("zh.csv", "cat,label,review\n平板,1,屏幕很好\n")
    with pytest.raises(FeedError, match="item_id"):
        taken(read_reviews, path)
    assert taken(read_reviews, path, columns={"item_id": "cat"})[0][0].item_id == "平板"


def test_an_empty_review_is_rejected(feed, taken) -> None:
    """Stars alone are a review; neither stars nor words are none."""
    reviews, errors = taken(read_reviews, feed("a.csv", "Clothing ID,Review Text,Rating\n7,,4\n8,,\n9,Soft,9\n"))
    assert [review.item_id for review in reviews] == ["7"]
    assert [(error.row, error.column) for error in errors] == [(3, "Review Text"), (4, "Rating")]


def test_interactions_in_every_form(feed, taken) -> None:
    """Ratings, events and session logs become interactions in UTC."""
    found, _ = taken(read_interactions, feed("a.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1526601600\n"))
    assert found == [Interaction("1", "31", "rating", DAY, 2.5)]
    found, _ = taken(read_interactions, feed("b.csv", "session_id;user_id;item_id;timeframe;eventdate\n9;NA;5;12;2018-05-18\n"))
    assert found == [Interaction("session-9", "5", "view", DAY)]
    text = "visitor_id,event,item_id,timestamp\nv,addtocart,5,1526601600000\nv,teleport,5,1526601600000\nv,transaction,5,\n"
    found, errors = taken(read_interactions, feed("c.csv", text))
    assert found == [Interaction("v", "5", "cart", DAY)]
    assert [(error.row, error.column) for error in errors] == [(3, "event"), (4, "timestamp")]


def test_orders_a_row_an_order_or_a_row_an_item(feed, taken) -> None:
    """Both shapes give the same order; unknown states are rejected."""
    one = "order_id,customer_id,status,order_date,items,total,currency\n#1,c1,Fulfilled,2018-05-18,A1 x2; B7,19.90,EUR\n#2,c1,vanished,2018-05-18,A1,5,EUR\n"
    (order,), errors = taken(read_orders, feed("a.csv", one))
    assert (order.status, order.items, order.total, order.placed_at) == ("shipped", (("A1", 2), ("B7", 1)), Money(1990, "EUR"), DAY)
    assert [(error.row, error.column) for error in errors] == [(3, "status")]
    many = "order_id,customer_id,status,order_date,sku,quantity,total\n#1,c1,shipped,2018-05-18,A1,2,19.90 EUR\n#1,,,,B7,1,\n"
    (again,), errors = taken(read_orders, feed("b.csv", many))
    assert (again, errors) == (order, [])


def test_help_pages_by_front_matter_and_by_path(feed, taken, tmp_path: Path) -> None:
    """Front matter tells; without it the file's name, its folder and the first heading do."""
    feed("help/returns.zh.md", "---\ntitle: 退货\ntopic: returns\nversion: 2.0\neffective: 2018-05-18\n---\n30 天内可退。\n")
    feed("help/zh/shipping.md", "# 配送\n全国包邮。\n")
    feed("help/gifts.md", "Gift cards never expire.\n")
    feed("help/broken.md", "---\ntitle: [a: b\n---\ntext\n")
    feed("help/bomb.md", "---\na: &a [x, x]\ntitle: [*a, *a]\n---\ntext\n")
    pages, errors = taken(read_help_pages, tmp_path / "help")
    assert [(page.id, page.language, page.title, page.topic, page.version) for page in pages] == [
        ("returns", "zh", "退货", "returns", "2.0"), ("shipping", "zh", "配送", "other", "1"),
    ]
    assert pages[0].effective == DAY
    assert sorted(error.file for error in errors) == ["bomb.md", "broken.md", "gifts.md"]


def test_a_help_page_out_of_its_directory_is_rejected(feed, taken, tmp_path: Path) -> None:
    """A link can't bring in a file from elsewhere."""
    secret = feed("secret.md", "# Secret\nno\n")
    feed("help/a.md", "# A\nyes\n")
    (tmp_path / "help" / "b.md").symlink_to(secret)
    pages, errors = taken(read_help_pages, tmp_path / "help")
    assert ([page.id for page in pages], [error.file for error in errors]) == (["a"], ["b.md"])
