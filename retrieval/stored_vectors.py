"""The vectors as they lie in the tables, from which every index is made; items whose texts are equal share one."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from retrieval.embedding.embedder import Embedder
from retrieval.errors import EmbedderError
from retrieval.index import Rows
from retrieval.tables import items, vectors

_STORED = np.dtype("<f2")
"""Half precision moves a cosine by less than 0.001 and halves file and memory."""
_FETCHED = 5_000
"""Rows of the tables in memory at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredVectors:
    """Every item's vector."""

    ids: tuple[str, ...]
    """In the order of the ids themselves."""
    slots: Rows
    """The row of `matrix` that belongs to each id. Shape: (n,)."""
    matrix: NDArray[np.float16]
    """Unit vectors. Shape: (distinct texts, dim)."""
    hashes: tuple[str, ...]
    """The content hash of each row of `matrix`."""
    missing: int = 0
    """How many items have no vector of this embedder; theirs are zeros, under an empty hash."""


def stored_vectors(connection: Connection, embedder: str, dimension: int) -> StoredVectors:
    """The vectors of all items, as one connection sees them."""
    ids, slot_of, slots = list[str](), dict[str, int](), array("q")
    kept = select(items.c.id, items.c.content_hash).order_by(items.c.id).execution_options(yield_per=_FETCHED)
    for item_id, content_hash in connection.execute(kept):
        ids.append(item_id)
        slots.append(slot_of.setdefault(content_hash, len(slot_of)))
    matrix, known = np.zeros((len(slot_of), dimension), dtype=_STORED), np.zeros(len(slot_of), dtype=bool)
    wanted = select(vectors.c.content_hash, vectors.c.vector).where(vectors.c.embedder == embedder)
    for content_hash, vector in connection.execute(wanted.execution_options(yield_per=_FETCHED)):
        slot = slot_of.get(content_hash)
        if slot is None:
            continue
        if len(vector) != dimension * _STORED.itemsize:
            raise EmbedderError(
                f"{embedder} gives vectors of {dimension} numbers, the shop's own have another length. "
                "Use the embedder that the shop was made with, or rebuild its index."
            )
        matrix[slot], known[slot] = np.frombuffer(vector, dtype=_STORED), True
    stored = StoredVectors(tuple(ids), np.array(slots, dtype=np.int64), matrix, tuple(slot_of))
    return stored if known.all() else _without(stored, ~known)


def _without(stored: StoredVectors, lacking: NDArray[np.bool_]) -> StoredVectors:
    """The vectors with one slot of zeros, the last, for every item whose text lacks its vector."""
    hashes = [content_hash for content_hash, lacks in zip(stored.hashes, lacking, strict=True) if not lacks]
    places = np.where(lacking, len(hashes), np.cumsum(~lacking) - 1)
    slots = places[stored.slots]
    matrix = np.vstack([stored.matrix[~lacking], np.zeros((1, stored.matrix.shape[1]), dtype=_STORED)])
    return StoredVectors(stored.ids, slots, matrix, (*hashes, ""), int((slots == len(hashes)).sum()))


def known_hashes(connection: Connection, embedder: str | None) -> set[str]:
    """The content hashes of the texts that this embedder, or any, has embedded."""
    found = select(vectors.c.content_hash)
    return set(connection.execute(found if embedder is None else found.where(vectors.c.embedder == embedder)).scalars())


def vector_rows(embedder: Embedder, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of `vectors` for texts by content hash. Raises EmbedderError when a vector is not a finite one."""
    if not texts:
        return []
    matrix = embedder.embed(list(texts.values()))
    if matrix.shape != (len(texts), embedder.dimension) or not np.isfinite(matrix).all():
        raise EmbedderError(
            f"{embedder.name} gave {matrix.shape} numbers, some of them not finite; "
            f"expected {(len(texts), embedder.dimension)} finite ones. Fetch the model again, or choose another embedder."
        )
    packed = np.ascontiguousarray(matrix, dtype=_STORED)
    return [
        {"content_hash": content_hash, "embedder": embedder.name, "vector": packed[row].tobytes()}
        for row, content_hash in enumerate(texts)
    ]


def drop_unused(connection: Connection) -> None:
    """No vector is kept of a text that no item has."""
    connection.execute(vectors.delete().where(vectors.c.content_hash.not_in(select(items.c.content_hash))))
