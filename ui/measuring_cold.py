"""`daogou evaluate cold-start`: what questions to a newcomer are worth."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui.measuring_texts import tell, tell_rejected
from ui.options import Json, Plots
from ui.terminal import progress_bar

if TYPE_CHECKING:
    from retrieval.errors import RowError

_Interactions = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="What shoppers did; those of the shop by default.")
]
_Items = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A catalogue, asked by popularity.")]


def cold_start(
    interactions: _Interactions = None, items: _Items = None,
    shop: Annotated[str, typer.Option(help="A shop, asked through its own search.")] = "",
    opening: Annotated[
        Literal["nothing", "department", "shelf", "title"], typer.Option(help="What newcomers say first.")
    ] = "nothing",
    part: Annotated[Literal["validation", "test", "all"], typer.Option(help="Which half of the shoppers.")] = "test",
    limit: Annotated[int, typer.Option(min=1, help="Items that count.")] = 10,
    shoppers: Annotated[int, typer.Option(min=1, help="The most newcomers.")] = 500,
    errors: Annotated[float, typer.Option(min=0.0, max=1.0, help="Mistaken taps in the variant with errors.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Draws the newcomers and their answers.")] = 0,
    plots: Plots = None, json: Json = False,
) -> None:
    """Questions chosen by information, at random and by a fixed list: recall after 0, 1 and 2 answers.

    Without interactions newcomers want something like an item drawn from the catalogue.
    """
    from retrieval.errors import FeedError
    from retrieval.search import Search
    from training.cold_ground import ground_of_files, ground_of_shop
    from training.cold_worlds import FileWorld, ShopWorld, World
    from training.evaluate_cold_start import NobodyNew, Plan, evaluate_cold_start, newcomers_of, rows_of
    from ui.wiring import open_shop

    if (items is None) == (not shop):
        raise typer.BadParameter("expected one of --items FILE and --shop SHOP")
    rejected: list[RowError] = []
    try:
        with progress_bar() as bar, ExitStack() as stack:
            opened = stack.enter_context(open_shop(shop, bar)) if shop else None
            ground = (
                ground_of_shop(opened, interactions, rejected.append) if opened is not None
                else ground_of_files(items, interactions, rejected.append)  # type: ignore[arg-type]
            )
            newcomers, popularity = newcomers_of(ground, part, shoppers, seed)
            world: World = (
                ShopWorld(Search(opened), limit, seed, rows_of(newcomers)) if opened is not None
                else FileWorld(ground.catalogue, ground.titles, popularity, ground.currency, limit, seed)
            )
            result = evaluate_cold_start(
                world, ground.titles, newcomers, Plan(opening, limit, errors, seed), bar or (lambda phase, done, of: None)
            )
    except (FeedError, NobodyNew) as error:
        raise typer.BadParameter(str(error)) from error
    tell_rejected(rejected)
    if plots:
        from training.cold_plots import cold_start_plot

        cold_start_plot(result, plots / "cold_start.png")
    tell(result, json)
