"""`daogou shopper`: what is known of a shopper, from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.options import Json, Plots

shopper_app = typer.Typer(
    no_args_is_help=True, help="What is remembered of a shopper: show, correct, export, erase.", rich_markup_mode=None
)
Shop = Annotated[str, typer.Argument(metavar="SHOP", help="A directory, or a name in the data directory.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The shopper's id.")]
Which = Annotated[str, typer.Argument(metavar="SIGNAL", help="As `show` prints it, such as color~red.")]


@shopper_app.command()
def show(shop: Shop, id: Id, plots: Plots = None, json: Json = False) -> None:
    """Every interest with its source, strength and age, and what was agreed to."""
    from ui.shopper_memory import show_shopper

    show_shopper(shop, id, plots, as_json=json)


@shopper_app.command()
def export(shop: Shop, id: Id) -> None:
    """Everything that the shop has of the shopper, as one JSON object."""
    from ui.shopper_memory import export_shopper

    export_shopper(shop, id)


@shopper_app.command()
def erase(
    shop: Shop, id: Id, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, json: Json = False
) -> None:
    """Delete everything of the shopper, and prove it by a search of every table and file. Exit code 1 when something is left."""
    from ui.shopper_memory import erase_shopper

    if not yes and not typer.confirm(f"Delete everything that {shop} has of {id}, for good?", err=True):
        raise typer.Exit(2)
    erase_shopper(shop, id, as_json=json)


@shopper_app.command()
def forget(shop: Shop, id: Id, signal: Which, json: Json = False) -> None:
    """One interest is gone."""
    from ui.shopper_memory import change_interest

    change_interest(shop, id, signal, "forget", as_json=json)


@shopper_app.command()
def pin(
    shop: Shop, id: Id, signal: Which, off: Annotated[bool, typer.Option("--off", help="Let it fade again.")] = False,
    json: Json = False,
) -> None:
    """One interest stays as it is: it does not fade."""
    from ui.shopper_memory import change_interest

    change_interest(shop, id, signal, "unpin" if off else "pin", as_json=json)


@shopper_app.command()
def pause(
    shop: Shop, id: Id, off: Annotated[bool, typer.Option("--off", help="Go on learning.")] = False, json: Json = False
) -> None:
    """Nothing new is learnt of the shopper."""
    from ui.shopper_memory import pause_shopper

    pause_shopper(shop, id, not off, as_json=json)


@shopper_app.command()
def consent(
    shop: Shop, id: Id,
    memory: Annotated[bool, typer.Option("--memory/--no-memory", help="Interests and turns may be kept beyond a session.")],
    training: Annotated[bool, typer.Option("--training/--no-training", help="They may be learnt from.")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="How long; 365 unless told.")] = None,
    json: Json = False,
) -> None:
    """What the shopper agreed to, or took back: without --memory the interests go at once."""
    from ui.shopper_memory import record_consent

    record_consent(shop, id, memory=memory, training=training, days=days, as_json=json)


@shopper_app.command()
def token(shop: Shop, id: Id, rotate: Annotated[bool, typer.Option("--rotate", help="Make a new key first.")] = False) -> None:
    """The signed id that a shop's own page sets as the cookie `daogou_shopper` for a shopper who signed in."""
    from ui.shopper_memory import print_token

    print_token(shop, id, rotate=rotate)


@shopper_app.command()
def sweep(shop: Shop, json: Json = False) -> None:
    """Delete what is past its time, and end erasures that were stopped. A server does it every day."""
    from ui.shopper_memory import sweep_now

    sweep_now(shop, as_json=json)
