"""Where interests move, in counts that tell of nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.insight import InsightError
from assistant.moves import moves
from assistant.pace import USUAL_PACE
from retrieval.schema import Interaction, Item

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BEGAN = NOW - timedelta(days=140)
ITEMS = {
    f"{kind}{n}": Item(f"{kind}{n}", f"{kind} {n}", category=(kind, "Things")) for kind in ("Outdoor", "Garden", "Audio") for n in range(3)
}


def shopper(number: int, *kinds: str) -> list[Interaction]:
    """Three items a week of one kind after the other."""
    return [
        Interaction(f"s{number}", f"{kind}{place}", "click", BEGAN + timedelta(days=7 * week, minutes=place))
        for week, kind in enumerate(kinds) for place in range(3)
    ]


def test_moves_of_a_group_are_told_and_of_a_few_are_not() -> None:
    """Twelve who left the outdoors for the garden are counted; three who took up audio are in no count."""
    acts = [act for n in range(12) for act in shopper(n, *["Outdoor"] * 9, *["Garden"] * 9)]
    acts += [act for n in range(12, 15) for act in shopper(n, *["Outdoor"] * 9, *["Audio"] * 9)]
    found = moves(acts, ITEMS, USUAL_PACE, since=BEGAN)
    assert [(count.key, count.people) for count in found.pairs] == [("Outdoor → Garden", 12)]
    assert [(count.key, count.people) for count in found.left] == [("Outdoor", 15)]
    assert [(count.key, count.people) for count in found.taken_up] == [("Garden", 12)]
    assert {count.key.split()[1] for count in found.turned_to} == {"Outdoor", "Garden"}
    assert moves(acts, ITEMS, USUAL_PACE, since=NOW).pairs == ()


def test_a_group_of_one_is_refused() -> None:
    """As for every other count."""
    with pytest.raises(InsightError, match="expected 2 or more"):
        moves((), ITEMS, USUAL_PACE, since=NOW, group=1)
