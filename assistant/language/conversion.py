"""A GGUF file becomes a Hugging Face folder, once, at set-up. Run as a child process, so that the memory goes back:

    python -m assistant.language.conversion MODEL.gguf FOLDER [CHAT_TEMPLATE_FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from gguf import GGUFReader
from tokenizers.pre_tokenizers import ByteLevel, Digits
from tokenizers.pre_tokenizers import Sequence as InOrder
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

_DIGIT_BY_DIGIT = frozenset({"smollm"})
"""Values of `tokenizer.ggml.pre` whose tokenizer splits every digit off; transformers' GGUF reader leaves that out."""


def convert_gguf(gguf: Path, into: Path, chat_template: str | None = None) -> None:
    """Writes config, bfloat16 safetensors, tokenizer.json and chat template of `gguf` to `into`."""
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    if _pre_tokenizer(gguf) in _DIGIT_BY_DIGIT:
        rules = InOrder([Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)])
        tokenizer.backend_tokenizer.pre_tokenizer = rules
    packed = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    config = AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    # A model read from GGUF stays packed and can't be saved; its state dict is plain tensors and can.
    model.load_state_dict(packed.state_dict())
    model.generation_config = packed.generation_config
    model.save_pretrained(into)
    tokenizer.save_pretrained(into)


def _pre_tokenizer(gguf: Path) -> str:
    """The name that the file gives to its way of splitting text before byte pairs are merged."""
    field = GGUFReader(gguf).fields.get("tokenizer.ggml.pre")
    return str(field.contents()) if field is not None else ""


if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    convert_gguf(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]).read_text() if len(sys.argv) > 3 else None)
