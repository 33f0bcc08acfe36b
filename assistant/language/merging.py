"""An adapter becomes part of its base's weights, in float32."""

from __future__ import annotations

from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def merge(base: Path, adapter: Path, into: Path) -> None:
    """Writes the folder of a model whose weights are the base's plus the adapter's. Raises ValueError on NaN."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, use_safetensors=True)
    merged = PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
    merged.save_pretrained(into)
    AutoTokenizer.from_pretrained(base).save_pretrained(into)
