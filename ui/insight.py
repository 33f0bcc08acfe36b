"""`daogou insight`: what shoppers ask for and what finds nothing, in counts that tell of nobody."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant.insight import Count, Insight, insight
from assistant.moves import Moves, moves
from assistant.pace import pace_file
from retrieval.shop import Shop
from ui.measuring_texts import need_train_extra
from ui.terminal import note, print_json, say
from ui.wiring import open_shop

_TITLES = {
    "kinds": "Asked for", "wishes": "And it should be", "found_nothing": "Ruled everything out", "intents": "Came to",
}
_SHOWN = 20
"""Lines of a table in the terminal; --json has all."""


def show_insight(shop: str, group: int, epsilon: float | None, days: int, plots: Path | None, *, as_json: bool) -> None:
    """The tables of the last days; with `plots` a picture there of where interests moved. Raises InsightError, StoreError."""
    since, moved = datetime.now(UTC) - timedelta(days=days), None
    with open_shop(shop) as opened:
        found = insight(opened.engine, group=group, epsilon=epsilon, since=since)
        if plots:
            moved = _moves(opened, group, epsilon, since)
    if plots and moved:
        _draw(moved, plots)
    if as_json:
        print_json({**asdict(found), "moves": asdict(moved) if moved else None})
        return
    for name, title in _TITLES.items():
        _table(title, getattr(found, name))
    for title, counts in (("Left", moved.left), ("Taken up", moved.taken_up), ("Moved", moved.pairs)) if moved else ():
        _table(title, counts)
    note(_promise(found, days))


def _moves(shop: Shop, group: int, epsilon: float | None, since: datetime) -> Moves:
    """Where the interests of the shop's shoppers moved, by what they did there."""
    acts = list(shop.interactions())
    items = {item.id: item for item in shop.items(sorted({act.item_id for act in acts}))}
    return moves(acts, items, pace_file(shop.directory).current(), since=since, group=group, epsilon=epsilon)


def _draw(moved: Moves, plots: Path) -> None:
    need_train_extra()
    from training.drift_plots import moves_plot

    moves_plot(moved, plots / "moves.png")
    note(f"drawn: {plots / 'moves.png'}")


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
        f"{len(_TITLES) * found.epsilon:g} for all, twice that with --plots; told from a noisy count of {found.group} on. "
        "Every run spends it again."
    )
