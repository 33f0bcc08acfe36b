"""`daogou evaluate recommend`: interactions, the last choice of every shopper held back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.measuring_texts import need_train_extra, tell, tell_rejected
from ui.options import Baselines, Json, Plots, Predictions
from ui.terminal import progress_bar


def recommend(
    interactions: Annotated[Path, typer.Option(help="user, item, rating, timestamp; CSV or JSON Lines, gzipped or not.")],
    items: Annotated[Path | None, typer.Option(help="id, title, genres or category: what the items are.")] = None,
    reviews: Annotated[Path | None, typer.Option(help="What shoppers wrote of items; may be the same file.")] = None,
    cold: Annotated[bool, typer.Option("--cold", help="Also hold out whole shoppers and items.")] = False,
    baselines: Baselines = False, plots: Plots = None, predictions: Predictions = None, seed: int = 0, json: Json = False,
) -> None:
    """Recommendations from interactions: accuracy, variety, novelty, calibration, and who gets shown."""
    need_train_extra()
    from training.evaluate_recommend import evaluate_recommend
    from training.recommend_tables import read_measured
    from training.text_tables import TooFewRows

    measured = read_measured(interactions, items, reviews)
    tell_rejected(measured.rejected)
    try:
        with progress_bar() as bar:
            result = evaluate_recommend(
                measured, baselines=baselines, cold=cold, predictions=predictions, plots=plots, seed=seed,
                progress=bar or (lambda phase, done, total: None),
            )
    except TooFewRows as error:
        raise typer.BadParameter(str(error)) from error
    tell({**result, "rejected": len(measured.rejected)}, json)
