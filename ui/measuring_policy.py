"""`daogou evaluate policy`: logged slates, and what other shares of exploration would have been clicked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ui.options import Json
from ui.terminal import print_json, say


def policy(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="JSON Lines, a slot a line, gzipped or not.")
    ] = None,
    shop: Annotated[str, typer.Option(help="Instead of FILE: a shop, whose stored turns are the log.")] = "",
    exploration: Annotated[
        list[float] | None, typer.Option(min=0, max=0.5, help="A share to estimate; may be given several times. [0, 0.1, 0.3]")
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Write the log as JSON Lines.")] = None,
    seed: int = 0, json: Json = False,
) -> None:
    """Clicks a slate under other shares of exploration: IPS, SNIPS and doubly robust, from logged chances."""
    from training.evaluate_policy import SHARES, LogError, evaluate_policy, read_log, shop_log, write_log
    from ui.wiring import open_shop

    if (file is None) == (not shop):
        raise typer.BadParameter("found both or neither of FILE and --shop, expected one of them")
    try:
        if file is not None:
            shown = list(read_log(file))
        else:
            with open_shop(shop) as opened:
                shown = list(shop_log(opened))
        if export is not None:
            write_log(shown, export)
        report = evaluate_policy(shown, exploration or SHARES, seed=seed)
    except LogError as error:
        raise typer.BadParameter(str(error)) from error
    if json:
        print_json(report)
    else:
        _print_report(report)


def _print_report(report: dict[str, Any]) -> None:
    logged = report["logged"]
    say(f"{report['turns']} slates, {report['clicks']} clicks, {report['explored_share']:.1%} of the slots left to chance")
    say(f"clicks a slate as logged: {logged['value']:.4f}  ({logged['interval'][0]:.4f} to {logged['interval'][1]:.4f})")
    for row in report["candidates"]:
        say(f"exploration {row['exploration']:g}")
        for name in ("ips", "snips", "dr"):
            if row[name] is not None:
                low, high = row["intervals"][name]
                say(f"  {name:6} {row[name]:.4f}  ({low:.4f} to {high:.4f})")
        if row["ips"] is not None:
            say(f"  as much as {row['effective_turns']:.0f} unweighted slates; largest weight {row['largest_weight']:g}")
        for text in row["warnings"]:
            say(f"  ! {text}")
