"""An adapter as it is published: weights in bfloat16, configuration, and a card that says what it was made from."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from training.examples import Marked

WEIGHTS = "adapter_model.safetensors"
_PURPOSES = {
    "read": "Reads a shopper's message into an intent and interest signals.",
    "review": "Reads a review into a rating, aspects and verbatim quotes.",
    "write": "Words why an item suits a shopper's wishes.",
    "service": "Answers a question with the sentence of a help page, or says that none answers.",
    "intent": "Names the intent of a question to customer service, as one of those that it learnt.",
}
_GEMMA = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at https://ai.google.dev/gemma/terms. This adapter is a "
    "model derivative of Gemma: modified by training as the card says."
)
"""The notice that the terms ask of whoever passes a derivative on."""


def data_hash(messages: Sequence[Marked]) -> str:
    """SHA-256 of the training rows, in their order."""
    rows = "\n".join(f"{m.text}\t{m.target}" for m in messages)
    return hashlib.sha256(rows.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish(raw: Path, directory: Path, words: dict[str, object]) -> None:
    """Makes `directory` out of the weights in `raw`: safetensors in bfloat16, configuration, card.json and README.md.

    `words` is the card. The directory is whole or not there: written beside, then put in place by rename.
    """
    made = directory.with_name(directory.name + ".new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    weights = {k: v.to(torch.bfloat16).contiguous() for k, v in load_file(raw / WEIGHTS).items()}
    save_file(weights, made / WEIGHTS, metadata={"format": "pt"})
    (made / WEIGHTS).chmod(0o644)
    words = {**words, "sha256": file_hash(made / WEIGHTS)}
    config = {**json.loads((raw / "adapter_config.json").read_text()), "base_model_name_or_path": str(words["base"])}
    (made / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (made / "card.json").write_text(json.dumps(words, indent=2, ensure_ascii=False, default=str) + "\n")
    (made / "README.md").write_text(readme(words))
    old = directory.with_name(directory.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        directory.rename(old)
    made.rename(directory)
    shutil.rmtree(old, ignore_errors=True)


def readme(words: dict[str, object]) -> str:
    """The card in words, as model hubs show it."""
    settings, figures, audit = words.get("recipe"), words.get("figures"), words.get("audit")
    rows = [(key, value) for key, value in words.items() if key not in ("recipe", "figures", "audit")]
    terms = f"\n\n{_GEMMA}" if words["licence"] == "Gemma" else ""
    measured = json.dumps(figures, indent=2, ensure_ascii=False) if figures else "{}"
    kept = f"## What it keeps of its training messages\n\n```json\n{json.dumps(audit, indent=2)}\n```\n" if audit else ""
    return (
        f"---\nbase_model: {words['base']}\nlibrary_name: peft\nlicense: {str(words['licence']).lower()}\nlanguage: [en, zh]\n"
        "---\n\n"
        f"# Daogou adapter for {words['base']}\n\n{' '.join(_PURPOSES[task] for task in _tasks(words))}{terms}\n\n"
        f"{_table(rows)}\n## Settings\n\n{_table(list(settings.items()) if isinstance(settings, dict) else [])}\n"
        f"## Measured\n\n```json\n{measured}\n```\n{kept}"
    )


def write_audit(folder: Path, figures: dict[str, object]) -> None:
    """Puts what an audit measured into the card of the adapter in `folder`, beside what others did, and words the card anew."""
    words = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    words["audit"] = {**words.get("audit", {}), **figures}
    for name, text in (("card.json", json.dumps(words, indent=2, ensure_ascii=False) + "\n"), ("README.md", readme(words))):
        made = folder / (name + ".new")
        made.write_text(text, encoding="utf-8")
        made.replace(folder / name)


def _tasks(words: dict[str, object]) -> list[str]:
    tasks = words["tasks"]
    return [str(task) for task in tasks] if isinstance(tasks, list) else []


def _table(rows: Sequence[tuple[object, object]]) -> str:
    return "| | |\n|---|---|\n" + "".join(f"| {key} | {value} |\n" for key, value in rows)
