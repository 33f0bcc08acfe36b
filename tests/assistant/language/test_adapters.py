"""Adapters are refused before they are loaded when they are not what they should be."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file
from torch import bfloat16, full

from assistant.errors import ModelCorrupt
from assistant.language.adapters import adapter_folders, base_sha256, check_adapter, shipped_adapters
from assistant.language.onnx_folder import onnx_folder

Make = Callable[..., Path]


def test_a_sound_adapter_is_taken(make_adapter: Make, tiny: Path) -> None:
    """Tasks come from the card; other weights have another fingerprint."""
    base = base_sha256(tiny)
    first = check_adapter(make_adapter("read", tasks=("read", "write")), base)
    assert first.tasks == {"read", "write"}
    assert first.fingerprint != check_adapter(make_adapter("other"), base).fingerprint


@pytest.mark.parametrize("how", ["truncated", "pickled", "text", "empty"])
def test_a_damaged_file_is_refused(make_adapter: Make, damaged: Callable[[Path, str], Path], tiny: Path, how: str) -> None:
    """A file that is no whole safetensors file is named, and never unpickled."""
    with pytest.raises(ModelCorrupt, match="adapter_model"):
        check_adapter(damaged(make_adapter(), how), base_sha256(tiny))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(make_adapter: Make, tiny: Path, value: float) -> None:
    """One NaN or infinity among the weights is enough."""
    with pytest.raises(ModelCorrupt, match="NaN"):
        check_adapter(make_adapter(value=value), base_sha256(tiny))


def test_nan_is_seen_in_bfloat16(make_adapter: Make, tiny: Path) -> None:
    """The type that adapters are saved in is looked through too."""
    folder = make_adapter()
    save_file({"a.lora_A.weight": full((4, 4), 1.5, dtype=bfloat16)}, folder / "adapter_model.safetensors")
    check_adapter(folder, base_sha256(tiny))
    save_file({"a.lora_A.weight": full((4, 4), float("nan"), dtype=bfloat16)}, folder / "adapter_model.safetensors")
    with pytest.raises(ModelCorrupt, match="NaN"):
        check_adapter(folder, base_sha256(tiny))


@pytest.mark.parametrize(
    ("card", "reason"),
    [({"base_sha256": "0" * 64}, "other weights"), ({"sha256": "0" * 64}, "card says"), ({"tasks": []}, "tasks")],
)
def test_a_card_that_does_not_fit_is_refused(
    make_adapter: Make, tiny: Path, card: dict[str, object], reason: str
) -> None:
    """Wrong base, wrong hash and no task are three reasons."""
    folder = make_adapter()
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **card}))
    with pytest.raises(ModelCorrupt, match=reason):
        check_adapter(folder, base_sha256(tiny))


def test_the_hash_on_the_card_is_the_file_s(make_adapter: Make, tiny: Path) -> None:
    """A card may hold the hash of the weights; the right one is accepted."""
    folder = make_adapter()
    path = folder / "card.json"
    digest = hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()
    path.write_text(json.dumps({**json.loads(path.read_text()), "sha256": digest}))
    assert check_adapter(folder, base_sha256(tiny)).tasks == {"read"}


@pytest.mark.parametrize("name", ["card.json", "adapter_config.json"])
def test_a_missing_description_is_refused(make_adapter: Make, tiny: Path, name: str) -> None:
    """An adapter without its card or configuration is not guessed at."""
    folder = make_adapter()
    (folder / name).unlink()
    with pytest.raises(ModelCorrupt, match=name):
        check_adapter(folder, base_sha256(tiny))


def test_adapters_are_found(make_adapter: Make, tmp_path: Path) -> None:
    """A folder is an adapter or holds some; a preset without any has none."""
    read = make_adapter("read")
    assert adapter_folders(read) == (read,)
    assert adapter_folders(tmp_path) == (read,)
    assert shipped_adapters("no-such-preset", tmp_path) == ()
    assert shipped_adapters(read.name, tmp_path) == (read,)


def test_an_adapter_replaced_meanwhile_is_not_merged(
    make_adapter: Make, tiny: Path, tiny_home: Path, tmp_path: Path
) -> None:
    """Between the check and the merge the adapter may be exchanged: neither a mixture nor a wrongly named one is served."""
    base = base_sha256(tiny)
    folder = make_adapter("first")
    checked = check_adapter(folder, base)
    shutil.rmtree(folder)
    make_adapter("second").rename(folder)
    with pytest.raises(ModelCorrupt, match="replaced"):
        onnx_folder(tiny, base, checked, tiny_home)
