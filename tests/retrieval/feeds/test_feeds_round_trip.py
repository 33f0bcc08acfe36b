"""What the exporters write, the readers read back: the same values, byte for byte the same file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from retrieval.errors import RowError
from retrieval.feeds import read_catalog, read_help_pages, read_interactions, read_orders, read_reviews
from retrieval.feeds.export import write_catalog, write_help_pages, write_interactions, write_orders, write_reviews
from retrieval.schema import Attribute, HelpPage, Interaction, Item, Money, Order, Review, Translation, Variant

FEW = settings(
    max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None,
    phases=[Phase.explicit, Phase.generate],  # values this large take minutes to shrink
)
LETTERS = st.characters(categories=["L", "N", "P", "S"], exclude_characters="\ufff9\ufffa\ufffb")


def words(most: int = 30) -> st.SearchStrategy[str]:
    """Text as it is kept: visible, on one line, without outer or double spaces."""
    return st.lists(st.text(LETTERS, min_size=1, max_size=9), min_size=1, max_size=4).map(" ".join).map(lambda t: t[:most].strip())


# A cell that reads `nan` or `null` stands for nothing in every format.
VALUES = words().filter(lambda text: text.casefold() not in {"nan", "null", "n/a", "#n/a", "<na>"})
TEXTS = st.lists(words(), max_size=3).map("\n".join)
IDS = st.text("ABCxyz012-_.:/|;, 商品", min_size=1, max_size=12).map(lambda text: " ".join(text.split())).filter(bool)
MONEY = st.builds(Money, st.integers(0, 10**11), st.sampled_from(["USD", "CNY", "JPY", "KWD"]))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
STARS = st.integers(10, 50).map(lambda tenths: tenths / 10)
ATTRIBUTES = st.dictionaries(words(20), st.lists(VALUES, min_size=1, max_size=3, unique=True).map(tuple), max_size=3).map(
    lambda pairs: tuple(Attribute(name, values) for name, values in pairs.items())
)
PATHS = st.lists(VALUES, max_size=3).map(tuple)
VARIANTS = st.builds(Variant, IDS, VALUES | st.just(""), st.none() | MONEY, st.booleans(), st.none() | st.integers(0, 999), ATTRIBUTES)
TRANSLATIONS = st.dictionaries(st.sampled_from(["zh", "de", "fr"]), st.tuples(VALUES, TEXTS, PATHS, ATTRIBUTES), max_size=2).map(
    lambda found: tuple(Translation(language, *parts) for language, parts in found.items())
)
ITEMS = st.builds(
    Item, id=IDS, title=VALUES, description=TEXTS, category=PATHS, brand=VALUES | st.just(""), price=st.none() | MONEY,
    list_price=st.none() | MONEY, rating=st.none() | STARS, rating_count=st.integers(0, 9999), available=st.booleans(),
    url=st.sampled_from(["", "/p/1", "https://shop.example/p?a=1&b=2"]), image=st.sampled_from(["", "pictures/a b.svg"]),
    attributes=ATTRIBUTES, variants=st.lists(VARIANTS, max_size=2).map(tuple), translations=TRANSLATIONS,
)
REVIEWS = st.builds(
    Review, id=IDS, item_id=IDS, text=TEXTS.filter(bool), rating=st.none() | STARS, title=VALUES | st.just(""),
    author=st.text("ABC123", max_size=8), at=st.none() | TIMES, language=st.sampled_from(["", "en", "zh"]),
    verified=st.none() | st.booleans(),
)
INTERACTIONS = st.tuples(IDS.filter(lambda text: text.upper() != "NA"), IDS, TIMES, STARS,
                         st.sampled_from(["view", "click", "cart", "purchase", "like", "dislike", "rating"])).map(
    lambda p: Interaction(p[0], p[1], p[4], p[2], p[3] if p[4] == "rating" else None)
)
ORDERS = st.builds(
    Order, id=IDS, shopper_id=IDS, status=st.sampled_from(["placed", "shipped", "returned", "lost"]), placed_at=TIMES,
    items=st.lists(st.tuples(IDS, st.integers(1, 99)), max_size=3).map(tuple), total=st.none() | MONEY, carrier=VALUES | st.just(""),
    tracking=IDS | st.just(""), due=st.none() | TIMES, updated_at=st.none() | TIMES,
)
PAGES = st.builds(
    HelpPage, id=IDS, language=st.sampled_from(["en", "zh"]), title=VALUES, text=TEXTS.filter(bool), topic=st.sampled_from(["returns", "other"]),
    version=st.sampled_from(["1", "2.10", "2026-05"]), effective=st.none() | TIMES,
)


def distinct(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(values, min_size=1, max_size=4, unique_by=lambda value: value.id)


@FEW
@given(distinct(ITEMS))
def test_items(tmp_path: Path, items: list[Item]) -> None:
    """A catalogue of anything that an item can be comes back equal, and is written alike again."""
    path, again = tmp_path / "items.jsonl", tmp_path / "again.jsonl.gz"
    assert write_catalog(path, items) == len(items)
    assert list(read_catalog(path, currency="EUR")) == items
    write_catalog(again, read_catalog(path))
    first = again.read_bytes()
    write_catalog(again, list(read_catalog(again)))
    assert again.read_bytes() == first


@FEW
@given(distinct(REVIEWS))
def test_reviews(tmp_path: Path, reviews: list[Review]) -> None:
    """Reviews come back equal."""
    write_reviews(tmp_path / "reviews.jsonl", reviews)
    assert list(read_reviews(tmp_path / "reviews.jsonl")) == reviews


@FEW
@given(st.lists(INTERACTIONS, min_size=1, max_size=5))
def test_interactions(tmp_path: Path, interactions: list[Interaction]) -> None:
    """Interactions come back equal from CSV, ids with commas, quotes and bars included."""
    write_interactions(tmp_path / "interactions.csv.gz", interactions)
    assert list(read_interactions(tmp_path / "interactions.csv.gz")) == interactions


@FEW
@given(distinct(ORDERS))
def test_orders(tmp_path: Path, orders: list[Order]) -> None:
    """Orders come back equal from CSV, in every currency."""
    write_orders(tmp_path / "orders.csv", orders)
    assert list(read_orders(tmp_path / "orders.csv")) == orders


@FEW
@given(distinct(PAGES))
def test_help_pages(tmp_path_factory: pytest.TempPathFactory, pages: list[HelpPage]) -> None:
    """Help pages come back equal, whatever their text begins with."""
    directory = tmp_path_factory.mktemp("help")
    write_help_pages(directory, pages)
    assert sorted(read_help_pages(directory), key=lambda page: page.id) == sorted(pages, key=lambda page: page.id)


def test_markup_in_our_own_words_stays(tmp_path: Path) -> None:
    """A description that speaks of `<p>` is not taken for HTML when this program wrote it, and is when it did not."""
    item = Item("1", "The <b> tag & you", "Use <p> and &amp; well.")
    path = tmp_path / "a.jsonl"
    write_catalog(path, [item])
    assert list(read_catalog(path)) == [item]
    line = json.loads(path.read_text())
    del line["daogou"]
    path.write_text(json.dumps(line))
    (foreign,) = read_catalog(path)
    assert foreign.title == "The tag & you"


@FEW
@given(st.lists(st.tuples(IDS, words(), words()), min_size=1, max_size=4, unique_by=lambda row: row[0]))
def test_a_table_is_read_whatever_its_cells_hold(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    """Quotes, delimiters and line ends in the cells of a CSV file do not move a column."""
    import csv

    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "title", "brand"), *rows])
    errors: list[RowError] = []
    items = {item.id: item for item in read_catalog(path, on_error=errors.append)}
    assert len(items) + len(errors) == len(rows)
    assert all(item_id in {row[0] for row in rows} for item_id in items)
