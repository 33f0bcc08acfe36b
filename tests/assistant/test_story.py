"""The story of a shopper's interests: what she holds now, back through time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.memory import Memory
from assistant.schema import Interest, Profile, Reading, Reply, Turn
from assistant.story import month_ends, story
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.schema import Interaction, Item, Signal
from retrieval.shop import Shop, ShopSettings

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
WISH = Signal("category", "=", "tent")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """Anna bought boots in February and asked for a tent in May."""
    with Shop.create(tmp_path / "shop", ShopSettings("Test", embedder="hashing"), embedder=HashingEmbedder()) as shop:
        bought = Interaction("anna", "b", "purchase", NOW - timedelta(days=90))
        import_feed(shop, catalog=[Item("b", "Boots", category=("Outdoor", "Boots"))], interactions=[bought])
        held = Memory.of(shop, lambda: NOW)
        held.shoppers.consent("anna", memory=True)
        before = held.begin((), "anna")
        wish = Interest(WISH, 1.0, "message", NOW, 1, sentence="a tent")
        profile = Profile((*before.interests, wish))
        held.keep(Turn("t", "s", 1, "a tent", NOW, Reading("recommend", "en", (WISH,)), profile, Reply("recommend"),
                       shopper_id="anna", done=True), before)
        yield held


def test_interests_come_and_fade_month_by_month(memory: Memory) -> None:
    """What was bought and what was asked for stands at each month's end as strong as it was then."""
    points = story(memory, "anna", month_ends(NOW, 5))
    told = {(p.value, p.at.month): p.strength for p in points}
    assert told["Boots", 1] == 0 < told["Boots", 4] < told["Boots", 2]
    assert told["tent", 4] == 0 < told["tent", 5]


def test_only_what_is_held_is_told(memory: Memory) -> None:
    """A forgotten interest is in no picture, neither is anything of an unknown id or of one who took her consent back."""
    memory.shoppers.forget("anna", [Signal("category", "~", "Boots")])
    assert {p.value for p in story(memory, "anna", month_ends(NOW, 5))} == {"tent"}
    assert story(memory, "nobody", [NOW]) == ()
    memory.shoppers.consent("anna", memory=False)
    assert story(memory, "anna", [NOW]) == ()


def test_month_ends_cross_years_and_zones() -> None:
    """Six moments, the newest being now, each before it the last of its month in UTC."""
    found = month_ends(datetime(2026, 2, 28, 23, tzinfo=UTC), 4)
    assert [(at.year, at.month, at.day) for at in found] == [(2025, 11, 30), (2025, 12, 31), (2026, 1, 31), (2026, 2, 28)]
