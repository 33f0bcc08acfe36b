"""A model read through a tuned prefix: keys and values that can't be merged into weights stand before every prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from assistant.language.batch import Scores
from assistant.language.chat_text import ChatText
from assistant.language.local import LocalModel
from assistant.language.onnx_batch import OnnxBatch, OnnxWeights, load_weights
from assistant.language.onnx_engine import CONTEXT
from training.adapter_card import WEIGHTS


def open_prefixed(name: str, folder: Path, adapter: Path, tasks: frozenset[str]) -> LocalModel:
    """The 4-bit model in the onnx folder `folder` behind the prefix in the folder `adapter`, serving `tasks`."""
    weights = load_weights(folder)
    prefix = read_prefix(adapter, weights)
    return LocalModel(
        f"{name}/onnx-int4", ChatText(folder), lambda task: _OneRow(OnnxBatch(weights, limit=CONTEXT, rows=1, prefix=prefix)),
        lambda task: OnnxBatch(weights, limit=CONTEXT, prefix=prefix), tuned=tasks, languages=frozenset(),
    )


def read_prefix(adapter: Path, weights: OnnxWeights) -> Mapping[str, NDArray[np.float32]]:
    """Keys and values by name, such as `0.key`, of peft's prefix tuning. Shape of each: (heads, virtual tokens, head size)."""
    flat: torch.Tensor = load_file(adapter / WEIGHTS)["prompt_embeddings"].float()
    parts = flat.view(len(flat), -1, weights.heads, weights.head_size).permute(1, 2, 0, 3).contiguous().numpy()
    return {f"{place // 2}.{('key', 'value')[place % 2]}": part for place, part in enumerate(parts)}


class _OneRow:
    """A sequence as the single row of a batch."""

    def __init__(self, batch: OnnxBatch) -> None:
        self.limit = batch.limit
        self._batch = batch
        self._held: list[int] = []

    def rewind(self, length: int) -> None:
        del self._held[length:]

    def append(self, tokens: Sequence[int]) -> Scores:
        self._held += tokens
        return self._batch.fill(0, self._held)
