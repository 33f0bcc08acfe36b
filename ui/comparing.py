"""`daogou train compare`: ways of tuning side by side, as a table and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.measuring_texts import need_train_extra
from ui.options import DEFAULT, Json, Preset
from ui.terminal import note, print_json, progress_bar, say


def compare(
    out: Annotated[Path, typer.Argument(help="Directory for results, logs, the table and the picture.")],
    examples: Annotated[int, typer.Option(min=20, help="Examples that every way learns from.")] = 1000,
    other: Annotated[str, typer.Option(help="The base that is held against --model.")] = "smollm2-135m",
    way: Annotated[list[str] | None, typer.Option(help="Only these ways; all by default.")] = None,
    curve: Annotated[list[int] | None, typer.Option(help="Points of the learning curve besides; 250, 1000, 4000.")] = None,
    data: Annotated[list[Path] | None, typer.Option(help="Labelled messages; the shipped ones by default.")] = None,
    test: Annotated[list[Path] | None, typer.Option(help="Messages that only measure; the shipped validation ones.")] = None,
    stars: Annotated[
        str, typer.Option(metavar="FILE:TEXT:RATING", help="Reviews with stars: a fifth of the examples, and 200 to measure.")
    ] = "",
    model: Preset = DEFAULT, seed: int = 7, json: Json = False,
) -> None:
    """Tune the reader in every known way on the same examples. Cells that are done already are not done again."""
    need_train_extra()
    from training.compare import CURVE, CellFailed, Ground, cells
    from training.compare import compare as compared
    from training.compare_report import draw, table
    from training.examples import DATA
    from training.recipes import DataError, Stars
    from training.ways import WAYS
    from ui.places import home

    wrong = [name for name in way or () if name not in WAYS]
    if wrong:
        raise typer.BadParameter(f"found way {', '.join(wrong)}, expected some of {', '.join(WAYS)}")
    try:
        ground = Ground(
            home(), tuple(data or sorted((DATA / "messages").glob("*.jsonl"))),
            tuple(test or sorted((DATA / "validation").glob("*.jsonl"))), Stars.parse(stars) if stars else None, seed=seed,
        )
        wanted = cells(model, other, examples, tuple(each for each in WAYS if not way or each in way), tuple(curve or CURVE))
        with progress_bar() as bar:
            results = compared(wanted, ground, out, lambda name, done, of: bar(name or "done", done, of) if bar else None)
    except (CellFailed, DataError) as error:
        raise typer.BadParameter(str(error)) from error
    (out / "table.md").write_text(table(results), encoding="utf-8")
    draw(results, out / "compare.png")
    if json:
        print_json({"cells": [{key: value for key, value in each.items() if key not in ("order", "cases")} for each in results]})
    else:
        say(table(results))
        note(f"Table, picture and every cell's figures are in {out}")
