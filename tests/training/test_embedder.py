"""What an embedder is tuned on."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.memory import Memory
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import Attribute, Item
from retrieval.shop import Shop, ShopSettings
from training.embedder import EmbedderDataError, EmbedderRecipe, judged_triplets, shop_triplets
from training.judgements import JudgedQuery, Judgements

ITEMS = tuple(
    Item(f"{kind}-{material}", f"{material.title()} {kind}", category=("Home", f"{kind}s"), attributes=(Attribute("material", (material,)),))
    for kind in ("kettle", "lamp") for material in ("steel", "glass", "oak")
)


def test_judged_pairs_become_triplets_of_better_and_worse() -> None:
    """The unwanted product was judged clearly worse for the same query, or was not judged for it."""
    judged = Judgements((JudgedQuery("1", "glass kettle", {"kettle-glass": 3.0, "kettle-steel": 2.7, "lamp-oak": 1.0}),), 1.0, 3.0)
    triplets = judged_triplets(judged, ITEMS, HashingEmbedder(), EmbedderRecipe(batch=1))
    assert {triplet.wanted for triplet in triplets} == {"Glass kettle", "Steel kettle"}
    assert not {triplet.unwanted for triplet in triplets} & {"Glass kettle", "Steel kettle"}


def test_a_shop_teaches_what_its_items_are(tmp_path: Path) -> None:
    """Without judged pairs a value and a shelf are the query; the unwanted item stands on that shelf and has another value."""
    shop = Shop.create(tmp_path / "shop", ShopSettings("Shop", embedder="hashing"), embedder=HashingEmbedder())
    with shop:
        import_feed(shop, catalog=ITEMS)
        triplets = shop_triplets(shop, Memory.of(shop), EmbedderRecipe(batch=1))
    assert {triplet.query for triplet in triplets} >= {"glass kettles", "oak lamps"}
    for triplet in triplets:
        assert triplet.wanted != triplet.unwanted
        assert triplet.wanted.split()[1] == triplet.unwanted.split()[1]
        assert triplet.query.split()[0] == triplet.wanted.split()[0].lower()


def test_too_little_is_refused() -> None:
    """Fewer triplets than a batch train nothing; the error says how many there are."""
    with pytest.raises(EmbedderDataError, match="found 0 triplets"):
        judged_triplets(Judgements((JudgedQuery("1", "kettle", {}),), 1.0, 3.0), ITEMS, HashingEmbedder(), EmbedderRecipe())
