"""A model by name: the right engine, or an error with the cure."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelCorrupt, ModelMissing
from assistant.language import Generation, generate, open_model
from assistant.language.adapters import base_sha256, shipped_adapters
from assistant.language.onnx_folder import onnx_folder
from assistant.language.presets import DEFAULT, PRESETS, model_folder, preset_named
from assistant.schema import Message
from ui import options

PROMPT = (Message("system", "Read."), Message("user", "message: red shoes"))


@pytest.mark.parametrize(
    ("asked", "cure"),
    [
        ({"preset": "gpt-99"}, "expected smollm2-135m"), ({"engine": "magic"}, "expected auto"),
        ({"engine": "openai"}, "--base-url"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, asked: dict[str, Any], cure: str) -> None:
    """An unknown model or engine, and an absent address each name what to do."""
    with pytest.raises(ModelMissing, match=cure):
        open_model(home=tmp_path, **asked)


def test_terms_are_told_before_anything_is_fetched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever fetches a model that has terms is told where they are."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelMissing):
        model_folder(PRESETS["gemma3-270m"], tmp_path / "file")
    assert "https://ai.google.dev/gemma/terms" in caplog.text


def test_the_default_has_its_adapters() -> None:
    """The default of the command line is the default of the library, and its adapters read and write."""
    assert options.DEFAULT == DEFAULT
    tasks = {task for folder in shipped_adapters(DEFAULT) for task in json.loads((folder / "card.json").read_text())["tasks"]}
    assert tasks == {"read", "review", "write"}


def test_a_folder_is_a_preset(tiny: Path) -> None:
    """A local model folder and a hub id need no entry in the table."""
    assert model_folder(preset_named(str(tiny)), Path("unused")) == tiny
    assert preset_named("Qwen/Qwen3-0.6B").hub_id == "Qwen/Qwen3-0.6B"


def test_a_home_that_can_t_be_written_is_named(tmp_path: Path) -> None:
    """A data directory that is a file is an error about the data directory."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelMissing, match="DAOGOU_HOME"):
        model_folder(preset_named("tiny"), tmp_path / "file")


def test_scripted_needs_nothing(tmp_path: Path) -> None:
    """The stand-in opens without any file, with its lines."""
    model = open_model(engine="scripted", home=tmp_path, lines={"red shoes": "recommend | category=shoe"})
    assert generate(model, PROMPT, Generation(task="read")) == "recommend | category=shoe"
    assert model.name == "scripted"


@pytest.mark.parametrize("engine", ["onnx", "transformers"])
def test_an_adapter_serves_its_tasks(tiny_home: Path, make_adapter: Callable[..., Path], engine: str) -> None:
    """Its tasks are written with the adapter, every other one with the base."""
    how = Generation(16, task="read")
    bare = open_model("tiny", engine, home=tiny_home, adapter=None, precision="bfloat16")
    tuned = open_model("tiny", engine, home=tiny_home, adapter=make_adapter("read"), precision="bfloat16")
    assert (bare.tuned, tuned.tuned) == (frozenset(), {"read"})
    assert generate(tuned, PROMPT, how) != generate(bare, PROMPT, how)
    assert generate(tuned, PROMPT, Generation(16, task="write")) == generate(bare, PROMPT, Generation(16, task="write"))
    assert generate(tuned, PROMPT, how) == generate(tuned, PROMPT, how)


def test_a_foreign_adapter_is_refused(tiny_home: Path, make_adapter: Callable[..., Path]) -> None:
    """An adapter of other weights is not merged into these."""
    with pytest.raises(ModelCorrupt, match="other weights"):
        open_model("tiny", "onnx", home=tiny_home, adapter=make_adapter(base_sha256="0" * 64))


def test_a_damaged_build_is_named(tiny_home: Path, tmp_path: Path) -> None:
    """An ONNX file that is cut off is a corrupt model, not a crash."""
    base = tiny_home / "models" / "tiny"
    built = onnx_folder(base, base_sha256(base), None, tiny_home)
    damaged = tmp_path / "damaged"
    shutil.copytree(base, damaged / "models" / "tiny")
    shutil.copytree(built, damaged / "models" / built.name)
    content = (built / "model.onnx").read_bytes()
    (damaged / "models" / built.name / "model.onnx").write_bytes(content[: len(content) // 3])
    with pytest.raises(ModelCorrupt, match="set up again"):
        open_model("tiny", "onnx", home=damaged, adapter=None)
