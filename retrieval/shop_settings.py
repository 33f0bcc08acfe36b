"""What a shop is, and what its merchant has set, as its `settings.toml` has it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import tomlkit

from retrieval.errors import StoreError
from retrieval.sliders import DEFAULT_SLIDERS, TABLES, Sliders, sliders_from
from retrieval.watched_file import WatchedFile

SETTINGS_FILE = "settings.toml"


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """Saved in the shop's directory, read when it is opened."""

    name: str
    """As shoppers read it."""
    currency: str = "USD"
    """ISO 4217; what a price without a currency is in."""
    languages: tuple[str, ...] = ("en",)
    """Languages of the item texts that are embedded, the leading one first."""
    embedder: str = "e5-small"
    """Preset, folder or hub id; e5-small reads English and Chinese on a CPU."""
    url: str = ""
    """postgresql+psycopg://... ; empty: SQLite in the shop's directory."""
    chroma_from: int = 300_000
    """Distinct item texts from which Chroma serves; below it exact search is as fast, and misses nothing."""
    chroma_url: str = ""
    """http://host:port of a Chroma server; empty: a collection in the shop's directory."""


def save_settings(directory: Path, settings: ShopSettings) -> None:
    """The settings are in the directory's `settings.toml`, whole."""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in asdict(settings).items()]
    _write(directory / SETTINGS_FILE, "\n".join(lines) + "\n")


def load_settings(directory: Path) -> ShopSettings:
    """The settings of the shop in the directory. Raises StoreError when there are none, or they can't be read."""
    path = directory / SETTINGS_FILE
    found = {name: value for name, value in _tables(path).items() if name not in TABLES}
    known = {field.name for field in fields(ShopSettings)}
    if unknown := set(found) - known:
        expected = ", ".join((*sorted(known), *TABLES))
        raise StoreError(f"{path} has {', '.join(sorted(unknown))}; expected only {expected}. Correct it.")
    if "languages" in found:
        found["languages"] = tuple(found["languages"])
    try:
        return ShopSettings(**found)
    except TypeError as error:
        raise StoreError(f'{path} has no name: {error}. Add a line such as name = "My shop".') from error


def load_sliders(directory: Path) -> Sliders:
    """What the merchant has set. Raises StoreError for what is unknown, out of range or contradicts itself."""
    path = directory / SETTINGS_FILE
    return _checked(path, _tables(path))


def changed_sliders(directory: Path, changes: Mapping[str, str], *, save: bool = True) -> Sliders:
    """The sliders after `{"balance.exploration": "0.2", "pins.kettle": "A1,A2"}`; an empty value takes the setting back.

    They are in the file, beside its comments, when `save`. Raises StoreError, and changes nothing, for a bad one.
    """
    path = directory / SETTINGS_FILE
    _tables(path)  # says what is wrong with the file before anything is changed
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    for name, text in changes.items():
        table, _, key = name.partition(".")
        if table not in TABLES or not key:
            expected = ", ".join(f"{each}.NAME" for each in TABLES)
            raise StoreError(f"found the setting {name!r}, expected {expected}. `daogou settings SHOP` lists them.")
        held = document.setdefault(table, tomlkit.table())
        if not text.strip():
            held.pop(key, None)
            continue
        held[key] = _value(table, key, text)
    sliders = _checked(path, document.unwrap())
    if save:
        _write(path, tomlkit.dumps(document))
    return sliders


def sliders_file(directory: Path) -> WatchedFile[Sliders]:
    """The sliders of a running shop; the earlier ones while the file can't be used."""
    return WatchedFile(directory / SETTINGS_FILE, lambda: load_sliders(directory), DEFAULT_SLIDERS, StoreError)


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StoreError(f"there is no shop in {path.parent}. Make one with `daogou import`, or name another.") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} can't be read: {error}. Correct it.") from error


def _checked(path: Path, tables: Mapping[str, Any]) -> Sliders:
    try:
        return sliders_from(tables)
    except ValueError as error:
        raise StoreError(f"{path}: {error}. Correct it, or take it back: daogou settings SHOP NAME=") from error


def _value(table: str, key: str, text: str) -> float | Sequence[str]:
    """What is written for a setting: a number for a slider, else a list."""
    if table == "balance" or key == "boost":
        try:
            number = float(text)
        except ValueError as error:
            raise StoreError(f"{table}.{key}: found {text!r}, expected a number. Correct it.") from error
        return int(number) if number.is_integer() else number
    return [part.strip() for part in text.split(",") if part.strip()]


def _write(path: Path, text: str) -> None:
    """The file is replaced whole, or not at all."""
    draft = path.with_name(f".{path.name}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
