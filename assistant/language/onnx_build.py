"""The steps from a model folder to its 4-bit ONNX form, in one child process, so that the memory goes back:

    python -m assistant.language.onnx_build BASE FOLDER PROMPTS.json WORK [ADAPTER] -- BUILDER OPTIONS
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from transformers.utils import logging

from assistant.language.merging import merge
from assistant.language.rounding import improve
from assistant.schema import Message


def build(base: Path, into: Path, prompts: Path, work: Path, adapter: Path | None, options: Sequence[str]) -> None:
    """Writes the ONNX folder `into`: the adapter merged, quantised by onnxruntime-genai's builder, rounded by GPTQ."""
    source = base
    if adapter is not None:
        source = work / "merged"
        merge(base, adapter, source)
    arguments = ["-i", source, "-o", into, "-p", "int4", "-e", "cpu", "-c", work / "cache", "--extra_options", *options]
    sys.argv = ["builder", *map(str, arguments)]
    runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__", alter_sys=True)
    told = json.loads(prompts.read_text(encoding="utf-8"))
    if told:
        improve(source, into, [[Message(m["role"], m["text"]) for m in prompt] for prompt in told])


if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    cut = sys.argv.index("--")
    paths = [Path(each) for each in sys.argv[1:cut]]
    build(paths[0], paths[1], paths[2], paths[3], paths[4] if len(paths) > 4 else None, sys.argv[cut + 1 :])
