"""The 4-bit ONNX form of a model, with an adapter merged into it: built once at set-up, named by what it is made of."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from assistant.errors import ModelCorrupt
from assistant.language.adapters import Adapter, check_adapter
from assistant.language.presets import made_once, run_module
from assistant.prompts import reading_prompt
from retrieval.wheels import Progress

_CALIBRATION = Path(__file__).with_name("calibration.jsonl")
"""Labelled messages; their prompts with answers show what a reader's weights are multiplied with. Only a reader is rounded
so: a wrong token costs it a signal, while what a writer gets wrong is caught by the check of its sentence."""
_ROUNDING = "gptq 1"
"""Changed when `rounding` or its prompts change, so that models are built again."""
_RECIPE = (
    "accuracy_level=4", "algo_config=rtn", "is_symmetric=false", "block_size=32",
    "matmul_mixed_precision=last_matmul:int8", "prune_lm_head=true",
)
"""4-bit weights in blocks of 32 with zero points, int8 arithmetic. The output layer, which is also the embedding, has 8
bits, as in llama.cpp's Q4 files; scores are computed for the last token of a prompt only."""


def onnx_folder(
    base: Path, base_sha256: str, adapter: Adapter | None, home: Path, progress: Progress | None = None, *, reads: bool = False,
) -> Path:
    """The folder that onnxruntime-genai opens, built when it is not there yet. Raises ModelCorrupt.

    `reads` says of a base that it is a reader by itself, all its weights having been tuned.
    """
    made_of = (base_sha256, adapter.fingerprint if adapter else "reader" if reads else "", _ROUNDING, *_RECIPE)
    name = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16]
    folder = home / "models" / f"{base.name}-int4-{name}"
    if folder.exists():
        return folder
    with made_once(folder) as made:
        if made is not None:
            _build(base, _own_copy(adapter, base_sha256, made.parent) if adapter else None, made, progress, reads)
    return folder


def _own_copy(adapter: Adapter, base_sha256: str, room: Path) -> Adapter:
    """The adapter in a folder of our own, so that one that is being replaced is never merged half old, half new."""
    try:
        shutil.copytree(adapter.folder, room / "adapter")
    except (OSError, shutil.Error) as error:
        raise ModelCorrupt(f"the adapter {adapter.folder} can't be copied ({error}); try again") from error
    copy = check_adapter(room / "adapter", base_sha256)
    if copy.fingerprint != adapter.fingerprint:
        raise ModelCorrupt(f"the adapter {adapter.folder} was replaced while it was read; start again to take the new one")
    return copy


def _build(base: Path, adapter: Adapter | None, made: Path, progress: Progress | None, reads: bool) -> None:
    if progress:
        progress(f"quantise {base.name} to 4 bits" + (" with its adapter" if adapter else ""), 0, None)
    prompts = made.parent / "prompts.json"
    reads = reads or (adapter is not None and "read" in adapter.tasks)
    prompts.write_text(json.dumps(_prompts(_CALIBRATION) if reads else []), encoding="utf-8")
    paths = [base, made, prompts, made.parent, *([adapter.folder] if adapter else [])]
    run_module("assistant.language.onnx_build", [*paths, "--", *_RECIPE], f"building the 4-bit form of {base.name}")
    # The builder's own tokenizer files leave out the special tokens' names; ours are the base's, so that tokens agree.
    for path in (*base.glob("tokenizer*"), *base.glob("chat_template*"), base / "config.json"):
        shutil.copyfile(path, made / path.name)


def _prompts(path: Path) -> list[list[dict[str, str]]]:
    """The messages of a file of labelled messages, as prompts that end in their answers."""
    prompts = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        asked = reading_prompt(row["message"], tuple(row.get("shown", ())))
        told = [{"role": message.role, "text": message.text} for message in asked]
        prompts.append([*told, {"role": "assistant", "text": row["gold"]}])
    return prompts
