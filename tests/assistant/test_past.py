"""What the shop's records say of a shopper who agreed: learnt once, never without consent, gone with her."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from assistant.erasure import Erasure
from assistant.memory import Memory
from assistant.memory_tables import learnt_acts_table
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import Interaction, Item, Order, Signal
from retrieval.shop import Shop, ShopSettings

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ITEMS = (
    *(Item(f"b{n}", f"Walking Boots {n}", category=("Outdoor", "Boots"), brand="Fell") for n in range(8)),
    *(Item(f"h{n}", f"Hose {n}", category=("Garden", "Hoses"), brand="Drip") for n in range(8)),
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop", ShopSettings("Test", embedder="hashing"), embedder=HashingEmbedder()) as made:
        import_feed(made, catalog=ITEMS)
        yield made


@pytest.fixture
def memory(shop: Shop) -> Memory:
    """Anna agreed to be remembered."""
    held = Memory.of(shop, lambda: NOW)
    held.shoppers.consent("anna", memory=True)
    return held


def bought(shop: Shop, *items: str, days_ago: float = 10.0, every: float = 0.01) -> None:
    at = NOW - timedelta(days=days_ago)
    import_feed(shop, interactions=[
        Interaction("anna", item, "purchase", at + timedelta(days=every * place)) for place, item in enumerate(items)
    ])


def strengths(memory: Memory) -> dict[str, float]:
    return {str(interest.signal): interest.strength for interest in memory.begin((), "anna").interests}


def test_imported_purchases_are_interests_without_a_word(shop: Shop, memory: Memory) -> None:
    """The first look at a returning shopper knows her by what was imported, with its title as the reason, whatever came first."""
    assert strengths(memory) == {}
    bought(shop, "b1")
    assert strengths(memory).keys() == {"category~Boots", "brand~Fell"}
    (boots, *_) = memory.shoppers.interests("anna")
    assert (boots.source, boots.sentence, boots.term) == ("purchase", "Walking Boots 1", "long")


def test_an_act_is_learnt_from_once(shop: Shop, memory: Memory) -> None:
    """Looking again, and importing again, adds nothing; what comes late or from a clock that jumped adds once."""
    bought(shop, "b1")
    first = strengths(memory)
    bought(shop, "b1")
    assert strengths(memory) == first
    bought(shop, "b2", days_ago=40)
    bought(shop, "b3", days_ago=-400)
    more = strengths(memory)
    assert more["category~Boots"] > first["category~Boots"]
    assert strengths(memory) == more


def test_orders_count_unless_told_already(shop: Shop, memory: Memory) -> None:
    """An imported order is a purchase; a cancelled one is not, and one that the interactions tell is not another."""
    at = NOW - timedelta(days=10)
    import_feed(shop, orders=[Order("o1", "anna", "cancelled", at, (("h1", 1),))])
    assert strengths(memory) == {}
    import_feed(shop, orders=[Order("o2", "anna", "delivered", at, (("b1", 2),))])
    first = strengths(memory)
    assert "category~Boots" in first
    bought(shop, "h2")
    import_feed(shop, orders=[Order("o3", "anna", "delivered", at + timedelta(minutes=5), (("h2", 1),))])
    found = strengths(memory)
    assert found["category~Hoses"] == pytest.approx(first["category~Boots"], abs=1e-6)


def test_nothing_is_learnt_without_consent(shop: Shop, memory: Memory) -> None:
    """A shopper who is unknown, did not agree or took it back leaves no trace of learning; agreeing anew learns anew."""
    bought(shop, "b1")
    memory.shoppers.consent("anna", memory=False)
    assert strengths(memory) == {}
    assert learnt_rows(memory) == 0
    memory.shoppers.consent("anna", memory=True)
    assert "category~Boots" in strengths(memory)
    memory.shoppers.consent("anna", memory=False)
    assert learnt_rows(memory) == 0


def test_what_is_forgotten_stays_forgotten(shop: Shop, memory: Memory) -> None:
    """A forgotten interest comes back by a new act only."""
    bought(shop, "b1")
    memory.begin((), "anna")
    memory.shoppers.forget("anna", [Signal("category", "~", "Boots")])
    assert strengths(memory).keys() == {"brand~Fell"}
    bought(shop, "b2", days_ago=1)
    assert "category~Boots" in strengths(memory)


def test_pauses_and_periods_hold_for_records_too(shop: Shop, memory: Memory) -> None:
    """What was bought while learning was paused, or longer ago than was agreed to, is passed over for good."""
    memory.shoppers.pause("anna")
    bought(shop, "b1")
    assert strengths(memory) == {}
    memory.shoppers.pause("anna", False)
    assert strengths(memory) == {}
    memory.shoppers.consent("anna", memory=True, retention_days=30)
    bought(shop, "b2", days_ago=31)
    assert strengths(memory) == {}


def test_a_taste_that_was_left_counts_less(shop: Shop, memory: Memory) -> None:
    """A hiker who turned to gardening is taken for a gardener, whether her acts come at once or in two imports."""
    boots, hoses = _weeks("b"), _weeks("h")
    bought(shop, *boots, days_ago=240, every=3.5)
    early = strengths(memory)
    assert early.keys() == {"category~Boots", "brand~Fell"}
    bought(shop, *hoses, days_ago=70, every=3.5)
    late = strengths(memory)
    assert late["category~Hoses"] > 3 * late["category~Boots"]
    assert late["brand~Fell"] < early["brand~Fell"] / 2
    memory.shoppers.consent("anna", memory=False)
    memory.shoppers.consent("anna", memory=True)
    whole = strengths(memory)
    assert whole["category~Boots"] < early["category~Boots"] / 2


def test_erasing_takes_what_was_learnt_from(shop: Shop, memory: Memory) -> None:
    """Acts, interests and which acts were learnt from go, and are not learnt again when an import brings them back."""
    bought(shop, "b1", "b2")
    memory.begin((), "anna")
    assert learnt_rows(memory) == 2
    erasure = Erasure(shop.directory, shop.engine, memory.identity, lambda: NOW)
    proof = erasure.erase("anna")
    assert proof is not None
    assert proof.complete
    assert proof.rows["learnt_acts"] == 2
    bought(shop, "b1")
    assert strengths(memory) == {}
    assert erasure.brought_back() == 1


def test_stars_leave_no_words_behind(shop: Shop, memory: Memory) -> None:
    """An imported rating has the item's title for a sentence, which is the shop's and stays when its shopper is erased."""
    import_feed(shop, interactions=[Interaction("anna", "b1", "rating", NOW - timedelta(days=3), 5.0)])
    assert "category~Boots" in strengths(memory)
    proof = Erasure(shop.directory, shop.engine, memory.identity, lambda: NOW).erase("anna")
    assert proof is not None
    assert proof.complete


def test_clocks_that_jump_back_are_harmless(shop: Shop, memory: Memory) -> None:
    """Learnt under a clock far ahead, nothing is learnt twice when it is set right."""
    bought(shop, "b1")
    ahead = replace(memory, now=lambda: NOW + timedelta(days=90))
    first = strengths(ahead)
    assert strengths(memory) == first


def _weeks(letter: str) -> Sequence[str]:
    return [f"{letter}{week % 8}" for week in range(18)]


def learnt_rows(memory: Memory) -> int:
    with memory.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(learnt_acts_table)).scalar_one())
