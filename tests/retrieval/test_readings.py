"""What was read of reviews stays true to the reviews: gone with them, verbatim, read in a useful order."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.demo.build import READINGS, STORED, build_demo
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.errors import FeedError
from retrieval.feeds.export import write_catalog, write_interactions, write_orders, write_reviews
from retrieval.importing import import_feed
from retrieval.reading_file import Origin, import_readings, origin_of, write_readings
from retrieval.readings import Readings
from retrieval.schema import Interaction, Item, Order, ReadReview, Remark, Review, Signal
from retrieval.shop import Shop, ShopSettings

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ORIGIN = Origin("daogou read demo --export readings.jsonl.gz", "m+a", "f00d", NOON.isoformat())


def _review(item: str, number: int, text: str = "") -> Review:
    return Review(f"{item}-{number}", item, text or f"A steel {item} number {number}.", 5.0, at=NOON - timedelta(days=number))


def _read(review: Review, *aspects: Signal) -> ReadReview:
    return ReadReview(review.id, review.text, 4.5, aspects)


def _praise(quote: str, facet: str = "steel") -> Signal:
    return Signal(facet, "~", "good", "review", quote)


REVIEWS = (*(_review("pan", n) for n in range(7)), *(_review("pot", n) for n in range(3)), _review("cup", 0), _review("unsold", 0))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Three items, of which the pot was bought twice and the pan has most reviews; one review is of no item."""
    with Shop.create(tmp_path / "shop", ShopSettings("Test", embedder="hashing"), embedder=HashingEmbedder()) as made:
        bought = [Interaction(f"s{n}", "pot", "purchase", NOON) for n in range(2)]
        import_feed(made, catalog=[Item(each, each) for each in ("cup", "pan", "pot")], reviews=REVIEWS, interactions=bought)
        yield made


@pytest.fixture
def readings(shop: Shop) -> Readings:
    return Readings(shop.engine)


def test_most_sold_and_newest_come_first(readings: Readings) -> None:
    """Five reviews of each item, the newest first, bestsellers and then much reviewed items leading; then the rest."""
    first = ["pot-0", "pot-1", "pot-2", "pan-0", "pan-1", "pan-2", "pan-3", "pan-4", "cup-0"]
    assert readings.unread() == (*first, "pan-5", "pan-6")
    assert readings.unread(limit=2) == ("pot-0", "pot-1")


def test_what_is_saved_comes_back(readings: Readings) -> None:
    """Aspects come back by item, the newest review first, and a saved review waits no longer."""
    saved = [_read(REVIEWS[1], _praise("number 1")), _read(REVIEWS[0], _praise("A steel pan"), _praise("number 0", "number"))]
    assert readings.save(saved, "m", NOON) == 2
    assert readings.aspects_of(["pan", "pot", "nothing"]) == {"pan": (
        Remark("pan-0", _praise("A steel pan")), Remark("pan-0", _praise("number 0", "number")), Remark("pan-1", _praise("number 1")),
    )}
    assert not {"pan-0", "pan-1"} & set(readings.unread())
    assert tuple(readings.by("m")) == tuple(sorted(saved, key=lambda each: each.review_id))


def test_an_unreadable_review_is_counted_and_not_tried_again(readings: Readings) -> None:
    """It is kept with its reason, and waits only for another reader."""
    readings.save([ReadReview("cup-0", "A steel cup number 0.", None, problem="too odd")], "m", NOON)
    counts = readings.counts()
    assert (counts.reviews, counts.read, counts.failed, counts.aspects, counts.unread) == (11, 0, 1, 0, 10)
    assert "cup-0" not in readings.unread() + readings.unread("m")
    assert "cup-0" in readings.unread("n")


def test_another_reader_takes_the_place(readings: Readings) -> None:
    """A second reading replaces the first one whole, aspects included."""
    readings.save([_read(REVIEWS[0], _praise("A steel pan"), _praise("number 0"))], "m", NOON)
    readings.save([_read(REVIEWS[0], _praise("steel"))], "n", NOON)
    assert readings.aspects_of(["pan"]) == {"pan": (Remark("pan-0", _praise("steel")),)}
    assert readings.counts().read == 1 and not tuple(readings.by("m"))


def test_a_changed_text_is_read_again(shop: Shop, readings: Readings) -> None:
    """With a new text the reading is gone at once; new stars alone leave it."""
    readings.save([_read(review, _praise("A steel")) for review in REVIEWS[:2]], "m", NOON)
    import_feed(shop, reviews=[replace(REVIEWS[0], text="Rusty."), replace(REVIEWS[1], rating=1.0)])
    assert [remark.review_id for remark in readings.aspects_of(["pan"])["pan"]] == ["pan-1"]
    assert "pan-0" in readings.unread() and "pan-1" not in readings.unread()


def test_a_deleted_review_takes_its_reading_along(shop: Shop, readings: Readings) -> None:
    """A pruned review leaves neither a reading nor an aspect behind."""
    readings.save([_read(review, _praise("A steel")) for review in REVIEWS[:2]], "m", NOON)
    import_feed(shop, reviews=REVIEWS[1:], prune=True)
    assert (readings.counts().read, readings.counts().aspects) == (1, 1)


def test_a_reading_of_what_changed_meanwhile_is_not_kept(shop: Shop, readings: Readings) -> None:
    """A review that got another text, or was deleted, while it was read keeps no reading of the old text."""
    import_feed(shop, reviews=[replace(REVIEWS[0], text="Rusty.")])
    assert readings.save([_read(REVIEWS[0], _praise("A steel")), _read(_review("pan", 99))], "m", NOON) == 0
    assert readings.counts().read == 0


@given(text=st.text(), quote=st.text())
def test_a_quote_stands_in_its_review(text: str, quote: str) -> None:
    """A reading with a quote that is not in the text can't be made."""
    aspect = _praise(quote)
    if quote and quote in text:
        assert ReadReview("r", text, 3.0, (aspect,)).aspects == (aspect,)
    else:
        with pytest.raises(ValueError, match="words of the review"):
            ReadReview("r", text, 3.0, (aspect,))


@pytest.mark.parametrize(("rating", "problem"), [(None, ""), (3.0, "odd"), (0.5, ""), (5.1, "")])
def test_a_reading_has_a_rating_or_a_reason(rating: float | None, problem: str) -> None:
    """Neither both nor none, and stars from 1 to 5."""
    with pytest.raises(ValueError, match="expected"):
        ReadReview("r", "text", rating, problem=problem)


def test_a_file_carries_readings_to_another_shop(readings: Readings, tmp_path: Path) -> None:
    """Who read and how is in the first line; what was read arrives under that name, and only where the text is the same."""
    kept = [_read(REVIEWS[0], _praise("A steel pan")), ReadReview("cup-0", REVIEWS[-2].text, None, problem="odd")]
    other = _read(_review("pan", 1, "Another text."))
    path = tmp_path / "readings.jsonl.gz"
    assert write_readings(path, ORIGIN, [*kept, other]) == 3
    assert origin_of(path) == ORIGIN
    assert import_readings(readings, path) == 2
    assert tuple(readings.by("m+a")) == tuple(sorted(kept, key=lambda each: each.review_id))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{}"], "command"), (["nonsense"], "row 1"), (['{"daogou": 1, "command": "", "reader": "", "adapter": "", "at": "soon"}'], "soon"),
        ([None, '{"id": "pan-0"}'], "row 2"), ([None, '{"id": "pan-0", "text": HASH, "rating": 9}'], "rating 9"),
        ([None, '{"id": "pan-0", "text": HASH, "rating": 4, "aspects": [["a", "~", "b", "not there"]]}'], "not there"),
        ([None, '{"id": "pan-0", "text": HASH, "rating": 4, "aspects": [["a", "~"]]}'], "expected a reading"),
    ],
)
def test_a_damaged_file_is_refused(readings: Readings, tmp_path: Path, lines: list[str | None], said: str) -> None:
    """What is wrong is named with its line and the cure, and nothing of the file's part is kept."""
    whole = tmp_path / "whole.jsonl"
    write_readings(whole, ORIGIN, [_read(REVIEWS[0])])
    header, row = whole.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "readings.jsonl"
    bad = [header if line is None else line.replace("HASH", json.dumps(json.loads(row)["text"])) for line in lines]
    path.write_text("\n".join(bad), encoding="utf-8")
    with pytest.raises(FeedError, match=said):
        import_readings(readings, path)
    assert readings.counts().read == 0


def test_the_demo_shop_comes_read(tmp_path: Path) -> None:
    """Readings beside the stored files are in the shop when it is built."""
    stored = tmp_path / "stored"
    (stored / "help").mkdir(parents=True)
    (stored / "help" / "returns.en.md").write_text((STORED / "help" / "returns.en.md").read_text("utf-8"), "utf-8")
    write_catalog(stored / "catalog.jsonl.gz", [Item("pan", "Pan")])
    write_reviews(stored / "reviews.jsonl.gz", [REVIEWS[0]])
    write_interactions(stored / "interactions.csv.gz", [Interaction("s", "pan", "view", NOON)])
    write_orders(stored / "orders.csv", [Order("o", "s", "paid", NOON, (("pan", 1),))])
    write_readings(stored / READINGS, ORIGIN, [_read(REVIEWS[0], _praise("A steel pan"))])
    with build_demo(tmp_path / "demo", embedder=HashingEmbedder(), stored=stored) as shop:
        assert Readings(shop.engine).aspects_of(["pan"]) == {"pan": (Remark("pan-0", _praise("A steel pan")),)}


def test_every_shipped_quote_stands_in_its_review(tmp_path: Path) -> None:
    """The shipped readings name the command and the adapter that made them, cover the reviews, and quote verbatim."""
    if not (STORED / READINGS).exists():
        pytest.skip(f"no {READINGS} beside the stored files; make it: daogou read demo --export {READINGS}")
    origin = origin_of(STORED / READINGS)
    assert origin.command.startswith("daogou read demo") and len(origin.adapter) == 64
    texts = {row["id"]: row["text"] for row in _rows(STORED / "reviews.jsonl.gz")}
    _, *read = _rows(STORED / READINGS)
    assert len(read) == len(texts)
    assert all(quote in texts[row["id"]] for row in read for *_, quote in row.get("aspects", ()))


def _rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
