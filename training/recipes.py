"""`daogou train adapter`: files and a recipe become a run, or a clear list of what is wrong with the files."""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from assistant.language import open_model
from retrieval.schema import Review
from training.answers import SERVICE, read_answers
from training.evaluate_messages import evaluate_messages
from training.examples import DATA, BadRow, Example, Labelled, Marked, hold_out, read_messages, usable
from training.examples import example as reading_example
from training.explanations import EXPLANATIONS, read_explanations
from training.finetune import Judge, Recipe, Task, Trained, passes, train_task
from training.noise import Noise
from training.patterns import compose, read_patterns
from training.reviews import REVIEWS, read_labelled_reviews, stars_example, stars_of, verdict_example
from training.text_tables import read_rated

COMPOSED = 300
"""Messages a language and epoch that are made from the patterns."""
TASKS = ("read", "review", "write", "service")
"""What an adapter can learn: messages, reviews, explanations, answers from help pages."""
JUDGED = 48
"""Validation messages that a checkpoint is judged by."""
_ROWS: Mapping[str, tuple[Path, Callable[[Path, Callable[[BadRow], None]], Iterable[Example]]]] = {
    "review": (REVIEWS, read_labelled_reviews),
    "write": (EXPLANATIONS, read_explanations),
    "service": (SERVICE, read_answers),
}
_VALIDATION = "validation"
"""Files whose names begin so are never trained on."""


class DataError(Exception):
    """Training files can't be used as they are; the text lists every bad row with its cure."""


@dataclass(frozen=True, slots=True)
class Stars:
    """A table of reviews with the stars, or the verdicts 0 and 1, that their writers gave."""

    path: Path
    text: str
    rating: str
    limit: int | None = None
    """Rows drawn from it; None takes all."""

    @classmethod
    def parse(cls, value: str) -> Stars:
        """`FILE:TEXT:RATING` or `FILE:TEXT:RATING:LIMIT`, with the names of the columns. Raises DataError."""
        path, *names = value.rsplit(":", 3) if value.rsplit(":", 1)[-1].isdigit() else value.rsplit(":", 2)
        if len(names) < 2:
            raise DataError(f"found {value!r}, expected FILE:TEXT:RATING or FILE:TEXT:RATING:LIMIT, with the columns' names")
        return cls(Path(path), names[0], names[1], int(names[2]) if len(names) == 3 else None)


@dataclass(frozen=True, slots=True)
class Sources:
    """What an adapter learns, and from what."""

    tasks: tuple[str, ...] = ("read",)
    data: tuple[Path, ...] = ()
    """Rows of the one task; the shipped ones by default."""
    stars: tuple[Stars, ...] = ()
    reviews: tuple[Review, ...] = ()
    """Of shops; those with stars are learnt from."""
    skip_bad: bool = False
    found: list[BadRow] = field(default_factory=list)
    """Bad rows that were met."""

    def __post_init__(self) -> None:
        wrong = [task for task in self.tasks if task not in TASKS]
        if wrong or not self.tasks:
            raise DataError(f"found task {', '.join(wrong) or 'none'}, expected some of {', '.join(TASKS)}")
        if self.data and len(self.tasks) > 1:
            raise DataError("found own data for several tasks; train them one at a time, or on what is shipped")


    def named(self) -> tuple[str, ...]:
        """What is learnt from, for the card: names of files without their places."""
        own = [path.name for path in self.data] or [f"the shipped rows for {task}" for task in self.tasks]
        tables = [f"{each.path.name} ({each.text}, {each.rating}; {each.limit or 'all'} rows)" for each in self.stars]
        return (*own, *tables, *([f"{len(self.reviews)} reviews of shops"] if self.reviews else []))


def shipped_messages() -> list[Labelled]:
    """The labelled messages that come with the program."""
    bad: list[BadRow] = []
    rows = [row for path in sorted((DATA / "messages").glob("*.jsonl")) for row in read_messages(path, bad.append)]
    _refuse(bad, skip=False)
    return rows


def validation_messages() -> list[Labelled]:
    """The labelled messages that come with the program and are never trained on, written by another hand."""
    return [row for path in sorted((DATA / "validation").glob("*.jsonl")) for row in read_messages(path, lambda bad: None)]


def recipe_from(path: Path | None, base: str = "") -> Recipe:
    """The recipe of a TOML file with the fields of `Recipe`, `[noise]` with those of `Noise`. Raises DataError."""
    named = {"base": base} if base else {}
    if path is None:
        return Recipe(**named)  # type: ignore[arg-type]
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        noise = Noise(**given.pop("noise", {}))
        return Recipe(**{**named, **given}, noise=noise)
    except (OSError, ValueError, TypeError) as error:
        known = ", ".join(each.name for each in fields(Recipe))
        raise DataError(f"{path}: {error}; expected fields of {known}") from error


def train(
    recipe: Recipe, base: Path, out: Path, sources: Sources, *, start: Path | None = None, judge: Judge | None = None
) -> Trained:
    """An adapter for the tasks of `sources`, all of them mixed in every pass. Raises DataError."""
    return train_task(recipe, base, out, task_of(recipe, sources), start=start, judge=judge)


def task_of(recipe: Recipe, sources: Sources) -> Task:
    """The examples of all passes in their order, and those held back. Raises DataError."""
    rounds: list[list[Example]] = [[] for _ in range(recipe.epochs)]
    validation: list[Example] = []
    for task in sources.tasks:
        learnt, kept = _read_task(recipe, sources) if task == "read" else _other_task(recipe, sources, task)
        validation += kept
        for place, part in enumerate(learnt):
            rounds[place] += part
    _refuse(sources.found, sources.skip_bad)
    chance = random.Random(recipe.seed)
    for part in rounds:
        chance.shuffle(part)
    examples = [each for part in rounds for each in part]
    if not examples:
        raise DataError("found no row to learn from, expected some in the files of training rows")
    seen = "\n".join(sorted({f"{each.prompt[-1].text}\t{each.target}" for each in examples}))
    return Task(sources.tasks, examples, validation, hashlib.sha256(seen.encode()).hexdigest(), sources.named())


def signal_judge(base: str, home: Path, rows: Sequence[Labelled]) -> Judge:
    """Judges an adapter by its signal F1 on messages that it has not seen."""
    step = max(1, len(rows) // JUDGED)

    def judged(adapter: Path) -> float:
        model = open_model(base, "transformers", home=home, adapter=adapter, precision="bfloat16", tasks=("read",))
        return float(str(evaluate_messages(model, rows[::step])["signal_f1"]))

    return judged


def _read_task(recipe: Recipe, sources: Sources) -> tuple[list[list[Example]], list[Example]]:
    """Messages, disturbed anew in every pass, with others made from the patterns; every tenth validates."""
    paths = sources.data or tuple(sorted((DATA / "messages").glob("*.jsonl")))
    rows = [row for path in paths for row in read_messages(_there(path), sources.found.append)]
    train_rows, kept = (usable(part, sources.found.append) for part in hold_out(rows))
    patterns = [] if sources.data else [read_patterns(language) for language in ("en", "zh")]

    def fresh(epoch: int) -> list[Marked]:
        return [m for each in patterns for m in usable(compose(each, COMPOSED, recipe.seed + epoch), lambda _: None)]

    return passes(recipe, train_rows, fresh), [reading_example(message) for message in kept]


def _other_task(recipe: Recipe, sources: Sources, task: str) -> tuple[list[list[Example]], list[Example]]:
    """Hand-written rows, the same in every pass, every sixteenth validates; and once each the reviews with stars."""
    folder, read = _ROWS[task]
    shipped = (path for path in sorted(folder.glob("*.jsonl")) if not path.name.startswith(_VALIDATION))
    rows = [row for path in sources.data or shipped for row in read(_there(path), sources.found.append)]
    learnt = [row for number, row in enumerate(rows) if number % 16]
    rounds = [list(learnt) for _ in range(recipe.epochs)]
    if task == "review":
        starred = [each for table in sources.stars for each in _starred(table, recipe.seed)]
        for number, each in enumerate([*starred, *stars_of(sources.reviews)]):
            rounds[number % recipe.epochs].append(each)
    return rounds, rows[::16]


def _starred(stars: Stars, seed: int) -> list[Example]:
    table = read_rated(_there(stars.path), stars.text, stars.rating)
    rows = table.sample(stars.limit, seed).rows
    if table.binary:
        return [verdict_example(f"{stars.path.name}{row.row}", row.text, row.rating == 1) for row in rows]
    return [stars_example(f"{stars.path.name}{row.row}", row.text, row.rating) for row in rows]


def _there(path: Path) -> Path:
    if not path.is_file():
        raise DataError(f"{path} is not there; expected a file of training rows")
    return path


def _refuse(bad: Sequence[BadRow], skip: bool) -> None:
    if bad and not skip:
        raise DataError("\n".join([f"{len(bad)} rows can't be used (--skip-bad trains on the rest):", *map(str, bad)]))
