"""`daogou train service`: a router of customer-service questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.measuring_texts import need_train_extra, tell, tell_rejected
from ui.options import DEFAULT, Json, Preset
from ui.terminal import progress_bar, say

if TYPE_CHECKING:
    from training.text_tables import Asked


def train_service(
    out: Annotated[str, typer.Argument(help="Folder for the router; with --shop `-` puts it to use in the shop at once.")],
    data: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="CSV or JSON Lines: questions with their intents.")],
    text: Annotated[str, typer.Option(help="Column of the question.")] = "text",
    intent: Annotated[str, typer.Option(help="Column of the intent; by default intent, category or label.")] = "",
    shop: Annotated[str, typer.Option(help="The shop that is to use it, for `-`.")] = "",
    likelihood: Annotated[
        bool, typer.Option("--likelihood", help="Tune the language model to write the intent's name instead; to be measured.")
    ] = False,
    embedder: Annotated[str, typer.Option(help="What is weighed in beside the tuned MiniLM, or none.")] = "e5-small",
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the questions.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Questions at most, drawn by --seed.")] = None,
    model: Preset = DEFAULT, seed: int = 0, json: Json = False,
) -> None:
    """Learn which intent a question has: MiniLM is tuned on them; `oos` are those to be refused. Run it again after a stop."""
    need_train_extra()
    from training.text_tables import TooFewRows, read_asked
    from ui.places import shop_directory

    if out == "-" and not shop:
        raise typer.BadParameter("found `-` without --shop, expected a folder, or --shop SHOP beside it")
    if likelihood and out == "-":
        raise typer.BadParameter("found --likelihood with `-`: a shop's router must answer in milliseconds; name a folder")
    from assistant.service_router import FOLDER

    folder = shop_directory(shop) / FOLDER if out == "-" else Path(out)
    table = read_asked(data, text, intent)
    tell_rejected(table.rejected)
    rows = table.sample(limit, seed).rows
    try:
        if likelihood:
            found = _by_likelihood(rows, folder, model, epochs, seed)
        else:
            found = _by_vectors(rows, folder, embedder, epochs, seed)
    except TooFewRows as error:
        raise typer.BadParameter(str(error)) from error
    if not json:
        say(f"Router in {folder}")
    tell({"router": str(folder), **found}, json)


def _by_vectors(rows: Sequence[Asked], folder: Path, embedder: str, epochs: int | None, seed: int) -> dict[str, Any]:
    from dataclasses import asdict

    from retrieval.embedding import open_embedder
    from retrieval.embedding.embedder import minilm_folder
    from training.intent_encoder import EncoderRecipe
    from training.service_training import Second
    from training.service_training import train_service as fit
    from ui.places import home

    recipe = EncoderRecipe(seed=seed, epochs=epochs or EncoderRecipe().epochs)
    with progress_bar() as bar:
        second = None if embedder == "none" else Second(embedder, open_embedder(embedder, home(), bar))
        return asdict(fit(
            rows, minilm_folder(home(), bar), folder, lambda adapter: open_embedder(str(adapter), home()), second, recipe,
            seed=seed, progress=bar,
        ))


def _by_likelihood(rows: Sequence[Asked], folder: Path, model: str, epochs: int | None, seed: int) -> dict[str, Any]:
    from assistant.language.presets import model_folder, preset_named
    from training.finetune import Recipe
    from training.intent_likelihood import train_likelihood
    from ui.places import home

    recipe = Recipe(base=model, epochs=epochs or 1, batch=16, seed=seed)
    with progress_bar() as bar:
        base = model_folder(preset_named(model), home())
        router = train_likelihood(rows, base, folder, recipe, seed=seed, progress=bar or _silent)
    return {"temperature": router.temperature, "threshold": router.threshold}


def _silent(phase: str, done: int, total: int | None) -> None:
    """Nobody watches."""
