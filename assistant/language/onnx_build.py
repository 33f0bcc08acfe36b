"""The steps from a model folder to its 4-bit ONNX form, in one child process, so that the memory goes back:

    python -m assistant.language.onnx_build BASE FOLDER PROMPTS.json WORK [ADAPTER] -- BUILDER OPTIONS
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers.utils import logging

from assistant.language.merging import merge
from assistant.language.rounding import improve
from assistant.schema import Message

_LONGEST = 4096
"""Tokens for which Gemma's angles are tabulated; all 32,768 would take 67 MB."""


def build(base: Path, into: Path, prompts: Path, work: Path, adapter: Path | None, options: Sequence[str]) -> None:
    """Writes the ONNX folder `into`: the adapter merged, quantised by onnxruntime-genai's builder, rounded by GPTQ."""
    source = base
    if adapter is not None:
        source = work / "merged"
        merge(base, adapter, source)
    _know_nested_rope()
    arguments = ["-i", source, "-o", into, "-p", "int4", "-e", "cpu", "-c", work / "cache", "--extra_options", *options]
    sys.argv = ["builder", *map(str, arguments)]
    runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__", alter_sys=True)
    told = json.loads(prompts.read_text(encoding="utf-8"))
    if told:
        improve(source, into, [[Message(m["role"], m["text"]) for m in prompt] for prompt in told])


def _know_nested_rope() -> None:
    """Lets onnxruntime-genai 0.18 build Gemma 3 from a configuration of transformers 5, which has a rotary base for each kind of
    layer where the builder looks for one and `rope_local_base_freq`."""
    models = find_spec("onnxruntime_genai.models")
    sys.path[:0] = models.submodule_search_locations or [] if models else []
    builders = import_module("builders")

    class Gemma3(builders.Gemma3Model):  # type: ignore[misc, name-defined]
        def __init__(self, config: Any, *rest: Any) -> None:
            config.max_position_embeddings = min(config.max_position_embeddings, _LONGEST)
            super().__init__(config, *rest)

        def make_rope_init(self, config: Any) -> None:
            config.rope_local_base_freq = config.rope_parameters["sliding_attention"]["rope_theta"]
            self.rope_attrs["theta"] = config.rope_parameters["full_attention"]["rope_theta"]

    builders.Gemma3Model = Gemma3  # type: ignore[attr-defined]


if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    cut = sys.argv.index("--")
    paths = [Path(each) for each in sys.argv[1:cut]]
    build(paths[0], paths[1], paths[2], paths[3], paths[4] if len(paths) > 4 else None, sys.argv[cut + 1 :])
