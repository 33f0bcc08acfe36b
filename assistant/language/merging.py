"""An adapter becomes part of its base's weights, in float32. Run as a child process, so that the memory goes back:

    python -m assistant.language.merging BASE ADAPTER FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging


def merge(base: Path, adapter: Path, into: Path) -> None:
    """Writes the folder of a model whose weights are the base's plus the adapter's. Raises ValueError on NaN."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, use_safetensors=True)
    merged = PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
    merged.save_pretrained(into)
    AutoTokenizer.from_pretrained(base).save_pretrained(into)


if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    merge(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
