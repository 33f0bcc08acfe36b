"""Every database: what a shop is given comes back as it was, and the second import of a feed changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from assistant.memory_tables import metadata as talk_metadata
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.errors import StoreError
from retrieval.importing import import_feed
from retrieval.migrations.run import scripts
from retrieval.schema import (
    Attribute,
    HelpPage,
    Interaction,
    Item,
    Money,
    Order,
    Review,
    Translation,
    Variant,
)
from retrieval.shop import Shop, ShopSettings
from retrieval.tables import HEAD, metadata

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
BOOT = Item(
    "b1",
    "Trail boot",
    "Waterproof. 鞋",
    ("Outdoor", "Hiking boots"),
    "Fell",
    Money(8999, "USD"),
    Money(12000, "USD"),
    4.5,
    12,
    True,
    "https://shop.example/b1",
    "b1.svg",
    (Attribute("color", ("red", "grey")), Attribute("material", ("leather",))),
    (Variant("b1-42", "42", Money(9100, "USD"), False, 0, (Attribute("size", ("42",)),)), Variant("b1-43")),
    (Translation("zh", "越野靴", "防水", ("户外", "登山靴"), (Attribute("颜色", ("红",)),)),),
)
PAN = Item("p1", "Iron pan", available=False)
REVIEW = Review("r1", "b1", "Dry feet.", 5, "Good", "u1", NOON, "en", True)
DONE = Interaction("s1", "b1", "rating", NOON, 4)
ORDER = Order(
    "o1", "s1", "shipped", NOON, (("b1", 1), ("p1", 2)), Money(9000, "USD"), "Post", "T1", NOON + timedelta(days=3), NOON
)
PAGE = HelpPage("returns", "zh", "退货", "三十天内。", "returns", "2", NOON)
EVERYTHING = {
    "catalog": [BOOT, PAN],
    "reviews": [REVIEW],
    "interactions": [DONE],
    "orders": [ORDER],
    "help_pages": [PAGE],
}


def _emptied(url: str) -> str:
    """The PostgreSQL database of the tests, without a table."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    url = ""
    if request.param == "postgresql":
        given = os.environ.get("DAOGOU_TEST_POSTGRES")
        if not given:
            pytest.skip("DAOGOU_TEST_POSTGRES is not set; give it the URL of an empty database")
        url = _emptied(given)
    settings = ShopSettings("Test", languages=("en", "zh"), url=url)
    with Shop.create(tmp_path / "shop", settings, embedder=HashingEmbedder()) as made:
        yield made


def test_what_goes_in_comes_out(shop: Shop) -> None:
    """Every field of every kind survives."""
    import_feed(shop, **EVERYTHING)
    assert shop.items(["p1", "nothing", "b1"]) == (PAN, BOOT)
    assert tuple(shop.all_items()) == (BOOT, PAN)
    assert shop.reviews_of("b1") == (REVIEW,)
    assert (shop.order("o1"), shop.order("o2")) == (ORDER, None)
    assert shop.orders_of("s1") == (ORDER,)
    assert (shop.help_pages("zh"), shop.help_pages("en")) == ((PAGE,), ())
    assert tuple(shop.interactions()) == (DONE,)
    assert shop.index.ids == ("b1", "p1")


def test_times_are_utc(shop: Shop) -> None:
    """A time of another zone is the same moment in UTC; one without a zone is taken as UTC."""
    there = NOON.astimezone(timezone(timedelta(hours=8)))
    import_feed(shop, reviews=[replace(REVIEW, at=there), replace(REVIEW, id="r2", at=NOON.replace(tzinfo=None))])
    assert {review.at for review in shop.reviews_of("b1")} == {NOON}


def test_the_same_feed_again_does_nothing(shop: Shop) -> None:
    """Nothing is embedded or counted as changed, and the version stays."""
    first = import_feed(shop, **EVERYTHING)
    version = shop.version
    second = import_feed(shop, **EVERYTHING)
    assert (first.added, first.embedded, version) == (2, 2, 1)
    assert (second.added, second.changed, second.unchanged, second.embedded) == (0, 0, 2, 0)
    assert shop.version == version


def test_a_change_replaces_the_row(shop: Shop) -> None:
    """A new price or a variant less is there after the import, and only a new text is embedded."""
    import_feed(shop, **EVERYTHING)
    cheaper = replace(BOOT, price=Money(7999, "USD"), variants=BOOT.variants[:1])
    report = import_feed(shop, catalog=[cheaper], orders=[replace(ORDER, status="delivered")])
    assert (report.changed, report.embedded, report.removed) == (1, 0, 0)
    assert shop.items(["b1"]) == (cheaper,)
    assert shop.orders_of("s1")[0].status == "delivered"
    assert shop.version == 2


def test_prune_removes_what_the_feed_no_longer_has(shop: Shop) -> None:
    """A pruned item is in no answer any more; a feed without a row prunes nothing."""
    import_feed(shop, **EVERYTHING)
    assert len(shop.index.ids) == 2
    report = import_feed(shop, catalog=[PAN], prune=True)
    assert report.removed == 1
    assert shop.index.ids == ("p1",)
    assert shop.items(["b1"]) == ()
    assert len(shop.help_pages()) == len(shop.reviews_of("b1")) == 1
    assert import_feed(shop, prune=True).removed == 0


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    """It tells what would be done."""
    report = import_feed(shop, **EVERYTHING, dry_run=True)
    assert (report.added, report.embedded, report.reviews, report.orders) == (2, 2, 1, 1)
    assert (tuple(shop.all_items()), shop.orders_of("s1"), shop.version) == ((), (), 0)


def test_the_schema_is_that_of_the_newest_migration(shop: Shop) -> None:
    """The migrations make the tables that the program declares, column by column."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    assert scripts().get_current_head() == HEAD
    declared = [metadata, talk_metadata]
    names = {name for each in declared for name in each.tables}
    ours = {"include_name": lambda name, kind, _parents: kind != "table" or name in names}
    with shop.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=ours), declared) == []


def test_a_newer_schema_is_refused(shop: Shop) -> None:
    """Tables of a later version are not touched; the cure is named."""
    with shop.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        Shop.open(shop.directory)


def test_a_reader_sees_one_moment(shop: Shop) -> None:
    """What is written while a reader reads is not half seen by it."""
    import_feed(shop, **EVERYTHING)
    reader = shop.all_items()
    first = next(reader)
    import_feed(shop, catalog=[replace(PAN, title="Steel pan")])
    assert (first, next(reader)) == (BOOT, PAN)


def test_a_second_writer_is_refused(shop: Shop) -> None:
    """While one writes, another is told which process it is."""
    with shop.sole_writer(), pytest.raises(StoreError, match="being written by"):
        import_feed(shop, catalog=[PAN])
