"""Scripted evaluation dialogues: YAML files of what a shopper says and what must then hold.

    version: 1
    dialogues:
      - id: boots-not-leather
        title: Boots under a budget, without leather
        turns:
          - user: hiking boots under 150, not leather
            script: recommend | category=hiking boots | price<=150 | material!=leather
            expect:
              intent: recommend
              signals: [category=hiking boots, price<=150]
              items: {count: 1..3, every: {price: "<= 150", material: "!= leather"}}
              says: [boots]
              not_says: [guarantee]
              grounded: true

`script` is what the scripted engine reads from the message; every other engine reads for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assistant.conversation import Assistant
from assistant.notation import parse
from assistant.numerals import normalise
from assistant.schema import Turn
from training.checks import broken_hard_signals, check_turn, ungrounded


class DialogueError(Exception):
    """A dialogue file can't be read: what was found, where, and what was expected."""


def _texts(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ItemChecks(_Strict):
    """What must hold of the items that the turn offers."""

    count: str | int | None = None
    """`3`, `1..3`, or `0` for none."""
    every: Mapping[str, str | int | float] = Field(default_factory=dict)
    any: Mapping[str, str | int | float] = Field(default_factory=dict)
    none: Mapping[str, str | int | float] = Field(default_factory=dict)
    cheaper_than_previous: bool = False
    not_shown_before: bool = False


class Expectation(_Strict):
    """What must hold after a turn; what is not named is not checked."""

    intent: Texts = ()
    """One of these."""
    signals: Texts = ()
    """Each must have been read."""
    items: ItemChecks | None = None
    kind: Texts = ()
    """The kind of the reply, one of these."""
    asks: Texts = ()
    """What the reply asks about, one of these; `anything` and `nothing` too."""
    says: Texts = ()
    not_says: Texts = ()
    grounded: bool = True


class Step(_Strict):
    user: str
    script: str = ""
    expect: Expectation = Field(default_factory=Expectation)


class Dialogue(_Strict):
    id: str
    title: str = ""
    tags: Texts = ()
    shopper: str = ""
    turns: tuple[Step, ...]


class DialogueFile(_Strict):
    version: int
    defaults: Expectation = Field(default_factory=Expectation)
    """`not_says` here holds for every turn."""
    dialogues: tuple[Dialogue, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that did not hold, and why."""

    id: str
    turn: int
    check: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What a run of dialogues showed."""

    dialogues: int = 0
    turns: int = 0
    failed: list[Failure] = field(default_factory=list)
    hard_violations: int = 0
    ungrounded: int = 0
    times_ms: list[float] = field(default_factory=list)
    transcripts: list[tuple[Dialogue, tuple[Turn, ...]]] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return self.dialogues - len({failure.id for failure in self.failed})

    def as_json(self) -> dict[str, Any]:
        return {
            "dialogues": self.dialogues, "turns": self.turns, "passed": self.passed,
            "failed": [{"id": f.id, "turn": f.turn, "check": f.check, "reason": f.reason} for f in self.failed],
            "hard_violations": self.hard_violations, "ungrounded": self.ungrounded,
            "ms_p50": _quantile(self.times_ms, 0.5), "ms_p95": _quantile(self.times_ms, 0.95),
        }


def load_dialogues(paths: Iterable[Path]) -> tuple[Dialogue, ...]:
    """The dialogues of YAML files and of directories of them. Raises DialogueError."""
    found: list[Dialogue] = []
    for path in _files(paths):
        try:
            read = DialogueFile.model_validate(yaml.safe_load(path.read_text("utf-8")))
        except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
            raise DialogueError(f"{path}: {error}. See the head of training/dialogues.py for the format.") from error
        found += [_with_defaults(dialogue, read.defaults) for dialogue in read.dialogues]
        _check_scripts(path, read.dialogues)
    twice = [d.id for d in found if sum(other.id == d.id for other in found) > 1]
    if twice:
        raise DialogueError(f"found the id {twice[0]!r} twice, expected every dialogue to have its own")
    return tuple(found)


def scripts_of(dialogues: Iterable[Dialogue]) -> dict[str, str]:
    """message, as the model is shown it -> line, for the scripted engine."""
    return {normalise(step.user).text: step.script for dialogue in dialogues for step in dialogue.turns if step.script}


def run_dialogues(
    dialogues: Sequence[Dialogue], assistant: Assistant, *, repeat: int = 1,
    clock: Callable[[], float] = time.perf_counter, progress: Callable[[str, int, int | None], None] | None = None,
) -> Outcome:
    """Every dialogue, `repeat` times, each from an empty session."""
    outcome = Outcome()
    for number, dialogue in enumerate(list(dialogues) * repeat, 1):
        turns = _talk(dialogue, assistant, outcome, clock)
        outcome.dialogues += 1
        outcome.transcripts.append((dialogue, turns))
        if progress:
            progress("dialogues", number, len(dialogues) * repeat)
    return outcome


def _talk(dialogue: Dialogue, assistant: Assistant, outcome: Outcome, clock: Callable[[], float]) -> tuple[Turn, ...]:
    history: tuple[Turn, ...] = ()
    for number, step in enumerate(dialogue.turns, 1):
        started = clock()
        turn = assistant.respond(step.user, history, session_id=dialogue.id, shopper_id=dialogue.shopper)
        outcome.times_ms.append((clock() - started) * 1000)
        failures = [Failure(dialogue.id, number, *failure) for failure in check_turn(turn, history, step.expect)]
        broken, loose = broken_hard_signals(turn), ungrounded(turn, assistant.shop)
        failures += [Failure(dialogue.id, number, "hard", reason) for reason in broken]
        if step.expect.grounded:
            failures += [Failure(dialogue.id, number, "grounded", reason) for reason in loose]
        outcome.hard_violations += len(broken)
        outcome.ungrounded += len(loose)
        outcome.failed += failures
        outcome.turns += 1
        history = (*history, turn)
    return history


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")])
        elif path.exists():
            yield path
        else:
            raise DialogueError(f"found no {path}, expected a YAML file or a directory of them")


def _with_defaults(dialogue: Dialogue, defaults: Expectation) -> Dialogue:
    turns = tuple(
        step.model_copy(update={"expect": step.expect.model_copy(
            update={"not_says": (*step.expect.not_says, *defaults.not_says)}
        )})
        for step in dialogue.turns
    )
    return dialogue.model_copy(update={"turns": turns})


def _check_scripts(path: Path, dialogues: Iterable[Dialogue]) -> None:
    for dialogue in dialogues:
        for number, step in enumerate(dialogue.turns, 1):
            try:
                if step.script:
                    parse(step.script)
            except ValueError as error:
                raise DialogueError(f"{path}, dialogue {dialogue.id!r}, turn {number}, script: {error}") from error


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1) if ordered else 0.0
