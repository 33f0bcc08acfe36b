"""Exact search has recall 1, whatever the vectors are like."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.exact_index import ExactIndex
from retrieval.stored_vectors import StoredVectors


def _stored(matrix: np.ndarray) -> StoredVectors:
    unit = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    count = len(matrix)
    hashes = tuple(str(slot) for slot in range(count))
    return StoredVectors(tuple(f"{i:06d}" for i in range(count)), np.arange(count), unit.astype("<f2"), hashes)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([0.001, 0.05, 1.0]),
    limit=st.integers(1, 300),
    share=st.sampled_from([0.05, 0.4, 1.0]),
)
def test_recall_is_one(seed: int, spread: float, limit: int, share: float) -> None:
    """8-bit scores never lose a row: with vectors that nearly coincide, with outliers, with and without a restriction."""
    random = np.random.default_rng(seed)
    matrix = random.standard_normal(48) + spread * random.standard_normal((4_000, 48))
    matrix[:3] = 50 * np.eye(48)[:3]  # outliers stretch the bound
    stored = _stored(matrix)
    vector = stored.matrix[seed % 4_000].astype(np.float32)
    rows = np.sort(random.choice(4_000, int(share * 4_000), replace=False))
    found, cosines = ExactIndex(stored).nearest(vector, limit, rows)
    every = stored.matrix[rows].astype(np.float32) @ vector
    assert np.allclose(cosines, np.sort(every)[::-1][:limit], atol=2e-6)
    assert np.isin(found, rows).all()


def test_equal_vectors_come_in_the_order_of_their_rows() -> None:
    """A thousand items with one text are told apart by their place alone, so that an answer can be repeated."""
    stored = StoredVectors(tuple(f"{i:06d}" for i in range(5_000)), np.arange(5_000) % 3, np.eye(3, dtype="<f2"), ("a", "b", "c"))
    found, cosines = ExactIndex(stored).nearest(np.array([0, 1, 0], dtype=np.float32), 4)
    assert found.tolist() == [1, 4, 7, 10]
    assert cosines.tolist() == [1, 1, 1, 1]


def test_an_empty_shop_has_nothing_near() -> None:
    """No vectors, no rows, no error."""
    stored = StoredVectors((), np.zeros(0, dtype=np.int64), np.zeros((0, 8), dtype="<f2"), ())
    assert len(ExactIndex(stored).nearest(np.ones(8, dtype=np.float32), 5)[0]) == 0
