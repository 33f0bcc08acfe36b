"""`daogou adapt`: a shop learns from its shoppers' feedback, behind a gate; its versions, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.options import Json, Plots
from ui.places import DEMO, shop_directory
from ui.terminal import note, print_json, progress_bar, say

if TYPE_CHECKING:
    from training.adapt import Adapted
    from training.adapt_history import History

_DIALOGUES = Path(__file__).resolve().parent.parent / "training" / "dialogues"


def adapt(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="A directory, or a name in the data directory.")],
    rollback: Annotated[bool, typer.Option("--rollback", help="The version before serves again.")] = False,
    history: Annotated[bool, typer.Option("--history", help="The versions with their figures.")] = False,
    schedule: Annotated[str, typer.Option(help="daily, weekly or off: how often a running server does it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Learn and judge, write nothing.")] = False,
    diff: Annotated[Path | None, typer.Option(help="Write the slates before and after, side by side, as an HTML page.")] = None,
    plots: Plots = None, json: Json = False,
) -> None:
    """Re-tune from consented feedback, behind a gate. Exit code 1 when the gate refuses."""
    from training.adapt_history import History, sole_adapter
    from training.adapt_settings import AdaptError, set_schedule
    from training.dialogues import DialogueError

    directory = shop_directory(shop)
    if not directory.is_dir():
        raise typer.BadParameter(f"no shop at {directory}. Make one: daogou import {shop} --catalog FILE")
    try:
        if schedule:
            settings = set_schedule(directory, schedule)
            _tell(json, {"schedule": settings.schedule}, f"A running server re-tunes {shop}: {settings.schedule}.")
        elif rollback:
            with sole_adapter(directory):
                before, now = History(directory).rollback()
            _tell(json, {"from": before, "in_force": now}, f"Version {_named(now)} serves again, in place of {_named(before)}.")
        elif history:
            _show_history(History(directory), plots, as_json=json)
        else:
            _run(shop, diff, dry_run=dry_run, as_json=json)
    except (AdaptError, DialogueError) as error:
        raise typer.BadParameter(str(error)) from error


def _run(shop: str, diff: Path | None, *, dry_run: bool, as_json: bool) -> None:
    from training.adapt import Plan
    from training.adapt import adapt as adapted
    from training.adapt_settings import load_settings
    from training.shadow_replay import write_page
    from ui.wiring import open_shop

    with progress_bar() as progress, open_shop(shop) as opened:
        own = opened.directory / "dialogues"
        dialogues = (*([own] if own.is_dir() else []), *([_DIALOGUES] if shop == DEMO else []))
        found = adapted(opened, Plan(load_settings(opened.directory), dialogues, dry_run), progress=progress)
    if diff is not None and found.shadow is not None:
        write_page(found.shadow, diff)
    if as_json:
        print_json(found.as_json())
    else:
        _show(found)
    if found.outcome == "refused":
        raise typer.Exit(1)


def _show(found: Adapted) -> None:
    says = {
        "promoted": f"Version {found.version} passed the gate and serves now.",
        "passed": "It would pass the gate. Nothing was written.",
        "refused": f"Refused; version {_named(found.in_force)} goes on.",
        "nothing": "Nothing to learn.", "went back": f"Version {_named(found.in_force)} serves again.",
    }
    for check in found.verdict.checks if found.verdict else ():
        say(f"{'ok' if check.passed else 'NO':3} {check}")
    for name, count in found.taught.screened.counts.items():
        say(f"not learnt from ({name}): {count} reactions")
    for why in found.taught.screened.reasons:
        note(f"  {why}")
    if found.shadow is not None:
        say(f"{len(found.shadow.turns)} stored turns made again: {found.shadow.changed_share:.1%} of the picks changed")
    say(f"{len(found.taught.slates)} slates of {len(found.taught.shoppers)} shoppers, {found.seconds:.0f} s.")
    if found.examples and found.version:
        say(f"{found.examples} confirmed readings for `daogou train adapter` lie in versions/{found.version:03}/messages.jsonl")
    say(says[found.outcome])
    for reason in found.reasons:
        note(f"  {reason}")


def _show_history(history: History, plots: Path | None, *, as_json: bool) -> None:
    from dataclasses import replace

    from pydantic_core import to_jsonable_python

    serving, versions = history.in_force(), history.versions
    if plots is not None:
        from training.adapt_plots import history_plot

        history_plot([version.manifest for version in versions if version.manifest], serving, plots / "history.png")
    if as_json:
        rows = [
            {
                "version": version.number, "in_force": version.number == serving, "problem": version.problem,
                "outdated": version.outdated,
                **(to_jsonable_python(replace(version.manifest, shoppers={})) if version.manifest else {}),
                "shoppers": len(version.manifest.shoppers) if version.manifest else 0,
            }
            for version in versions
        ]
        print_json({"in_force": serving, "versions": rows})
        return
    for version in versions:
        made = version.manifest
        told = version.problem or "made of rows of an erased shopper" * version.outdated
        line = f"{version.number:3} {'in force' if version.number == serving else '':8} "
        if made is None:
            say(f"{line} damaged: {told}")
            continue
        shown = "  ".join(f"{name} {value:.4f}" for name, value in made.figures.items() if value is not None)
        say(f"{line} {made.made_at:%Y-%m-%d %H:%M}  {made.decision:7}  {shown}")
        for reason in (*made.reasons, *([told] if told else [])):
            say(f"{'':13}{reason}")
    say(f"In force: {_named(serving)}")


def _named(number: int | None) -> str:
    return "one trained by hand" if number is None else f"{number}" if number else "0 (as shipped)"


def _tell(as_json: bool, value: dict[str, Any], words: str) -> None:
    if as_json:
        print_json(value)
    else:
        say(words)
