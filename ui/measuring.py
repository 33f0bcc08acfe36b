"""`daogou evaluate ...` and `daogou train ...`: the recipes and measurements of `training`, as commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from retrieval.schema import Review
from ui.auditing import audit, private_adapter
from ui.comparing import compare
from ui.labelling import distill, label, suggest
from ui.measuring_cold import cold_start
from ui.measuring_drift import drift
from ui.measuring_policy import policy
from ui.measuring_recommend import recommend
from ui.measuring_search import embedder, kinds, ranker, search
from ui.measuring_texts import draw_curve, labelled, need_train_extra, reviews, service, tell
from ui.options import DEFAULT, Adapter, Baselines, BaseUrl, EmbedderName, Engine, Json, Plots, Predictions, Preset, TrainingRun
from ui.terminal import note, print_json, progress_bar, say
from ui.training_service import train_service

evaluate_app = typer.Typer(no_args_is_help=True, help="Measure. Exit code 1 when a check fails.", rich_markup_mode=None)
train_app = typer.Typer(no_args_is_help=True, help="Train the models. Every run can be resumed.", rich_markup_mode=None)

evaluate_app.command()(reviews)
evaluate_app.command()(service)
evaluate_app.command()(policy)
evaluate_app.command()(drift)
evaluate_app.command()(recommend)
evaluate_app.command()(search)
train_app.command()(ranker)
train_app.command()(embedder)
train_app.command()(kinds)
train_app.command()(compare)
train_app.command()(audit)
train_app.command("service")(train_service)
train_app.command()(suggest)
train_app.command()(label)
train_app.command()(distill)
evaluate_app.command("cold-start")(cold_start)


@evaluate_app.command()
def dialogues(
    paths: Annotated[list[Path], typer.Argument(help="YAML files, or directories of them.")],
    shop: Annotated[str, typer.Option(help="The shop they talk to.")] = "demo",
    junit: Annotated[Path | None, typer.Option(help="JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(help="One page with the transcripts.")] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Times every dialogue is held.")] = 1,
    seed: Annotated[int, typer.Option(help="Shuffles the order of the dialogues; 0 keeps it.")] = 0,
    baseline: Annotated[Path | None, typer.Option(help="JSON of an earlier run: only new failures count.")] = None,
    model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped",
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
    model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "",
    adapter: Adapter = "shipped", predictions: Predictions = None, baselines: Baselines = False,
    embedder: EmbedderName = "e5-small", plots: Plots = None, run: TrainingRun = None, json: Json = False,
) -> None:
    """The reader on labelled messages: intent, signals, hard-signal errors."""
    from retrieval.embedding import open_embedder
    from training.evaluate_messages import evaluate_messages
    from training.recipes import shipped_messages
    from ui.places import home
    from ui.wiring import ModelChoice, choose_model

    if baselines:
        need_train_extra()
    rows = labelled(file)
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
    task: Annotated[list[str] | None, typer.Option(help="read, review, write or service; several share the adapter.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML with the fields of training.finetune.Recipe.")] = None,
    data: Annotated[list[Path] | None, typer.Option(help="Training rows of the one task; the shipped ones by default.")] = None,
    stars: Annotated[
        list[str] | None, typer.Option(metavar="FILE:TEXT:RATING[:LIMIT]", help="Reviews with their stars, or 0 and 1.")
    ] = None,
    shop: Annotated[list[str] | None, typer.Option(help="A shop whose reviews with stars are learnt from.")] = None,
    start: Annotated[Path | None, typer.Option(help="An adapter to train further.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Train on the good rows when some are bad.")] = False,
    early_stopping: Annotated[
        bool, typer.Option("--early-stopping", help="Judge checkpoints by signal F1 on held-back messages; keep the best.")
    ] = False,
    epsilon: Annotated[
        float | None, typer.Option(help="Tune `read` under differential privacy with this budget; 8 is common. daogou[privacy].")
    ] = None,
    model: Preset = DEFAULT, json: Json = False,
) -> None:
    """Tune tasks: QLoRA on a GPU, LoRA in bfloat16 on a CPU. Run it again to go on after a stop."""
    from assistant.language.presets import model_folder, preset_named
    from retrieval.errors import FeedError
    from training.recipes import DataError, Sources, Stars, recipe_from, signal_judge, train, validation_messages
    from ui.places import home

    if epsilon is not None:
        if (task or ["read"]) != ["read"] or stars or shop or early_stopping:
            raise typer.BadParameter("found other tasks, reviews or --early-stopping with --epsilon, expected messages alone")
        return private_adapter(out, config, data or [], start, epsilon, model, json)
    try:
        recipe = recipe_from(config, model)
        sources = Sources(
            tuple(task or ["read"]), tuple(data or ()), tuple(map(Stars.parse, stars or ())), _reviews_of(shop or ()), skip_bad,
        )
        judge = signal_judge(model, home(), validation_messages()) if early_stopping else None
        trained = train(recipe, model_folder(preset_named(model), home()), out, sources, start=start, judge=judge)
    except (DataError, FeedError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    if json:
        print_json({"adapter": str(trained.adapter), "examples": trained.examples, "validation_loss": trained.validation_loss})
    else:
        say(f"Adapter and card in {trained.adapter}; validation loss {trained.validation_loss:.3f}")


@train_app.command()
def average(
    out: Annotated[Path, typer.Argument(help="Directory for the adapter.")],
    adapters: Annotated[list[Path], typer.Argument(exists=True, file_okay=False, help="Adapters of passes of one run.")],
) -> None:
    """The mean of adapters from neighbouring passes, which reads more steadily than any of them."""
    from training.averaging import NotAlike
    from training.averaging import average as mean_of

    try:
        say(f"Adapter in {mean_of(adapters, out)}")
    except NotAlike as error:
        raise typer.BadParameter(str(error)) from error


def _reviews_of(shops: Sequence[str]) -> tuple[Review, ...]:
    from ui.wiring import open_shop

    found: list[Review] = []
    for name in shops:
        with open_shop(name) as opened:
            found += opened.all_reviews()
    return tuple(found)
