"""An item meets a signal by its own words, and the words that prove it stand in the item."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.conditions import meeting
from retrieval.matching import match
from retrieval.schema import Attribute, Item, Signal
from retrieval.spans import denial_of, span_of
from retrieval.text import stems
from retrieval.vocabulary import Vocabulary

SIGNALS = (
    "category=boot", "category=徒步鞋", "category=glove", "category=dog bed", "category~lamp", "category!=tent", "category=piano",
    "material=leather", "material!=leather", "material!=皮", "material~棉", "material!~plastic", "color=red", "color!=black", "color~红",
    "color!=灰色", "size=42", "size!=38", "brand=fell", "brand!=tarn", "feature=waterproof", "feature=防水", "feature!=waterproof",
    "feature=latex free", "feature~foldable", "feature!=wired", "use=camping", "use~露营", "style~classic", "audience=kid",
    "feature<=500g", "feature>=2 lb", "feature<=2公斤", "size>=1.5l", "size>=1升", "feature>=20 hour", "price<=50", "price>=100",
    "price~60", "price!=15", "price<=35 GBP", "rating>=4.5", "rating<=4", "size~1.7l", "feature=escape proof", "feature!=electric", "feature=无乳胶", "feature~plastic free", "feature=no leather",
)


def _is_met(item: Item, signal: Signal, vocabulary: Vocabulary) -> bool:
    judged = match(item, [vocabulary.resolve(signal)])
    return signal not in judged.missed and signal not in judged.broken


@pytest.mark.parametrize("text", SIGNALS)
def test_rows_that_a_filter_keeps_are_those_whose_words_prove_it(
    text: str, invented_items: tuple[Item, ...], catalogue: Catalogue, vocabulary: Vocabulary
) -> None:
    """The arrays over the whole catalogue and the reading of a single item never disagree."""
    signal = Signal.parse(text)
    buyable = [item for item in invented_items if item.available]
    kept = meeting(catalogue, vocabulary.resolve(signal)).items
    assert [item.title for item in buyable if kept[catalogue.rows[item.id]]] == [
        item.title for item in buyable if _is_met(item, signal, vocabulary)
    ]


@given(st.sampled_from(SIGNALS), st.integers(0, 39), st.sampled_from(["en", "zh"]))
@settings(max_examples=150, deadline=None)
def test_evidence_is_copied_from_the_item(
    vocabulary: Vocabulary, invented_items: tuple[Item, ...], text: str, place: int, language: str
) -> None:
    """No word of evidence stands outside the item; prices and stars are its own."""
    item = invented_items[place]
    for found in match(item, [vocabulary.resolve(Signal.parse(text))], language).matches:
        if found.where == "price":
            assert item.price is not None and f"{item.price.amount / 100:.2f}" in found.evidence
        elif found.where == "rating":
            assert found.evidence == f"{item.rating:g}"
        else:
            assert all(piece in str(item) for part in found.evidence.split(", ") for piece in part.split(": "))


def test_evidence_is_in_the_language_of_the_shopper(invented_items: tuple[Item, ...], vocabulary: Vocabulary) -> None:
    """A Chinese shopper reads the shop's Chinese value even where the wish was read in English."""
    boots = invented_items[1]
    meaning = vocabulary.resolve(Signal.parse("material=leather"))
    assert [m.evidence for m in match(boots, [meaning], "zh").matches] == ["真皮"]
    assert [m.evidence for m in match(boots, [meaning], "en").matches] == ["leather"]


def test_a_title_meets_a_soft_wish_that_a_column_words_otherwise() -> None:
    """"Wireless headphones" whose connection is Bluetooth are wireless to who would like that; a hard limit goes by the column."""
    items = [
        Item("a", "Wireless headphones", attributes=(Attribute("connection", ("Bluetooth",)),)),
        Item("b", "Headphones", attributes=(Attribute("connection", ("wireless",)),)),
        Item("c", "Headphones", attributes=(Attribute("connection", ("wired",)),)),
    ]
    vocabulary = Vocabulary(build_catalogue(["a", "b", "c"], items), "USD")
    met = {text: [_is_met(item, Signal.parse(text), vocabulary) for item in items] for text in ("feature~wireless", "feature=wireless")}
    assert met == {"feature~wireless": [True, True, False], "feature=wireless": [False, True, False]}


def test_what_must_not_be_is_answered_with_what_is(invented_items: tuple[Item, ...], vocabulary: Vocabulary) -> None:
    """For `material!=leather` the proof is the material that the item has instead."""
    judged = match(invented_items[3], [vocabulary.resolve(Signal.parse("material!=leather"))])
    assert [m.evidence for m in judged.matches] == ["nylon"]


@pytest.mark.parametrize(("phrase", "text", "span"), [
    ("leather", "Soft Leather upper", "Leather"), ("leather", "Leather-free upper", ""), ("leather", "no real leather or wool", ""),
    ("wool", "no leather or wool", ""), ("leather", "Not suede. Leather!", "Leather"), ("leather", "vegan leather bag", ""),
    ("waterproof", "Not waterproof", ""), ("hiking boot", "Mid Hiking Boots", "Hiking Boots"), ("hiking boot", "hiking, boots", ""),
    ("皮革", "不含皮革", ""), ("皮革", "头层皮革", "皮革"), ("防水", "不防水,也不适合负重", ""), ("无线", "真无线耳机", "无线"),
    ("不锈钢", "316不锈钢内胆", "不锈钢"), ("酒精", "无酒精、香精", ""), ("latex free", "latex-free gloves", "latex-free"),
    ("automatic", "semi-automatic", ""), ("leather", "free of leather", ""),
])
def test_a_negated_word_proves_nothing(phrase: str, text: str, span: str) -> None:
    """`leather` does not stand in "leather-free", and 无线 is no negation."""
    assert span_of(stems(phrase), text) == span


@pytest.mark.parametrize(("phrase", "text", "span"), [
    ("latex", "latex-free gloves", "latex-free"), ("leather", "made with no leather at all", "no leather"), ("酒精", "不含酒精", "不含酒精"),
    ("leather", "real leather", ""), ("硅油", "温和,无硅油", "无硅油"),
])
def test_a_denial_is_quoted_with_what_denies(phrase: str, text: str, span: str) -> None:
    """Without its negation the evidence for `latex free` would say the opposite."""
    assert denial_of(stems(phrase), text) == span
