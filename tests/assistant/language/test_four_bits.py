"""The default model really runs at 4 bits, on both engines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.grammar import reading_grammar
from assistant.language import Generation, generate, open_model
from assistant.language.presets import DEFAULT, PRESETS
from assistant.prompts import reading_prompt
from ui.places import home

MESSAGE = "red running shoes under 80"
LINE = "recommend | color~red | category=running shoes | price<=80"
pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def folder() -> Path:
    found = home() / "models" / DEFAULT
    if not (found / "config.json").exists():
        pytest.skip(f"{found} is absent: `make setup` makes it")
    return found


def test_onnx_holds_four_bits(folder: Path) -> None:
    """Every projection of the layers is a 4-bit operator, and what is read is right."""
    onnx = pytest.importorskip("onnx")
    model = open_model(engine="onnx", home=home(), tasks=("read",))
    how = Generation(48, reading_grammar(MESSAGE), "read", stop=("\n",))
    assert generate(model, reading_prompt(MESSAGE), how) == LINE
    built = max(home().glob(f"models/{DEFAULT}-int4-*"), key=lambda path: path.stat().st_mtime)
    nodes = onnx.load(built / "model.onnx", load_external_data=False).graph.node
    bits = [a.i for node in nodes if node.op_type == "MatMulNBits" for a in node.attribute if a.name == "bits"]
    layers = json.loads((folder / "config.json").read_text())["num_hidden_layers"]
    assert bits.count(4) == len(bits) - 1 >= layers * 5


@pytest.mark.slow
def test_transformers_holds_nf4(folder: Path) -> None:
    """The linear layers are bitsandbytes NF4 with double quantisation, and what is read is right."""
    pytest.importorskip("bitsandbytes")
    model: Any = open_model(engine="transformers", home=home(), tasks=("read",))
    weights = [p for p in model._open_cache(None)._model.parameters() if type(p).__name__ == "Params4bit"]
    layers = json.loads((folder / "config.json").read_text())["num_hidden_layers"]
    assert len(weights) == layers * 7
    # Before the first answer: on a CPU bitsandbytes then lays the weights out anew for its own kernel.
    assert {(w.quant_state.quant_type, w.quant_state.nested) for w in weights} == {("nf4", True)}
    how = Generation(48, reading_grammar(MESSAGE), "read", stop=("\n",))
    assert generate(model, reading_prompt(MESSAGE), how) == LINE


def test_the_files_are_the_ones_that_were_checked() -> None:
    """The default model is pinned by version and by hash, and its terms are named; the other is free."""
    preset = PRESETS[DEFAULT]
    assert all("==" in wheel for wheel, _ in preset.wheels)
    assert len(preset.sha256) == 64
    assert preset.terms
    assert (PRESETS["smollm2-135m"].licence, PRESETS["smollm2-135m"].terms) == ("Apache-2.0", "")
