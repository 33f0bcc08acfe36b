"""A tiny model folder, and adapters for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from assistant.language.adapters import base_sha256
from assistant.language.presets import model_folder, preset_named

LAYERS, WIDTH, RANK = 2, 64, 4


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    model_folder(preset_named("tiny"), home)
    return home


@pytest.fixture(scope="session")
def tiny(tiny_home: Path) -> Path:
    """The folder of the tiny model."""
    return tiny_home / "models" / "tiny"


@pytest.fixture
def make_adapter(tmp_path: Path, tiny: Path) -> Callable[..., Path]:
    """Writes a LoRA adapter of the tiny model whose weights are strong enough to change its answers."""

    def make(name: str = "read", *, tasks: tuple[str, ...] = ("read",), value: float | None = None, **card: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        random = np.random.default_rng(len(name))
        weights = {}
        for layer in range(LAYERS):
            stem = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
            weights[f"{stem}.lora_A.weight"] = random.normal(size=(RANK, WIDTH)).astype(np.float32)
            weights[f"{stem}.lora_B.weight"] = random.normal(size=(WIDTH, RANK)).astype(np.float32)
        if value is not None:
            weights[f"{stem}.lora_B.weight"][0, 0] = value
        save_file(weights, folder / "adapter_model.safetensors")
        config = {
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": 2 * RANK, "target_modules": ["q_proj"],
            "bias": "none", "base_model_name_or_path": "tiny",
        }
        (folder / "adapter_config.json").write_text(json.dumps(config))
        words = {"tasks": list(tasks), "base": "tiny", "base_sha256": base_sha256(tiny), **card}
        (folder / "card.json").write_text(json.dumps(words))
        return folder

    return make


@pytest.fixture
def damaged(tmp_path: Path) -> Callable[[Path, str], Path]:
    """A copy of an adapter with its weight file spoiled in a given way."""

    def spoil(folder: Path, how: str) -> Path:
        copy = tmp_path / f"{folder.name}-{how}"
        shutil.copytree(folder, copy)
        weights = copy / "adapter_model.safetensors"
        content = weights.read_bytes()
        if how == "truncated":
            weights.write_bytes(content[: len(content) // 2])
        elif how == "pickled":
            weights.rename(copy / "adapter_model.bin")
        elif how == "text":
            weights.write_text("<html>not found</html>")
        elif how == "empty":
            weights.write_bytes(b"")
        return copy

    return spoil
