"""The shipped dialogues, held with the demo shop: the guard of the whole road."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.conversation import Assistant
from assistant.language.scripted import ScriptedReader
from retrieval.demo.build import build_demo
from retrieval.embedding.e5_embedder import E5Embedder
from retrieval.search import Search
from retrieval.shop import Shop
from training.dialogues import Dialogue, load_dialogues, run_dialogues, scripts_of

SHIPPED = load_dialogues([Path(__file__).resolve().parents[2] / "training" / "dialogues"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = build_demo(tmp_path_factory.mktemp("demo") / "shop", embedder=E5Embedder())
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def assistant(demo: Shop) -> Assistant:
    return Assistant(demo, Search(demo), ScriptedReader(scripts_of(SHIPPED)))


@pytest.mark.parametrize("dialogue", SHIPPED, ids=lambda dialogue: dialogue.id)
def test_dialogue(dialogue: Dialogue, assistant: Assistant) -> None:
    """Every expectation holds, no hard wish is broken and nothing is said without ground."""
    outcome = run_dialogues([dialogue], assistant)
    assert outcome.failed == []
    assert (outcome.hard_violations, outcome.ungrounded) == (0, 0)
