"""The `transformers` engine: bitsandbytes NF4 with double quantisation, peft adapters attached; the default on CUDA."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, DynamicCache
from transformers.utils.logging import disable_progress_bar

from assistant.errors import ModelCorrupt
from assistant.language.adapters import Adapter
from assistant.language.chat_text import ChatText
from assistant.language.local import LocalModel
from assistant.language.transformers_batch import Adapted, TransformersBatch

Precision = Literal["nf4", "bfloat16"]
disable_progress_bar()

CONTEXT = 4096
"""Tokens of a prompt with its answer."""


def cuda_available() -> bool:
    """True when this torch can use a CUDA device."""
    return bool(torch.cuda.is_available())


def open_transformers(
    name: str, folder: Path, adapters: Sequence[Adapter], languages: frozenset[str], *, precision: Precision = "nf4",
    device: str | None = None, context: int = CONTEXT,
) -> LocalModel:
    """A model from its Hugging Face folder; each adapter serves its tasks. `device` None takes CUDA when there is one.

    Raises ModelCorrupt.
    """
    device = device or ("cuda" if cuda_available() else "cpu")
    text = ChatText(folder)
    model = _load(folder, precision, device)
    names: dict[str, str] = {}
    for number, adapter in enumerate(adapters):
        model = _attach(model, adapter, f"adapter{number}")
        names |= dict.fromkeys(adapter.tasks, f"adapter{number}")
    model.eval()

    limit = min(context, model.config.max_position_embeddings)

    def open_cache(task: str | None) -> _Tokens:
        return _Tokens(Adapted(model, names.get(task or "")), limit)

    def open_batch(task: str | None) -> TransformersBatch:
        return TransformersBatch(Adapted(model, names.get(task or "")), limit=limit)

    label = f"{name}/transformers-{precision}"
    return LocalModel(label, text, open_cache, open_batch, tuned=frozenset(names), languages=languages)


def _load(folder: Path, precision: Precision, device: str) -> Any:
    quantised = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16,
    )
    try:
        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16, quantization_config=quantised if precision == "nf4" else None,
            device_map={"": device}, use_safetensors=True, trust_remote_code=False, local_files_only=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelCorrupt(f"the model in {folder} can't be loaded ({error}). Delete the folder and set up again.") from error


def _attach(model: Any, adapter: Adapter, name: str) -> Any:
    """The model with the adapter beside the ones that it has."""
    try:
        if isinstance(model, PeftModel):
            model.load_adapter(str(adapter.folder), adapter_name=name, use_safetensors=True)
            return model
        return PeftModel.from_pretrained(model, str(adapter.folder), adapter_name=name, use_safetensors=True)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelCorrupt(f"the adapter {adapter.folder} does not fit the model: {error}") from error


class _Tokens:
    """One sequence in a key-value cache, read with one adapter or with none."""

    def __init__(self, adapted: Adapted, limit: int) -> None:
        self.limit = limit
        self._adapted = adapted
        self._past = DynamicCache()

    def rewind(self, length: int) -> None:
        if surplus := self._past.get_seq_length() - length:
            self._past.crop(-surplus)

    def append(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = self._adapted.scores([tokens], self._past)[0]
        return scores
