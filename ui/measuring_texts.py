"""`daogou evaluate reviews` and `daogou evaluate service`: tables of texts, measured."""

from __future__ import annotations

import importlib.util
import json as json_module
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.options import DEFAULT, Adapter, Baselines, BaseUrl, EmbedderName, Engine, Json, Plots, Predictions, Preset, TrainingRun
from ui.terminal import note, print_json, progress_bar, say

if TYPE_CHECKING:
    from retrieval.errors import RowError
    from retrieval.wheels import Progress
    from training.evaluate_service import Router
    from training.examples import Labelled
    from training.review_baselines import Peers
    from training.text_tables import Rated, Table

_SHOWN = 5
"""Rejected rows that are shown."""


def reviews(
    file: Annotated[Path, typer.Argument(help="CSV or JSON Lines, gzipped or not.")],
    text: Annotated[str, typer.Option(help="Column of the review.")],
    rating: Annotated[str, typer.Option(help="Column of the rating: 1 to 5, or only 0 and 1.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Reviews at most, drawn by --seed.")] = None,
    aspects: Annotated[bool, typer.Option(help="Read aspects and quotes too, which takes longer.")] = True,
    train: Annotated[Path | None, typer.Option(help="What the peers learn from; by default folds of FILE.")] = None,
    group: Annotated[str, typer.Option(help="Column whose equal values (a reviewer) are never split between folds.")] = "",
    baselines: Baselines = False, embedder: EmbedderName = "", plots: Plots = None, run: TrainingRun = None,
    predictions: Predictions = None, seed: int = 0,
    model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped",
    json: Json = False,
) -> None:
    """Ratings and sentiment read out of reviews, against what their writers gave."""
    from assistant.review_reading import ASPECTS
    from training.evaluate_reviews import evaluate_reviews
    from training.text_tables import TooFewRows, read_rated
    from ui.wiring import ModelChoice, choose_model

    table = read_rated(file, text, rating, group)
    tell_rejected(table.rejected)
    learnt = read_rated(train, text, rating) if train else None
    if learnt:
        tell_rejected(learnt.rejected)
    table = table.sample(limit, seed)
    if not table.rows:
        raise typer.BadParameter(f"found no row with a text and a rating in {file}, expected at least one")
    if baselines:
        need_train_extra()
    reader = choose_model(ModelChoice(model, engine, base_url, adapter, tasks=("review",)))
    untuned = choose_model(ModelChoice(model, engine, base_url, "none")) if baselines else None
    try:
        with progress_bar() as bar:
            result = evaluate_reviews(
                reader, table, aspects=ASPECTS if aspects else 0, untuned=untuned,
                peers=_peers(table, learnt, embedder, seed, bar) if baselines else None,
                predictions=predictions, plots=plots, seed=seed, progress=bar or _silent,
            )
    except TooFewRows as error:
        raise typer.BadParameter(str(error)) from error
    draw_curve(plots, run)
    tell(result, json)


def service(
    file: Annotated[Path, typer.Argument(help="CSV or JSON Lines, gzipped or not.")],
    train: Annotated[Path | None, typer.Option(help="What a router is fitted to first, in the same columns.")] = None,
    router: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="A router of `daogou train service`.")] = None,
    text: Annotated[str, typer.Option(help="Column of the question.")] = "text",
    intent: Annotated[str, typer.Option(help="Column of the intent; by default intent, category or label.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Rows of FILE at most, drawn by --seed.")] = None,
    baselines: Baselines = False, embedder: EmbedderName = "e5-small", predictions: Predictions = None, plots: Plots = None,
    seed: int = 0, json: Json = False,
) -> None:
    """Customer-service questions to their intents; `oos` and `out_of_scope` are to be refused."""
    need_train_extra()
    from retrieval.embedding import open_embedder
    from training.evaluate_service import evaluate_router, evaluate_service
    from training.text_tables import TooFewRows, read_asked
    from ui.places import home

    if (train is None) == (router is None):
        raise typer.BadParameter(f"found {'neither' if train is None else 'both'}, expected --router FOLDER or --train FILE")
    table = read_asked(file, text, intent)
    tell_rejected(table.rejected)
    if not table.rows:
        raise typer.BadParameter(f"found no row with a text and an intent in {file}, expected at least one")
    rows = table.sample(limit, seed).rows
    try:
        with progress_bar() as bar:
            if router is not None:
                opened = _trained(router)
                result = evaluate_router(
                    opened, rows, predictions=predictions, plots=plots, seed=seed, progress=bar or _silent
                )
            else:
                assert train is not None
                learnt = read_asked(train, text, intent)
                tell_rejected(learnt.rejected)
                result = evaluate_service(
                    learnt.rows, rows, open_embedder(embedder, home(), bar), baselines=baselines, predictions=predictions,
                    plots=plots, seed=seed, progress=bar or _silent,
                )
    except TooFewRows as error:
        raise typer.BadParameter(str(error)) from error
    tell({**result, "empty": table.empty, "rejected": len(table.rejected)}, json)


def _trained(folder: Path) -> Router:
    """The router in a folder, by vectors or by likelihoods. Raises ModelCorrupt."""
    from assistant.service_router import card_of, open_router
    from ui.places import home

    card = card_of(folder)
    if card.get("kind") != "likelihood":
        return open_router(folder, home())
    from assistant.language.presets import model_folder, preset_named
    from training.intent_likelihood import open_likelihood

    return open_likelihood(folder, model_folder(preset_named(str(card["base"])), home()))


def _peers(table: Table[Rated], train: Table[Rated] | None, embedder: str, seed: int, bar: Progress | None) -> Peers:
    """The peers for the language of the table: its first hundred texts decide."""
    from assistant.safety import language_of
    from retrieval.embedding import open_embedder
    from training.review_baselines import Peers
    from ui.places import home

    first = table.rows[:100]
    chinese = 2 * sum(language_of(row.text, "en") == "zh" for row in first) > len(first)
    opened = open_embedder(embedder or ("e5-small" if chinese else "minilm"), home(), bar)
    return Peers(opened, chinese, train, seed)


def tell(result: dict[str, Any], as_json: bool) -> None:
    """The figures, for a program or for a person."""
    if as_json:
        print_json(result)
    else:
        say(json_module.dumps(result, indent=2, ensure_ascii=False))


def tell_rejected(rejected: Sequence[RowError]) -> None:
    """The first bad rows, and how many there are."""
    for error in rejected[:_SHOWN]:
        note(str(error))
    if rejected:
        note(f"{len(rejected)} rows can't be used and are left out")


def labelled(file: Path) -> list[Labelled]:
    """The labelled messages of a file that can be used; a usage error when none can."""
    from training.examples import BadRow, read_messages

    bad: list[BadRow] = []
    rows = list(read_messages(file, bad.append))
    for each in bad[:_SHOWN]:
        note(f"{each.file}, line {each.line}: {each.found}")
    if bad:
        note(f"{len(bad)} lines can't be used and are left out")
    if not rows:
        raise typer.BadParameter(f"found no labelled message in {file}, expected JSON Lines with id, language, message and gold")
    return rows


def draw_curve(plots: Path | None, run: Path | None) -> None:
    """Writes `learning_curve.png` of a training run into the directory of plots, when both are given."""
    if plots is None or run is None:
        return
    from training.plots import learning_curve, logged_losses

    try:
        losses, checked = logged_losses(run)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    learning_curve(losses, plots / "learning_curve.png", checked)


def need_train_extra() -> None:
    """Nothing, or a usage error when scikit-learn is not installed."""
    if importlib.util.find_spec("sklearn") is None:
        raise typer.BadParameter("scikit-learn is not installed, and this needs it: pip install 'daogou[train]'")


def _silent(phase: str, done: int, total: int | None) -> None:
    """Nobody watches."""
