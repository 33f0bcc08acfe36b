"""`daogou evaluate drift`: how fast slates follow interests that move, and how seldom a move is seen that was none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.measuring_texts import need_train_extra, tell
from ui.options import Json, Plots
from ui.terminal import note, progress_bar

if TYPE_CHECKING:
    from training.drift_cases import World


def drift(
    interactions: Annotated[Path | None, typer.Option(exists=True, help="A log with shopper, item and time.")] = None,
    items: Annotated[Path | None, typer.Option(exists=True, help="The items of the log, with categories or genres.")] = None,
    shoppers: Annotated[int, typer.Option(min=60, help="Shoppers of the demo shop that are made up.")] = 2000,
    seed: int = 0, plots: Plots = None, json: Json = False,
) -> None:
    """Slates after interests move: the demo shop's shoppers, and with a log its users, spliced and those whose own mix changed.

    Settings are chosen on one half of the shoppers and reported on the other; alarms are told by the learnt pace and the usual.
    """
    need_train_extra()
    from training.evaluate_drift import TooFew, evaluate_drift

    if (interactions is None) != (items is None):
        raise typer.BadParameter("found one of --interactions and --items, expected both or neither")
    result = {}
    with progress_bar() as bar:
        for world in _worlds(interactions, items, shoppers, seed):
            try:
                result[world.name] = evaluate_drift(world, seed=seed, plots=plots, progress=bar or _silent)
            except TooFew as error:
                note(str(error))
    if not result:
        raise typer.BadParameter("found too few shoppers whose interests change, expected some in both halves")
    tell(result, json)


def _worlds(interactions: Path | None, items: Path | None, shoppers: int, seed: int) -> list[World]:
    from retrieval.demo.generate import DemoSettings
    from retrieval.errors import FeedError
    from retrieval.feeds import read_catalog, read_interactions
    from training.drift_cases import demo_world, natural_world, spliced_world

    usual = DemoSettings()
    found = [demo_world(shoppers, usual.until, seed or usual.seed)]
    if interactions and items:
        try:
            known = {item.id: item for item in read_catalog(items)}
            acts = list(read_interactions(interactions))
        except FeedError as error:
            raise typer.BadParameter(str(error)) from error
        found += [spliced_world(acts, known, seed), natural_world(acts, known, seed)]
    return found


def _silent(phase: str, done: int, total: int | None) -> None:
    """Nobody watches."""
