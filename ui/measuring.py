"""`daogou evaluate ...` and `daogou train ...`: the recipes and measurements of `training`, as commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.measuring_texts import draw_curve, need_train_extra, reviews, service, tell
from ui.options import Adapter, Baselines, BaseUrl, EmbedderName, Engine, Json, Plots, Predictions, Preset, TrainingRun
from ui.terminal import note, print_json, progress_bar, say

evaluate_app = typer.Typer(no_args_is_help=True, help="Measure. Exit code 1 when a check fails.", rich_markup_mode=None)
train_app = typer.Typer(no_args_is_help=True, help="Train the models. Every run can be resumed.", rich_markup_mode=None)

evaluate_app.command()(reviews)
evaluate_app.command()(service)


@evaluate_app.command()
def dialogues(
    paths: Annotated[list[Path], typer.Argument(help="YAML files, or directories of them.")],
    shop: Annotated[str, typer.Option(help="The shop they talk to.")] = "demo",
    junit: Annotated[Path | None, typer.Option(help="JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(help="One page with the transcripts.")] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Times every dialogue is held.")] = 1,
    seed: Annotated[int, typer.Option(help="Shuffles the order of the dialogues; 0 keeps it.")] = 0,
    baseline: Annotated[Path | None, typer.Option(help="JSON of an earlier run: only new failures count.")] = None,
    model: Preset = "smollm2-135m", engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped",
    json: Json = False,
) -> None:
    """Hold scripted dialogues with a shop; exit code 1 when one fails."""
    import random

    from assistant.language.scripted import ScriptedReader
    from training.dialogue_report import new_failures, write_html, write_junit
    from training.dialogues import DialogueError, load_dialogues, run_dialogues, scripts_of
    from ui.wiring import ModelChoice, open_assistant

    try:
        found = list(load_dialogues(paths))
    except DialogueError as error:
        raise typer.BadParameter(str(error)) from error
    if seed:
        random.Random(seed).shuffle(found)
    with progress_bar() as progress:
        assistant, problem = open_assistant(shop, ModelChoice(model, engine, base_url, adapter), progress=progress)
        if engine == "scripted":
            assistant.model = ScriptedReader(scripts_of(found))
        elif problem:
            note(f"No language model: {problem}")
        outcome = run_dialogues(found, assistant, repeat=repeat, progress=progress)
    if junit:
        write_junit(outcome, junit)
    if html:
        write_html(outcome, html)
    failed = new_failures(outcome, baseline) if baseline else outcome.failed
    if json:
        print_json(outcome.as_json())
    else:
        say(f"{outcome.passed} of {outcome.dialogues} dialogues passed, {outcome.hard_violations} hard violations")
        for failure in failed:
            say(f"  {failure.id}, turn {failure.turn}, {failure.check}: {failure.reason}")
    if failed:
        raise typer.Exit(1)


@evaluate_app.command()
def messages(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON Lines with id, language, message and gold.")],
    model: Preset = "smollm2-135m", engine: Engine = "auto", base_url: BaseUrl = "",
    adapter: Adapter = "shipped", predictions: Predictions = None, baselines: Baselines = False,
    embedder: EmbedderName = "e5-small", plots: Plots = None, run: TrainingRun = None, json: Json = False,
) -> None:
    """The reader on labelled messages: intent, signals, hard-signal errors."""
    from retrieval.embedding import open_embedder
    from training.evaluate_messages import evaluate_messages
    from training.examples import read_messages
    from training.recipes import shipped_messages
    from ui.places import home
    from ui.wiring import ModelChoice, choose_model

    if baselines:
        need_train_extra()
    rows = list(read_messages(file, lambda bad: note(str(bad))))
    untuned = choose_model(ModelChoice(model, engine, base_url, "none")) if baselines else None
    with progress_bar() as progress:
        result = evaluate_messages(
            choose_model(ModelChoice(model, engine, base_url, adapter)), rows, untuned=untuned,
            train=shipped_messages() if baselines else (),
            embedder=open_embedder(embedder, home(), progress) if baselines else None,
            predictions=predictions, plots=plots, progress=progress or (lambda phase, done, of: None),
        )
    draw_curve(plots, run)
    tell(result, json)


@train_app.command()
def adapter(
    out: Annotated[Path, typer.Argument(help="Directory for checkpoints, logs and the adapter.")],
    task: Annotated[str, typer.Option(help="read (messages) or write (explanations).")] = "read",
    config: Annotated[Path | None, typer.Option(help="TOML with the fields of training.finetune.Recipe.")] = None,
    data: Annotated[list[Path] | None, typer.Option(help="Training rows; the shipped ones by default.")] = None,
    start: Annotated[Path | None, typer.Option(help="An adapter to train further.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Train on the good rows when some are bad.")] = False,
    model: Preset = "smollm2-135m", json: Json = False,
) -> None:
    """Tune a task: QLoRA on a GPU, LoRA in bfloat16 on a CPU. Run it again to go on after a stop."""
    from assistant.language.presets import model_folder, preset_named
    from training.recipes import DataError, recipe_from, train_reader, train_writer
    from ui.places import home

    if task not in ("read", "write"):
        raise typer.BadParameter(f"found task {task!r}, expected read or write")
    train = train_reader if task == "read" else train_writer
    try:
        recipe = recipe_from(config)
        trained = train(recipe, model_folder(preset_named(model), home()), out, data or (), skip_bad=skip_bad, start=start)
    except DataError as error:
        raise typer.BadParameter(str(error)) from error
    if json:
        print_json({"adapter": str(trained.adapter), "examples": trained.examples, "validation_loss": trained.validation_loss})
    else:
        say(f"Adapter and card in {trained.adapter}; validation loss {trained.validation_loss:.3f}")
