"""LoRA adapters: looked at before they are loaded, so that a damaged or foreign one is refused with its reason.

An adapter is a folder with `adapter_model.safetensors`, `adapter_config.json` and `card.json`, whose keys `tasks` and
`base_sha256` say what it was tuned for and which weights it belongs to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize

from assistant.errors import ModelCorrupt
from retrieval.wheels import file_sha256

_SHIPPED = Path(__file__).resolve().parents[1] / "adapters"
_MERGEABLE = ("LORA", "ADALORA")
"""peft's types whose weights become part of the base's."""
_EXPONENT: dict[str, tuple[type[np.generic], int]] = {
    "BF16": (np.uint16, 0x7F80), "F16": (np.uint16, 0x7C00), "F32": (np.uint32, 0x7F800000),
}
"""The bits that are all set in a NaN or an infinity; NumPy knows no bfloat16."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A checked adapter."""

    folder: Path
    tasks: frozenset[str]
    fingerprint: str
    """Of its weights and its configuration."""


def shipped_adapters(preset: str, shelf: Path = _SHIPPED) -> tuple[Path, ...]:
    """The folders of the adapters that come with the program for a preset; empty when there are none."""
    return adapter_folders(shelf / preset) if (shelf / preset).is_dir() else ()


def adapter_folders(folder: Path) -> tuple[Path, ...]:
    """The folder itself when it is an adapter, else the adapters in it, by name."""
    if (folder / "adapter_config.json").exists():
        return (folder,)
    return tuple(sorted(path.parent for path in folder.glob("*/adapter_config.json")))


def base_sha256(folder: Path) -> str:
    """The hash of a model folder's weights, over all its files when they are sharded."""
    files = sorted(folder.glob("model*.safetensors"))
    if not files:
        raise ModelCorrupt(f"{folder} holds no model.safetensors; delete the folder and set up again")
    if len(files) == 1:
        return file_sha256(files[0])
    return hashlib.sha256("".join(file_sha256(file) for file in files).encode()).hexdigest()


def check_adapter(folder: Path, base: str) -> Adapter:
    """The adapter in `folder`, fit for the base whose hash is `base`. Raises ModelCorrupt with the reason otherwise."""
    weights = folder / "adapter_model.safetensors"
    if not weights.exists():
        pickled = sorted(path.name for path in folder.glob("adapter_model.*"))
        found = f"found {', '.join(pickled)}, and only safetensors are loaded" if pickled else "not there"
        raise ModelCorrupt(f"the adapter {folder} has no adapter_model.safetensors: {found}")
    card, config = _json(folder / "card.json"), _json(folder / "adapter_config.json")
    if card.get("base_sha256") != base:
        raise ModelCorrupt(
            f"the adapter {folder} belongs to other weights: its card says base_sha256={card.get('base_sha256')}, "
            f"the model has {base}. Train it again on this model."
        )
    tasks = card.get("tasks")
    if not isinstance(tasks, list) or not tasks:
        raise ModelCorrupt(f"{folder / 'card.json'} has tasks={tasks!r}, expected a list such as [\"read\"]")
    if config.get("peft_type") not in _MERGEABLE:
        raise ModelCorrupt(f"the adapter {folder} is of type {config.get('peft_type')!r}, expected {' or '.join(_MERGEABLE)}")
    content = weights.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if card.get("sha256", digest) != digest:
        raise ModelCorrupt(f"{weights} has the sha256 {digest}, its card says {card['sha256']}. Fetch or train it again.")
    _check_numbers(weights, content)
    return Adapter(folder, frozenset(map(str, tasks)), _fingerprint(digest, config))


def task_fingerprint(folders: Iterable[Path], task: str) -> str:
    """The fingerprint of the adapter among `folders` that serves `task`; empty when none does. Raises ModelCorrupt."""
    for folder in folders:
        if task in _json(folder / "card.json").get("tasks", ()):
            return _fingerprint(file_sha256(folder / "adapter_model.safetensors"), _json(folder / "adapter_config.json"))
    return ""


def _fingerprint(digest: str, config: dict[str, Any]) -> str:
    return hashlib.sha256((digest + json.dumps(config, sort_keys=True)).encode()).hexdigest()


def _check_numbers(path: Path, content: bytes) -> None:
    """Raises ModelCorrupt when the file is no safetensors file, or holds a NaN or an infinity."""
    try:
        tensors: list[tuple[str, dict[str, Any]]] = deserialize(content)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ModelCorrupt(f"{path} is damaged ({error}). Fetch or train it again.") from error
    if not tensors:
        raise ModelCorrupt(f"{path} holds no weights")
    for name, tensor in tensors:
        if tensor["dtype"] not in _EXPONENT:
            raise ModelCorrupt(f"{path}: {name} is of type {tensor['dtype']}, expected {', '.join(_EXPONENT)}")
        kind, exponent = _EXPONENT[tensor["dtype"]]
        bits = np.frombuffer(tensor["data"], dtype=kind)
        if bool(((bits & exponent) == exponent).any()):
            raise ModelCorrupt(f"{path}: {name} holds NaN or infinite weights. Train it again.")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ModelCorrupt(f"{path} can't be read ({error}); an adapter needs it") from error
    if not isinstance(value, dict):
        raise ModelCorrupt(f"{path} holds {type(value).__name__}, expected an object")
    return value
