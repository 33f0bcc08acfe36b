"""The demo shop is complete, consistent, and what its material says."""

import gzip
import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from retrieval.demo.build import SETTINGS, STORED, build_demo
from retrieval.demo.generate import DemoData, DemoSettings, demo_data, write
from retrieval.demo.illustrations import illustration, picture_path, recipes
from retrieval.demo.material import MATERIAL, Department, MaterialError, faults_of, load_material
from retrieval.demo.orders import FREE_FROM
from retrieval.demo.reviews import jaccard, tokens
from retrieval.demo.voices import load_voice
from retrieval.embedding.embedder import open_embedder
from retrieval.feeds import read_catalog, read_help_pages, read_interactions, read_orders, read_reviews
from retrieval.schema import HelpPage, Interaction
from retrieval.shop import Shop

STATES = set("placed paid packed shipped delivered delayed returning returned refunded cancelled lost".split())


@pytest.fixture(scope="module")
def stored() -> DemoData:
    """The stored files, read by the ordinary feeds, which stop at a bad row."""
    return DemoData(
        tuple(read_catalog(STORED / "catalog.jsonl.gz")),
        tuple(read_reviews(STORED / "reviews.jsonl.gz")),
        tuple(read_interactions(STORED / "interactions.csv.gz")),
        tuple(read_orders(STORED / "orders.csv")),
    )


@pytest.fixture(scope="module")
def departments() -> tuple[Department, ...]:
    return load_material()


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("generated")
    write(demo_data(DemoSettings()), directory)
    return directory


def test_sizes(stored: DemoData) -> None:
    """The shop is as large as it says: 8 departments, 320 products, 3,000 reviews, 400 shoppers, 120 orders, 4 MB at most."""
    assert len({item.category[0] for item in stored.items}) == 8
    assert len(stored.items) >= 320 and len(stored.reviews) >= 3000
    assert len({act.shopper_id for act in stored.interactions}) == 400
    assert len(stored.orders) == 120
    assert sum(path.stat().st_size for path in STORED.rglob("*") if path.is_file()) <= 4_000_000


@pytest.mark.parametrize("name", ["catalog.jsonl.gz", "reviews.jsonl.gz", "interactions.csv.gz", "orders.csv"])
def test_generator_makes_the_stored_files(generated: Path, name: str) -> None:
    """The same material, seed and date give the stored content, byte for byte."""
    assert content(generated / name) == content(STORED / name)


def content(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def test_every_item_is_whole_in_both_languages(stored: DemoData) -> None:
    """A product has a price, a text, attributes and a Chinese side with as many attributes; a list price lies above the price."""
    for item in stored.items:
        chinese = item.translations[0]
        assert item.price and item.price.amount > 0 and item.description and item.brand, item.id
        assert item.list_price is None or item.list_price > item.price, item.id
        assert chinese.language == "zh" and chinese.title and chinese.description and len(chinese.category) == 2, item.id
        mine = {a.name for a in item.attributes} | {a.name for v in item.variants for a in v.attributes}
        assert {a.name for a in chinese.attributes} == mine, item.id
        assert item.available == any(variant.available for variant in item.variants), item.id


def test_yes_is_a_feature_too(stored: DemoData) -> None:
    """`waterproof: yes` can be wished for as a feature."""
    boots = next(item for item in stored.items if item.values("waterproof") == ("yes", "是"))
    assert "waterproof" in boots.values("feature") and "防水" in boots.values("feature")


def test_ratings_are_the_reviews(stored: DemoData) -> None:
    """Stars and number of ratings of a product are those of its reviews."""
    stars = defaultdict(list)
    for review in stored.reviews:
        stars[review.item_id].append(review.rating)
    for item in stored.items:
        assert item.rating_count == len(stars[item.id])
        assert item.rating == pytest.approx(sum(stars[item.id]) / len(stars[item.id]), abs=0.005)


def test_reviews_are_many_voices(stored: DemoData) -> None:
    """No two reviews are equal, two of one product share less than 80 % of their words, and 35 to 45 % are Chinese."""
    assert len({review.text for review in stored.reviews}) == len(stored.reviews)
    of_item = defaultdict(list)
    for review in stored.reviews:
        of_item[review.item_id].append(tokens(review.text))
    assert max(jaccard(*pair) for texts in of_item.values() for pair in combinations(texts, 2)) < 0.8
    assert 0.35 < sum(review.language == "zh" for review in stored.reviews) / len(stored.reviews) < 0.45
    assert min(Counter(review.rating for review in stored.reviews).values()) > 150


def test_reviews_contradict_each_other(stored: DemoData) -> None:
    """Most products have both praise and complaint, as real ones do."""
    stars = defaultdict(set)
    for review in stored.reviews:
        stars[review.item_id].add(review.rating)
    assert sum(bool(s & {1, 2}) and bool(s & {4, 5}) for s in stars.values()) > len(stars) / 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_injections_are_in_the_reviews(stored: DemoData, language: str) -> None:
    """Each prompt injection stands once in the reviews, so that whoever reads them meets it."""
    for _, injection in load_voice(language).injections:
        assert sum(injection in review.text for review in stored.reviews) == 1


def test_a_third_of_the_shoppers_change(stored: DemoData) -> None:
    """A third of the shoppers end in another department than they began in; the rest mostly stay."""
    department = {item.id: item.category[0] for item in stored.items}
    acts_of: defaultdict[str, list[Interaction]] = defaultdict(list)
    for act in stored.interactions:
        acts_of[act.shopper_id].append(act)

    def favourite(acts: list[Interaction]) -> str:
        return Counter(department[act.item_id] for act in acts).most_common(1)[0][0]

    moved = {s for s, acts in acts_of.items() if favourite(acts[: len(acts) // 3]) != favourite(acts[-len(acts) // 3 :])}
    drifting = {shopper for shopper in acts_of if int(shopper[-3:]) % 3 == 0}
    assert len(moved & drifting) / len(drifting) > 0.6
    assert len(moved - drifting) / (400 - len(drifting)) < 0.3


def test_history_stays_in_its_18_months(stored: DemoData) -> None:
    """Nothing lies before the 18 months or after their end, and every act names a product."""
    until, ids = DemoSettings().until, {item.id for item in stored.items}
    assert all(until - timedelta(days=549) < act.at <= until and act.item_id in ids for act in stored.interactions)
    assert all(review.at and until - timedelta(days=549) < review.at <= until for review in stored.reviews)


def test_orders_are_in_every_state_and_add_up(stored: DemoData) -> None:
    """Every state occurs; an order belongs to a shopper who bought those items, and its total is goods and delivery."""
    price = {item.id: item.price.amount for item in stored.items if item.price}
    bought = {(act.shopper_id, act.item_id) for act in stored.interactions if act.kind == "purchase"}
    assert {order.status for order in stored.orders} == STATES
    for order in stored.orders:
        goods = sum(price[item_id] * quantity for item_id, quantity in order.items)
        assert order.total and order.total.amount - goods in ({0, 1290} if goods >= FREE_FROM else {590, 1290}), order.id
        assert all((order.shopper_id, item_id) in bought for item_id, _ in order.items), order.id
        assert bool(order.tracking) == (order.status not in {"placed", "paid", "packed", "cancelled"}), order.id
        assert order.updated_at and order.placed_at <= order.updated_at <= DemoSettings().until, order.id


def test_help_pages_are_in_both_languages_and_agree() -> None:
    """14 pages in both languages, of one version and date, with the same numbers in both."""
    pages: defaultdict[str, dict[str, HelpPage]] = defaultdict(dict)
    for page in read_help_pages(STORED / "help"):
        pages[page.id][page.language] = page
    assert len(pages) == 14 and all(set(both) == {"en", "zh"} for both in pages.values())
    for both in pages.values():
        assert replace(both["en"], language="zh", title=both["zh"].title, text=both["zh"].text) == both["zh"]
        assert both["en"].effective and 80 <= len(both["en"].text.split()) <= 200
        amounts = {language: set(re.findall(r"\d+\.\d\d", page.text)) for language, page in both.items()}
        assert amounts["en"] == amounts["zh"], both["en"].id


def test_every_picture_is_drawn(stored: DemoData) -> None:
    """Each item's picture is well-formed SVG of a few kilobytes, and each silhouette is used."""
    used = set()
    for image in {item.image for item in stored.items}:
        drawing = illustration(image)
        assert ElementTree.fromstring(drawing).tag.endswith("svg") and len(drawing) < 8000
        _, department, picture, _ = image.split("/")
        used.add(f"{department}/{picture}" if f"{department}/{picture}" in recipes().pictures else picture)
    assert used == set(recipes().pictures)


@pytest.mark.parametrize("path", ["", "pictures/outdoor/boot", "pictures/outdoor/nothing/red.svg", "pictures/../boot/red.svg"])
def test_unknown_picture_is_refused(path: str) -> None:
    """A path that names no picture is an error that shows what a good one looks like."""
    with pytest.raises(ValueError, match=r"pictures/outdoor/boot/grey\.svg"):
        illustration(path)


def test_color_changes_the_picture() -> None:
    """A variant's colour is seen; an unknown colour gives the department's own."""
    red, odd, plain = (illustration(picture_path("outdoor", "boot", color)) for color in ("Dark red", "octarine", ""))
    assert red != plain and odd == plain


def test_material_faults_are_listed(departments: tuple[Department, ...]) -> None:
    """A product without quality, price or Chinese is named with all its faults at once."""
    department = departments[0]
    kind = department.kinds[0]
    broken = replace(kind.products[0], price=-kind.products[0].price, quality={"taste": 1.0}, list_price=None)
    faults = faults_of(replace(department, kinds=(replace(kind, products=(broken,)),), chinese={}))
    assert any("not positive" in fault for fault in faults)
    assert any("quality names ['taste']" in fault for fault in faults)
    assert any("no Chinese" in fault for fault in faults)


def test_unreadable_material_says_which_file(tmp_path: Path) -> None:
    """A department that can't be read is an error with its file name."""
    (tmp_path / "outdoor.yaml").write_text((MATERIAL / "outdoor.yaml").read_text(encoding="utf-8")[:900], encoding="utf-8")
    with pytest.raises(MaterialError, match=r"outdoor\.yaml"):
        load_material(tmp_path)


def test_building_finishes_and_repeats(tmp_path: Path, stored: DemoData) -> None:
    """A shop that was made but never filled gets the stored files through the ordinary feeds; a repeated import changes nothing."""
    embedder = open_embedder("hashing", tmp_path)
    Shop.create(tmp_path / "demo", SETTINGS, embedder=embedder).close()
    shop = build_demo(tmp_path / "demo", embedder=embedder)
    first = shop.version
    assert len(list(shop.all_items())) == len(stored.items)
    assert len(list(shop.help_pages())) == 28
    shop.close()
    (tmp_path / "demo" / "imported").write_text("other files", encoding="utf-8")
    again = build_demo(tmp_path / "demo", embedder=embedder)
    assert again.version == first > 0
    again.close()
