"""`daogou insight`: what shoppers ask for and what finds nothing, in counts that tell of nobody."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from assistant.insight import Count, Insight, insight
from ui.terminal import note, print_json, say
from ui.wiring import open_shop

_TITLES = {
    "kinds": "Asked for", "wishes": "And it should be", "found_nothing": "Ruled everything out", "intents": "Came to",
}
_SHOWN = 20
"""Lines of a table in the terminal; --json has all."""


def show_insight(shop: str, group: int, epsilon: float | None, days: int, *, as_json: bool) -> None:
    """The tables of the last days. Raises InsightError, StoreError."""
    with open_shop(shop) as opened:
        found = insight(opened.engine, group=group, epsilon=epsilon, since=datetime.now(UTC) - timedelta(days=days))
    if as_json:
        print_json(asdict(found))
        return
    for name, title in _TITLES.items():
        _table(title, getattr(found, name))
    note(_promise(found, days))


def _table(title: str, counts: tuple[Count, ...]) -> None:
    say(f"{title}:")
    for count in counts[:_SHOWN]:
        say(f"  {count.people:6}  {count.key}")
    if not counts:
        say("  (nothing that enough people said)")


def _promise(found: Insight, days: int) -> str:
    """What keeps the counts from telling of a person."""
    if found.epsilon is None:
        who = "fewer than a group" if found.people is None else str(found.people)
        return (
            f"last {days} days; people: {who}; a count is told from {found.group} people on, {found.hidden} keys are not. "
            "No noise: whoever knows all but one of a group could infer the one; --epsilon adds it."
        )
    return (
        f"last {days} days; epsilon {found.epsilon:g} and delta {found.delta:.1e} for each of the {len(_TITLES)} tables, "
        f"{len(_TITLES) * found.epsilon:g} for all; told from a noisy count of {found.group} on. Every run spends it again."
    )
