"""Every vector index: the closest rows, only among the allowed ones, as values of the shop's own vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.exact_index import ExactIndex
from retrieval.index import VectorIndex
from retrieval.stored_vectors import StoredVectors

COUNT, DIMENSION, TEXTS = 3_000, 32, 2_500


def _stored() -> StoredVectors:
    """3,000 items with 2,500 distinct texts in 50 groups."""
    random = np.random.default_rng(7)
    groups = random.standard_normal((50, DIMENSION))
    matrix = groups[random.integers(0, 50, TEXTS)] + 0.5 * random.standard_normal((TEXTS, DIMENSION))
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    slots = np.concatenate([np.arange(TEXTS), random.integers(0, TEXTS, COUNT - TEXTS)])
    ids = tuple(f"i{number:05d}" for number in range(COUNT))
    return StoredVectors(ids, slots, matrix.astype("<f2"), tuple(f"{slot:032x}" for slot in range(TEXTS)))


def _chroma(stored: StoredVectors, directory: Path, url: str) -> VectorIndex:
    pytest.importorskip("chromadb", reason="chromadb is not installed")
    from retrieval.chroma_index import build_chroma, open_chroma

    build_chroma(directory, url, stored)
    return open_chroma(directory, url, stored, ExactIndex(stored))


@pytest.fixture(scope="module")
def stored() -> StoredVectors:
    return _stored()


@pytest.fixture(scope="module", params=["exact", "chroma", "chroma server"])
def index(request: pytest.FixtureRequest, stored: StoredVectors, tmp_path_factory: pytest.TempPathFactory) -> VectorIndex:
    if request.param == "exact":
        return ExactIndex(stored)
    url = ""
    if request.param == "chroma server":
        url, _ = request.getfixturevalue("start_chroma")(tmp_path_factory.mktemp("server"))
    return _chroma(stored, tmp_path_factory.mktemp("index"), url)


def _brute(stored: StoredVectors, vector: np.ndarray, limit: int, rows: np.ndarray) -> np.ndarray:
    scores = stored.matrix.astype(np.float32)[stored.slots[rows]] @ vector
    return np.sort(scores)[::-1][:limit]


def _queries(stored: StoredVectors) -> np.ndarray:
    random = np.random.default_rng(8)
    near = stored.matrix[random.integers(0, TEXTS, 20)].astype(np.float32)
    near += 0.1 * random.standard_normal(near.shape).astype(np.float32)
    return (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("limit", [1, 10, 200])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.05])
def test_it_finds_the_closest(index: VectorIndex, stored: StoredVectors, limit: int, share: float) -> None:
    """Cosines are those of a full comparison, within the allowed rows; exact search misses none, Chroma hardly any."""
    random = np.random.default_rng(9)
    rows = np.sort(random.choice(COUNT, int(share * COUNT), replace=False))
    hits = asked = 0
    for vector in _queries(stored):
        found, cosines = index.nearest(vector, limit, None if share == 1 else rows)
        best = _brute(stored, vector, limit, rows)
        assert len(found) == min(limit, len(rows)) == len(set(found.tolist()))
        assert np.isin(found, rows).all()
        assert np.all(np.diff(cosines) <= 0)
        hits += int((cosines >= best[-1] - 1e-5).sum())
        asked += len(best)
    assert hits == asked if index.kind == "exact" else hits >= 0.95 * asked


def test_no_row_allowed_gives_none(index: VectorIndex, stored: StoredVectors) -> None:
    """An empty restriction and a limit of nothing are answered with nothing."""
    vector = _queries(stored)[0]
    assert len(index.nearest(vector, 5, np.zeros(0, dtype=np.int64))[0]) == 0
    assert len(index.nearest(vector, 0)[0]) == 0


def test_a_row_leads_back_to_its_item_and_vector(index: VectorIndex, stored: StoredVectors) -> None:
    """`ids` and `vectors_of` speak of the same rows, and a vector finds itself."""
    assert index.ids == stored.ids
    vectors = index.vectors_of(np.array([5, 2_900]))
    assert vectors.dtype == np.float32
    found, cosines = index.nearest(vectors[1], 3)
    assert 2_900 in found and cosines[0] == pytest.approx(1, abs=2e-3)


def test_it_says_which_it_is(index: VectorIndex) -> None:
    """The kind is named and nothing has failed."""
    assert index.kind in ("exact", "chroma")
    assert index.failure == ""
