"""The mean of adapters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from training.adapter_card import WEIGHTS, file_hash
from training.averaging import NotAlike, average


def made(folder: Path, value: float, size: int = 2) -> Path:
    folder.mkdir()
    save_file({"lora_A": torch.full((size, 3), value)}, folder / WEIGHTS)
    (folder / "adapter_config.json").write_text("{}")
    card = {"tasks": ["read"], "base": "tiny", "licence": "Apache-2.0", "sha256": "of the single one"}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def test_weights_are_the_mean(tmp_path: Path) -> None:
    """Every weight is the mean, and the card says so with the hash of the new file."""
    out = average([made(tmp_path / "a", 1.0), made(tmp_path / "b", 3.0)], tmp_path / "out")
    assert torch.equal(load_file(out / WEIGHTS)["lora_A"].float(), torch.full((2, 3), 2.0))
    card = json.loads((out / "card.json").read_text())
    assert card["averaged"] == "the mean of 2 passes"
    assert card["sha256"] == file_hash(out / WEIGHTS)


def test_other_shapes_are_refused(tmp_path: Path) -> None:
    """Adapters of another rank, and a single one, can't be averaged."""
    one, other = made(tmp_path / "a", 1.0), made(tmp_path / "b", 1.0, size=4)
    with pytest.raises(NotAlike, match="passes of one run"):
        average([one, other], tmp_path / "out")
    with pytest.raises(NotAlike, match="two or more"):
        average([one], tmp_path / "out")
