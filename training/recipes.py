"""`daogou train adapter`: files and a recipe become a run, or a clear list of what is wrong with the files."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from training.examples import DATA, BadRow, Example, Labelled, hold_out, read_messages, usable
from training.explanations import EXPLANATIONS, read_explanations, repeated
from training.finetune import Recipe, Task, Trained, train_adapter, train_task
from training.noise import Noise
from training.patterns import compose, read_patterns

COMPOSED = 300
"""Messages a language and epoch that are made from the patterns."""


class DataError(Exception):
    """Training files can't be used as they are; the text lists every bad row with its cure."""


def shipped_messages() -> list[Labelled]:
    """The labelled messages that come with the program."""
    rows: list[Labelled] = []
    for path in sorted((DATA / "messages").glob("*.jsonl")):
        rows += _without_bad(path, read_messages, skip_bad=False)
    return rows


def recipe_from(path: Path | None) -> Recipe:
    """The recipe of a TOML file with the fields of `Recipe`, `[noise]` with those of `Noise`. Raises DataError."""
    if path is None:
        return Recipe()
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        noise = Noise(**given.pop("noise", {}))
        return Recipe(**given, noise=noise)
    except (OSError, ValueError, TypeError) as error:
        known = ", ".join(field.name for field in fields(Recipe))
        raise DataError(f"{path}: {error}; expected fields of {known}") from error


def train_reader(
    recipe: Recipe, base: Path, out: Path, data: Sequence[Path] = (), *, skip_bad: bool = False, start: Path | None = None
) -> Trained:
    """An adapter that reads messages, on `data` or on what is shipped; every tenth row validates. Raises DataError."""
    rows = [row for path in data for row in _without_bad(path, read_messages, skip_bad)] if data else shipped_messages()
    bad: list[BadRow] = []
    train, kept = (usable(part, bad.append) for part in hold_out(rows))
    if bad and not skip_bad:
        raise DataError(_listing(bad))
    patterns = [] if data else [read_patterns(language) for language in ("en", "zh")]

    def fresh(epoch: int) -> list[Any]:
        return [m for each in patterns for m in usable(compose(each, COMPOSED, recipe.seed + epoch), lambda _: None)]

    return train_adapter(recipe, base, out, train, kept, fresh=fresh, start=start)


def train_writer(
    recipe: Recipe, base: Path, out: Path, data: Sequence[Path] = (), *, skip_bad: bool = False, start: Path | None = None
) -> Trained:
    """An adapter that words explanations, on `data` or on what is shipped; every sixteenth row validates. Raises DataError."""
    paths = list(data) or sorted(EXPLANATIONS.glob("*.jsonl"))
    rows: list[Example] = [row for path in paths for row in _without_bad(path, read_explanations, skip_bad)]
    train = [row for number, row in enumerate(rows) if number % 16]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    task = Task("write", repeated(train, recipe.epochs, recipe.seed), rows[::16], digest)
    return train_task(recipe, base, out, task, start=start)


def _without_bad(path: Path, read: Callable[[Path, Callable[[BadRow], None]], Any], skip_bad: bool) -> list[Any]:
    bad: list[BadRow] = []
    try:
        rows = list(read(path, bad.append))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; expected a JSON Lines file") from error
    if bad and not skip_bad:
        raise DataError(_listing(bad))
    return rows


def _listing(bad: Sequence[BadRow]) -> str:
    return "\n".join([f"{len(bad)} rows can't be used (--skip-bad trains on the rest):", *map(str, bad)])
