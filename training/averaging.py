"""The mean of adapters from neighbouring passes of one run: steadier than any of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from training.adapter_card import WEIGHTS, publish


class NotAlike(ValueError):
    """Adapters whose weights can't be averaged."""


def average(adapters: Sequence[Path], out: Path) -> Path:
    """`out` as an adapter whose weights are the mean of those of `adapters`; its card is the last one's. Raises NotAlike.

    It is for passes of one run (stochastic weight averaging, Izmailov et al. 2018): low-rank factors of separate runs have no
    common basis, and their mean is no adapter of use.
    """
    weights = [load_file(folder / WEIGHTS) for folder in adapters]
    if len(weights) < 2:
        raise NotAlike(f"found {len(weights)} adapters, expected two or more")
    shapes = [{name: tuple(part.shape) for name, part in each.items()} for each in weights]
    for folder, found in zip(adapters, shapes, strict=True):
        if found != shapes[0]:
            raise NotAlike(f"{folder} has other weights than {adapters[0]}; expected passes of one run")
    card = json.loads((adapters[-1] / "card.json").read_text(encoding="utf-8"))
    card.pop("sha256", None)
    with tempfile.TemporaryDirectory() as room:
        raw = Path(room)
        mean = {name: torch.stack([each[name].float() for each in weights]).mean(0).to(torch.bfloat16) for name in weights[0]}
        save_file(mean, raw / WEIGHTS, metadata={"format": "pt"})
        (raw / "adapter_config.json").write_bytes((adapters[-1] / "adapter_config.json").read_bytes())
        publish(raw, out, {**card, "averaged": f"the mean of {len(weights)} passes"})
    return out
