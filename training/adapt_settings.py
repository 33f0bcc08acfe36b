"""How a shop's re-tuning goes, as its `adapt.toml` has it."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import tomlkit
from pydantic import ConfigDict, TypeAdapter, ValidationError

Schedule = Literal["off", "daily", "weekly"]
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
SETTINGS_FILE = "adapt.toml"


class AdaptError(Exception):
    """A shop can't be re-tuned as it is. The text says what was found, what was expected, and the cure."""


@dataclass(frozen=True, slots=True)
class AdaptSettings:
    """The knobs of `daogou adapt`; the defaults suit a shop with some hundred consented slates a month."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # a misspelt knob is told, not ignored

    schedule: Schedule = "off"
    """How often a running server re-tunes."""
    fewest_slates: int = 20
    """Slates with a reaction below which nothing is learnt: what a handful of people did is chance."""
    margin: float = 0.02
    """How much of nDCG@5, and of the area under the curve of clicks, held-back lists may lose, 0 to 1: at 95 % confidence."""
    forgetting: float = 0.03
    """How much of nDCG@5 may be lost in the order that the shipped ranker gives to queries of the shop's own words."""
    riser: float = 0.1
    """Most of all places of the replayed slates, 0 to 1, that one item may gain: more is what a planted item would."""
    per_shopper: int = 30
    """Reactions of one shopper that count."""
    per_session: int = 10
    """Reactions of one session that count."""
    alpha: float = 0.01
    """The chance with which a log without any attack has an item called a burst, over all its items and days."""
    replayed: int = 100
    """Queries of the shop's own words by which the shipped order is kept."""
    passes: int = 30
    """Most passes over the lists."""
    turns: int = 100
    """Stored turns whose slates are made again."""
    seed: int = 0


_SETTINGS = TypeAdapter(AdaptSettings)


def load_settings(directory: Path) -> AdaptSettings:
    """The settings of the shop in the directory, the defaults without a file. Raises AdaptError."""
    path = directory / SETTINGS_FILE
    try:
        return _SETTINGS.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return AdaptSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name, known = ".".join(map(str, first["loc"])), ", ".join(asdict(AdaptSettings()))
        raise AdaptError(f"{path}, {name}: {first['msg']}. Correct it; there are {known}.") from error
    except (OSError, ValueError) as error:
        raise AdaptError(f"{path} can't be read: {error}. Correct it, or delete it for the defaults.") from error


def set_schedule(directory: Path, schedule: str) -> AdaptSettings:
    """The settings with another schedule, in the file beside its comments. Raises AdaptError."""
    held, path = load_settings(directory), directory / SETTINGS_FILE
    wanted = next((each for each in SCHEDULES if each == schedule), None)
    if wanted is None:
        raise AdaptError(f"found the schedule {schedule!r}, expected one of {', '.join(SCHEDULES)}")
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        document["schedule"] = wanted
        draft = path.with_name(f".{path.name}")
        draft.write_text(tomlkit.dumps(document), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise AdaptError(f"{path} can't be written: {error}. Make room or give permission.") from error
    return replace(held, schedule=wanted)
