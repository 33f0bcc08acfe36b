"""The `onnx` engine: onnxruntime-genai with 4-bit weights, the default without a GPU.

Sampling is not left to onnxruntime-genai: its guidance binds a grammar to a generator, so every message would need a new one and
lose the tokens kept from the last prompt. Here a generator is only a cache (`append_tokens`, `rewind_to`, `get_logits`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime_genai as og
from numpy.typing import NDArray

from assistant.errors import GenerationError, ModelCorrupt
from assistant.language.chat_text import ChatText
from assistant.language.local import LocalModel
from assistant.language.onnx_batch import OnnxBatch, OnnxWeights, load_weights

CONTEXT = 2048
"""Tokens of a prompt with its answer. Memory for them is taken at once: 45 KB a token for 135M weights."""


def open_onnx(
    name: str, folders: Mapping[str | None, Path], languages: frozenset[str], *, context: int = CONTEXT,
    threads: int | None = None,
) -> LocalModel:
    """A model from its onnx folders by task; None is the one without adapter. `threads` None uses every core.

    Weights are loaded when a task first needs them, for single answers and for many apart, and kept as long as the model.
    Raises ModelCorrupt.
    """
    text = ChatText(next(iter(folders.values())))
    weights: dict[Path, og.Model] = {}
    batched: dict[Path, OnnxWeights] = {}
    loading = threading.Lock()

    def folder_of(task: str | None) -> Path:
        return folders[task] if task in folders else folders[None]

    def open_cache(task: str | None) -> _Tokens:
        folder = folder_of(task)
        if folder not in weights:
            weights[folder] = _load(folder, threads)
        return _Tokens(weights[folder], context)

    def open_batch(task: str | None) -> OnnxBatch:
        folder = folder_of(task)
        with loading:  # calls of `write_all` may begin at once in several threads
            if folder not in batched:
                batched[folder] = load_weights(folder, threads)
        return OnnxBatch(batched[folder], limit=context)

    open_cache(next(iter(folders)))  # A damaged folder is found when the model is opened, not in the first answer.
    tuned = frozenset(task for task in folders if task is not None)
    return LocalModel(f"{name}/onnx-int4", text, open_cache, open_batch, tuned=tuned, languages=languages)


def _load(folder: Path, threads: int | None) -> og.Model:
    try:
        config = og.Config(str(folder))
        if threads is not None:
            options = {"session_options": {"intra_op_num_threads": threads}}
            config.overlay(json.dumps({"model": {"decoder": options}}))
        return og.Model(config)
    except RuntimeError as error:
        raise ModelCorrupt(f"the model in {folder} can't be loaded ({error}). Delete the folder and set up again.") from error


class _Tokens:
    """One sequence in onnxruntime-genai's memory."""

    def __init__(self, model: og.Model, limit: int) -> None:
        self.limit = limit
        settings = og.GeneratorParams(model)
        settings.set_search_options(max_length=limit, do_sample=False)
        self._generator = og.Generator(model, settings)

    def rewind(self, length: int) -> None:
        if length < self._generator.token_count():
            self._generator.rewind_to(length)

    def append(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        try:
            self._generator.append_tokens(np.asarray(tokens, dtype=np.int32))
            scores: NDArray[np.float32] = self._generator.get_logits()
        except RuntimeError as error:
            raise GenerationError(f"onnxruntime-genai failed: {error}") from error
        last: NDArray[np.float32] = scores.reshape(-1, scores.shape[-1])[-1]
        return last
