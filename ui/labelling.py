"""`daogou train suggest`, `daogou train label` and `daogou train distill`: labels where there are few."""

from __future__ import annotations

import json as json_module
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.measuring_texts import need_train_extra
from ui.options import DEFAULT, Adapter, BaseUrl, Engine, Json, Preset
from ui.terminal import note, print_json, progress_bar, say

if TYPE_CHECKING:
    from assistant.language import LanguageModel
    from training.distilling import Taught
    from training.drafts import Unlabelled
    from training.examples import Labelled

_SHOWN = 5
"""Bad rows that are told."""
_FEWEST = 2
"""Rows of a task that can be learnt from alone: the recipe keeps one back."""
_FOLDERS = {"read": "messages", "review": "reviews"}
"""Where the shipped rows of a task lie, and the name of the taught ones."""
Messages = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="Unlabelled messages: JSON Lines with `message`, or one a line.")
]
KnownLabels = Annotated[
    list[Path] | None, typer.Option("--labelled", exists=True, dir_okay=False, help="Messages that are labelled already.")
]
Embedding = Annotated[str, typer.Option("--embedder", help="Tells what is alike: e5-small, minilm, hashing or a hub id.")]


def suggest(
    file: Messages,
    count: Annotated[int, typer.Option(min=1, help="Messages listed at most.")] = 50,
    labelled: KnownLabels = None, embedder: Embedding = "e5-small",
    seed: Annotated[int, typer.Option(help="Of the clusters.")] = 0,
    model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped", json: Json = False,
) -> None:
    """The messages most worth a label, as JSON Lines: what the reader doubts, no two alike. Correct `draft`, call it `gold`."""
    need_train_extra()
    from retrieval.embedding import open_embedder
    from training.drafts import all_drafts, distinct
    from training.suggesting import suggest as suggestions
    from training.text_models import embedded
    from ui.places import home

    given = _unlabelled(file)
    rows = distinct(given, _known(labelled))
    with progress_bar() as bar:
        told = bar or _silent
        drafts = all_drafts(_reader(model, engine, base_url, adapter), rows, lambda done, of: told("messages", done, of))
        vectors = embedded(open_embedder(embedder, home(), bar), [row.message for row in rows], told)
    found = [each.row() for each in suggestions(drafts, vectors, count, seed=seed)]
    if found and found[0]["score"] is None:
        note("this engine tells no probabilities: the list is varied, but what the reader doubts is not known")
    if json:
        print_json({"suggestions": found, "messages": len(given), "labelled_or_double": len(given) - len(rows)})
    else:
        for row in found:
            say(json_module.dumps(row, ensure_ascii=False))


def label(
    file: Messages,
    out: Annotated[Path, typer.Argument(help="JSON Lines for `daogou train adapter --data`.")],
    sure: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Least confidence: the geometric mean of the chosen tokens' probabilities.")
    ] = 0.9,
    labelled: KnownLabels = None,
    seed: Annotated[int, typer.Option(help="Of the changes under which a message is read again.")] = 0,
    model: Preset = DEFAULT, engine: Engine = "auto", base_url: BaseUrl = "", adapter: Adapter = "shipped", json: Json = False,
) -> None:
    """Let the reader label messages itself; kept is what it is sure of and reads alike after a harmless change."""
    from training.drafts import distinct, write_rows
    from training.examples import usable
    from training.self_training import label as self_label

    given, known = _unlabelled(file), _known(labelled)
    rows = distinct(given, known)
    with progress_bar() as bar:
        found = self_label(
            _reader(model, engine, base_url, adapter), rows, usable(known, lambda bad: None), sure=sure, seed=seed,
            progress=bar or _silent,
        )
    write_rows(found.rows(), out)
    left_out = {**found.left_out, **_counted("labelled already, or double", len(given) - len(rows))}
    _tell(json, f"{len(found.kept)} of {len(given)} messages labelled, in {out}", left_out, file=str(out), kept=len(found.kept))


def distill(
    out: Annotated[Path, typer.Argument(help="Directory for the teacher's answers, the training rows and the adapters.")],
    base_url: Annotated[str, typer.Option("--base-url", help="The teacher's OpenAI-compatible server, with /v1.")],
    unlabelled: Annotated[
        Path, typer.Option("--unlabelled", exists=True, dir_okay=False, help="Messages: JSON Lines with `message`, or text.")
    ],
    reviews: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Reviews: JSON Lines with `text`, or text.")
    ] = None,
    teacher_model: Annotated[str, typer.Option("--teacher-model", help="Its name; by default the first that is served.")] = "",
    api_key: Annotated[str, typer.Option(envvar="DAOGOU_TEACHER_KEY", help="Better in the environment than here.")] = "",
    data_only: Annotated[bool, typer.Option("--data-only", help="Write the training rows, train nothing.")] = False,
    shipped: Annotated[bool, typer.Option("--shipped/--no-shipped", help="Learn from the shipped rows too.")] = True,
    config: Annotated[Path | None, typer.Option(help="TOML with the fields of training.finetune.Recipe.")] = None,
    model: Preset = DEFAULT, json: Json = False,
) -> None:
    """A larger model labels messages for the small one, which learns from them. Every answer is kept: run it again to go on."""
    from training.drafts import distinct, shipped_labels

    known = shipped_labels("messages")  # of those to validate on the teacher must not be shown the gold
    given = _unlabelled(unlabelled)
    rows = distinct(given, (*known, *_measuring()))
    taught = _taught(_Teacher(base_url, teacher_model, api_key, out / "answers.jsonl"), rows, reviews, known)
    files = {task: _written(out, task, found) for task, found in taught.items() if found.rows}
    few = [task for task, found in taught.items() if 0 < len(found.rows) < _FEWEST]
    if few and not (shipped or data_only):
        raise typer.BadParameter(f"found one row for {', '.join(few)}, expected {_FEWEST} or more; or add --shipped")
    adapters = [] if data_only else _train(out, files, shipped, config, model)
    kept = sum(len(found.rows) for found in taught.values())
    left_out = {
        **_counted("labelled already, or double", len(given) - len(rows)),
        **{f"{task}: {why}": many for task, found in taught.items() for why, many in found.left_out.items()},
    }
    lines = [f"{kept} training rows", *map(str, files.values()), *(f"Adapter and card in {each}" for each in adapters)]
    _tell(
        json, "\n".join(lines), left_out, kept=kept, files={task: str(path) for task, path in files.items()},
        adapters=[str(each) for each in adapters],
    )


@dataclass(frozen=True, slots=True)
class _Teacher:
    """Where the larger model is, and where its answers are kept."""

    base_url: str
    model: str
    api_key: str
    answers: Path


def _taught(teacher: _Teacher, rows: list[Unlabelled], reviews: Path | None, known: list[Labelled]) -> dict[str, Taught]:
    """What the teacher says of the messages, and of the reviews when there is a file of them, by the task."""
    from assistant.language import open_model
    from training.distilling import read_review_texts, shots_of, teach_messages, teach_reviews
    from training.examples import BadRow
    from training.paid_answers import PaidAnswers
    from ui.places import home

    served = open_model(
        engine="openai", home=home(), base_url=teacher.base_url, model=teacher.model or None, api_key=teacher.api_key or None,
    )
    answers = PaidAnswers(served, teacher.answers, lambda count: note(f"asking for {count} answers"))
    with progress_bar() as bar:
        told = bar or _silent
        taught = {"read": teach_messages(answers, rows, shots_of(known), lambda done, of: told("messages", done, of))}
        if reviews:
            bad: list[BadRow] = []
            texts = list(read_review_texts(reviews, bad.append))
            _tell_bad(bad)
            taught["review"] = teach_reviews(answers, texts, lambda done, of: told("reviews", done, of))
    return taught


def _written(out: Path, task: str, taught: Taught) -> Path:
    from training.drafts import write_rows

    path = out / f"{_FOLDERS[task]}.jsonl"
    write_rows(list(taught.rows), path)
    return path


def _train(out: Path, files: dict[str, Path], shipped: bool, config: Path | None, model: str) -> list[Path]:
    """The adapters that learn from the teacher's rows, one a task."""
    from assistant.language.presets import model_folder, preset_named
    from training.examples import DATA
    from training.recipes import DataError, Sources, recipe_from, train
    from ui.places import home

    adapters: list[Path] = []
    try:
        recipe, base = recipe_from(config, model), model_folder(preset_named(model), home())
        for task, path in files.items():
            own = sorted((DATA / _FOLDERS[task]).glob("*.jsonl")) if shipped else []
            adapters.append(train(recipe, base, out / task, Sources((task,), (*own, path))).adapter)
    except DataError as error:
        raise typer.BadParameter(str(error)) from error
    return adapters


def _tell(as_json: bool, said: str, left_out: dict[str, int], **figures: Any) -> None:
    if as_json:
        print_json({**figures, "left_out": left_out})
        return
    say(said)
    for why, count in left_out.items():
        say(f"  left out, {why}: {count}")


def _unlabelled(file: Path) -> list[Unlabelled]:
    """The messages of a file; a usage error when none can be used."""
    from training.drafts import read_unlabelled
    from training.examples import BadRow

    bad: list[BadRow] = []
    rows = list(read_unlabelled(file, bad.append))
    _tell_bad(bad)
    if not rows:
        raise typer.BadParameter(f"found no message in {file}, expected JSON Lines with `message`, or one message a line")
    return rows


def _known(files: list[Path] | None) -> list[Labelled]:
    """What is labelled already: the given files, and what comes with the program."""
    from training.drafts import shipped_labels
    from ui.measuring_texts import labelled

    return [*shipped_labels("messages"), *_measuring(), *(row for file in files or () for row in labelled(file))]


def _measuring() -> list[Labelled]:
    """The messages that measure, and are never learnt from."""
    from training.drafts import shipped_labels

    return [*shipped_labels("validation"), *shipped_labels("test")]


def _reader(model: str, engine: str, base_url: str, adapter: str) -> LanguageModel:
    from ui.wiring import ModelChoice, choose_model

    return choose_model(ModelChoice(model, engine, base_url, adapter, tasks=("read",)))


def _tell_bad(bad: list[Any]) -> None:
    for each in bad[:_SHOWN]:
        note(str(each))
    if bad:
        note(f"{len(bad)} lines can't be used and are left out")


def _counted(why: str, count: int) -> dict[str, int]:
    return {why: count} if count else {}


def _silent(phase: str, done: int, total: int | None) -> None:
    """Nobody watches."""

