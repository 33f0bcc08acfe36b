"""What a shop is, as its `settings.toml` has it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from retrieval.errors import StoreError

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
    draft = directory / f".{SETTINGS_FILE}"
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(directory / SETTINGS_FILE)


def load_settings(directory: Path) -> ShopSettings:
    """The settings of the shop in the directory. Raises StoreError when there are none, or they can't be read."""
    path = directory / SETTINGS_FILE
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StoreError(f"there is no shop in {directory}. Make one with `daogou import`, or name another.") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} can't be read: {error}. Correct it.") from error
    known = {field.name for field in fields(ShopSettings)}
    if unknown := set(found) - known:
        raise StoreError(f"{path} has {', '.join(sorted(unknown))}; expected only {', '.join(sorted(known))}. Correct it.")
    if "languages" in found:
        found["languages"] = tuple(found["languages"])
    try:
        return ShopSettings(**found)
    except TypeError as error:
        raise StoreError(f'{path} has no name: {error}. Add a line such as name = "My shop".') from error
