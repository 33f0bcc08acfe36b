"""How items are regarded."""

from __future__ import annotations

from datetime import UTC, datetime

from retrieval.regard import RegardBuilder
from retrieval.schema import Interaction, Signal

AT = datetime(2026, 5, 1, tzinfo=UTC)
ROWS = {"boot": 0, "shoe": 1, "lamp": 2}


def test_what_is_bought_is_more_popular_than_what_is_seen() -> None:
    """Purchases weigh more than views; an item that nobody chose has none; unknown items are passed over."""
    builder = RegardBuilder(ROWS)
    builder.choose([Interaction("s", "boot", "purchase", AT), Interaction("s", "shoe", "view", AT), Interaction("s", "gone", "cart", AT)])
    popularity = builder.build().popularity
    assert popularity.tolist()[0] == 1.0 > popularity[1] > popularity[2] == 0.0


def test_reviewers_praise_and_complain_of_an_aspect() -> None:
    """Praise of the very aspect lifts, complaints sink, other aspects say nothing, and one remark says less than three."""
    builder = RegardBuilder(ROWS)
    builder.remark([("boot", Signal("feature", "~", "waterproof"))] * 3)
    builder.remark([("shoe", Signal("feature", "!~", "waterproof membrane")), ("lamp", Signal("feature", "~", "bright"))])
    praise = builder.build().praise([("waterproof",)])
    assert praise.tolist() == [3 / 5, -1 / 3, 0.0]


def test_a_shop_without_reviews_or_interactions_is_even() -> None:
    """Nothing known is zero everywhere."""
    regard = RegardBuilder(ROWS).build()
    assert regard.popularity.tolist() == regard.praise([("warm",)]).tolist() == [0.0, 0.0, 0.0]
