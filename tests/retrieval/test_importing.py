"""Imports: batches kept whole, texts embedded once, nothing acknowledged ever lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.errors import EmbedderError
from retrieval.importing import import_feed
from retrieval.item_text import TEXT_LIMIT, item_text
from retrieval.rows import digest, item_of, item_row, variant_of, variant_rows
from retrieval.schema import Attribute, Interaction, Item, Money, Review, Translation, Variant
from retrieval.shop import Shop, ShopSettings


class CountingEmbedder(HashingEmbedder):
    """Remembers what it was asked to embed, and fails at the text that it is told to."""

    def __init__(self, fails_at: str = "") -> None:
        super().__init__(32)
        self.seen: list[str] = []
        self._fails_at = fails_at

    def embed(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        self.seen.extend(texts)
        vectors = super().embed(texts, query=query)
        if self._fails_at in texts:
            vectors[0] = np.nan
        return vectors


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop", ShopSettings("Test"), embedder=CountingEmbedder()) as made:
        yield made


def _cars(count: int) -> list[Item]:
    """Cars of seven models: alike in words, each with its own price and mileage."""
    return [
        Item(
            f"car{number:05d}",
            f"Model {'ABCDEFG'[number % 7]}",
            brand="Ford",
            price=Money(100_000 + number, "GBP"),
            attributes=(Attribute("mileage", (str(number),)), Attribute("gearbox", ("Automatic",))),
        )
        for number in range(count)
    ]


def test_what_reads_alike_is_embedded_once(shop: Shop) -> None:
    """A thousand cars of seven models need seven vectors, and all of them are found."""
    report = import_feed(shop, catalog=_cars(1000))
    assert (report.added, report.embedded, len(shop.embedder.seen)) == (1000, 7, 7)
    found, _ = shop.index.nearest(shop.embedder.embed(["Model C"], query=True)[0], 200)
    assert len(found) == 200


def test_only_new_words_are_embedded_again(shop: Shop) -> None:
    """A new price costs no embedding, a new title one; vectors that no item needs any more are dropped."""
    cars = _cars(7)
    import_feed(shop, catalog=cars)
    changed = [replace(cars[0], price=Money(1, "GBP")), replace(cars[1], title="Model Z")]
    report = import_feed(shop, catalog=changed)
    assert (report.changed, report.embedded) == (2, 1)
    with shop.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM vectors").scalar() == 7


def test_an_id_counts_once_a_feed(shop: Shop) -> None:
    """The first item of an id is taken and the second reported, so that the same feed again changes nothing."""
    twice = [Item("a", "Lamp"), Item("a", "Desk"), Item("b", "Chair")]
    report = import_feed(shop, catalog=twice)
    assert (report.items, report.added, len(report.rejected)) == (2, 2, 1)
    assert "'a' a second time" in str(report.rejected[0])
    assert import_feed(shop, catalog=twice).unchanged == 2
    assert shop.items(["a"])[0].title == "Lamp"


@pytest.mark.parametrize("bad", ["nul \0", "half \ud83d"])
def test_text_that_no_database_keeps_is_reported(shop: Shop, bad: str) -> None:
    """The row is rejected with a cure and the rest goes on; a backslash in a text is fine."""
    report = import_feed(shop, catalog=[Item("a", bad), Item("b", "ok \\x00 \\ud83d")], reviews=[Review("r", "b", bad)])
    assert (report.items, report.reviews, len(report.rejected)) == (1, 0, 2)
    assert shop.items(["b"])[0].title == "ok \\x00 \\ud83d"


def test_progress_is_told_after_it_is_kept(shop: Shop) -> None:
    """Whatever number was told, another connection finds at least as many items, and the total is the feed's own."""
    told: list[tuple[str, int, int | None]] = []
    kept: list[int] = []

    def note(phase: str, done: int, total: int | None) -> None:
        told.append((phase, done, total))
        with Shop.open(shop.directory).reading() as connection:
            kept.append(int(connection.exec_driver_sql("SELECT count(*) FROM items").scalar() or 0))

    import_feed(shop, catalog=[Item(str(n), f"Thing {n}") for n in range(1200)], progress=note)
    assert told[-1] == ("items", 1200, 1200)
    assert len(told) > 2
    assert all(count >= done for (_, done, _), count in zip(told, kept, strict=True))


def test_a_failing_embedder_keeps_the_batches_before(tmp_path: Path) -> None:
    """Vectors that are not finite stop the import with an error; what was acknowledged is there and the rest comes later."""
    things = [Item(f"{n:04d}", f"Thing {n}") for n in range(700)]
    settings = ShopSettings("Test")
    with Shop.create(tmp_path / "shop", settings, embedder=CountingEmbedder(fails_at="Thing 600")) as failing:
        with pytest.raises(EmbedderError, match="not finite"):
            import_feed(failing, catalog=things)
        assert sum(1 for _ in failing.all_items()) == 512
    with Shop.open(tmp_path / "shop", embedder=CountingEmbedder()) as sound:
        report = import_feed(sound, catalog=things)
        assert (report.unchanged, report.added) == (512, 188)
        assert len(sound.index.ids) == 700
        assert sound.version == 1


def test_an_interaction_told_twice_is_kept_once(shop: Shop) -> None:
    """The same shopper, item, kind and time is one interaction; the later value stands."""
    at = datetime(2025, 1, 1, tzinfo=UTC)
    import_feed(shop, interactions=[Interaction("s", "i", "rating", at, 3), Interaction("s", "i", "rating", at, 4)])
    import_feed(shop, interactions=[Interaction("s", "i", "rating", at, 5)])
    assert [done.value for done in shop.interactions("s")] == [5]


_WRITER = """
import sys
from pathlib import Path
from retrieval.importing import import_feed
from retrieval.schema import Item, Money
from retrieval.shop import Shop
def tell(phase, done, total):
    print(done, flush=True)
with Shop.open(Path(sys.argv[1])) as shop:
    import_feed(shop, catalog=(Item(f"{n:05d}", f"Thing {n}", price=Money(n, "USD")) for n in range(4000)), progress=tell)
"""


def test_a_kill_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """An import killed at seeded random moments and started again ends as if it had never been killed."""
    chance = random.Random(5)
    shop = Shop.create(tmp_path / "shop", ShopSettings("Test", embedder="hashing"))
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(shop.directory)], stdout=subprocess.PIPE, env=path, text=True
        )
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(chance.randint(1, 3))]
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert sum(1 for _ in shop.all_items()) >= told[-1]
        assert shop.index_warning == ""
    assert shop.version == 0
    report = import_feed(shop, catalog=[Item(f"{n:05d}", f"Thing {n}", price=Money(n, "USD")) for n in range(4000)])
    assert report.items == 4000 and report.unchanged >= 512
    assert [item.price for item in shop.all_items()] == [Money(n, "USD") for n in range(4000)]
    index = shop.index
    own = np.arange(0, 4000, 40)
    hits = [row in index.nearest(index.vectors_of(np.array([row]))[0], 5)[0] for row in own]
    assert np.mean(hits) >= 0.99


_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), max_size=30)
_TITLES = _WORDS.filter(str.strip)
_ATTRIBUTES = st.lists(st.builds(Attribute, _WORDS, st.lists(_WORDS, max_size=3).map(tuple)), max_size=3).map(tuple)
_MONEY = st.none() | st.builds(Money, st.integers(0, 2**62), st.sampled_from(["USD", "CNY", "JPY"]))
_ITEMS = st.builds(
    Item,
    id=_TITLES,
    title=_TITLES,
    description=_WORDS,
    category=st.lists(_TITLES, max_size=3).map(tuple),
    brand=_WORDS,
    price=_MONEY,
    list_price=_MONEY,
    attributes=_ATTRIBUTES,
    variants=st.lists(st.builds(Variant, _TITLES, _WORDS, _MONEY, attributes=_ATTRIBUTES), max_size=2).map(tuple),
    translations=st.lists(
        st.builds(Translation, st.just("zh"), _TITLES, _WORDS, st.lists(_WORDS, max_size=2).map(tuple), _ATTRIBUTES),
        max_size=1,
    ).map(tuple),
)


@given(_ITEMS)
def test_a_row_is_the_whole_item(item: Item) -> None:
    """An item survives its rows, whatever its texts are."""
    assert item_of(item_row(item, "", ""), [variant_of(row) for row in variant_rows(item)]) == item


@given(_ITEMS, st.permutations(["en", "zh"]))
def test_the_text_is_short_and_has_the_title(item: Item, languages: list[str]) -> None:
    """One line within the limit, which begins with the title in the leading language."""
    text = item_text(item, tuple(languages))
    assert len(text) <= TEXT_LIMIT
    assert "\n" not in text
    assert text.startswith(" ".join(item.words(languages[0])[0].strip().rstrip(".").split()))


def test_the_text_has_both_languages_and_no_numbers_of_attributes() -> None:
    """What a wish could name is in it; what filters compare is not."""
    item = Item(
        "b",
        "Trail boot",
        "Keeps the water out.",
        ("Outdoor", "Boots"),
        "Fell",
        attributes=(Attribute("color", ("red", "grey")), Attribute("weight", ("900 g",))),
        translations=(Translation("zh", "越野靴", "防水"),),
    )
    expected = "Trail boot. 越野靴. Fell. Outdoor Boots. color red grey. Keeps the water out. 防水"
    assert item_text(item, ("en", "zh")) == expected
    assert digest("a") != digest("b")
