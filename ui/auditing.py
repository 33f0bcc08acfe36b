"""`daogou train audit` and `train adapter --epsilon`: what an adapter keeps of its messages, and a bound on it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated, Any

import typer

from ui.measuring_texts import labelled, need_train_extra, tell
from ui.options import DEFAULT, Json, Plots, Preset
from ui.terminal import progress_bar


def audit(
    out: Annotated[Path | None, typer.Argument(help="Directory of the audit run; can be run again to go on.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML as in `train adapter`; by default one pass.")] = None,
    canaries: Annotated[int, typer.Option(min=1, help="Different made-up secrets for every number of repeats.")] = 20,
    repeats: Annotated[str, typer.Option(help="How often secrets are planted a pass, with commas.")] = "1,4,16",
    messages: Annotated[int, typer.Option(min=2, help="Messages among which they are planted.")] = 1200,
    prompts: Annotated[int, typer.Option(min=1, help="Prompts that try to draw them out.")] = 1000,
    adapter: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="An adapter whose own training rows are told from others.")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="Its training files; the shipped ones by default.")
    ] = None,
    membership_only: Annotated[bool, typer.Option("--membership-only", help="Only that, without an audit run.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the figures into the card of --adapter.")] = False,
    plots: Plots = None, seed: int = 7, model: Preset = DEFAULT, json: Json = False,
) -> None:
    """What an adapter keeps of its training messages: planted secrets drawn out and ranked, and membership told by loss."""
    need_train_extra()
    if out is None and not membership_only:
        raise typer.BadParameter("found no OUT, expected a directory for the audit run, or --adapter FOLDER --membership-only")
    if (membership_only or write) and adapter is None:
        raise typer.BadParameter("found no --adapter, expected the folder of the adapter that is measured")
    from training.memorised import Plan

    plan = Plan(canaries, _counts(repeats), messages, prompts=prompts, seed=seed)
    figures = _measured(plan, model, config, None if membership_only else out, adapter, data or [])
    if plots:
        _draw(figures, plots)
    if write and adapter:
        from training.adapter_card import write_audit
        from training.memorised import for_card

        write_audit(adapter, for_card(figures))
    tell(figures, json)


def private_adapter(
    out: Path, config: Path | None, data: list[Path], start: Path | None, epsilon: float, model: str, json: bool,
) -> None:
    """Tunes the reader under differential privacy, and says what is promised."""
    if importlib.util.find_spec("opacus") is None:
        raise typer.BadParameter("opacus is not installed, and --epsilon needs it: pip install 'daogou[privacy]'")
    from assistant.language.presets import model_folder, preset_named
    from training.examples import hold_out, usable
    from training.private_tuning import Privacy, train_private
    from training.recipes import DataError, recipe_from, shipped_messages
    from ui.places import home

    rows = [row for path in data for row in labelled(path)] if data else shipped_messages()
    learnt, kept = (usable(part, lambda bad: None) for part in hold_out(rows))
    try:
        base = model_folder(preset_named(model), home())
        found = train_private(recipe_from(config, model), base, out, learnt, kept, privacy=Privacy(epsilon), start=start)
    except (DataError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    told = {
        "adapter": str(found.trained.adapter), "examples": found.trained.examples, "epsilon": found.epsilon,
        "delta": found.delta, "noise": found.noise, "validation_loss": found.trained.validation_loss,
    }
    tell(told, json)


def _measured(
    plan: Any, model: str, config: Path | None, out: Path | None, adapter: Path | None, data: list[Path],
) -> dict[str, Any]:
    from dataclasses import replace

    from assistant.language.presets import model_folder, preset_named
    from training.memorised import audit_membership, audit_run
    from training.recipes import DataError, recipe_from, shipped_messages
    from ui.places import home

    rows = [row for path in data for row in labelled(path)] if data else shipped_messages()
    figures: dict[str, Any] = {}
    try:
        recipe = recipe_from(config, model)
        with progress_bar() as bar:
            base = model_folder(preset_named(model), home(), bar)
            if out is not None:
                once = recipe if config else replace(recipe, epochs=1)
                figures["canaries"] = audit_run(once, base, out, plan, rows, bar or _silent)
            if adapter is not None:
                figures["membership"] = audit_membership(base, adapter, plan, rows, bar or _silent)
    except (DataError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    return figures


def _draw(figures: dict[str, Any], folder: Path) -> None:
    from training.audit_plots import exposure_plot, roc_plot

    if run := figures.get("canaries"):
        exposure_plot(run["exposure"], folder / "exposure.png")
        roc_plot(run["membership"], folder / "membership_audit_run.png")
    if "membership" in figures:
        roc_plot(figures["membership"], folder / "membership.png")


def _counts(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"found --repeats {text!r}, expected whole numbers such as 1,4,16") from error


def _silent(phase: str, done: int, total: int | None) -> None:
    """Nobody watches."""
