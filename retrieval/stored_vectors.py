"""The vectors as they lie in the tables, from which every index is made; items whose texts are equal share one."""

from __future__ import annotations

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
    found = connection.execute(select(items.c.id, items.c.content_hash).order_by(items.c.id)).all()
    wanted = select(vectors.c.content_hash, vectors.c.vector).where(vectors.c.embedder == embedder)
    blobs = dict(connection.execute(wanted).all())
    hashes = list(dict.fromkeys(row[1] for row in found if row[1] in blobs))
    data = b"".join(blobs[content_hash] for content_hash in hashes)
    if len(data) != len(hashes) * dimension * _STORED.itemsize:
        raise EmbedderError(
            f"{embedder} gives vectors of {dimension} numbers, the shop's own have another length. "
            "Use the embedder that the shop was made with, or rebuild its index."
        )
    matrix = np.frombuffer(data, dtype=_STORED).reshape(len(hashes), dimension)
    slot_of = {content_hash: slot for slot, content_hash in enumerate(hashes)}
    slots = np.fromiter((slot_of.get(row[1], len(hashes)) for row in found), dtype=np.int64, count=len(found))
    missing = int((slots == len(hashes)).sum())
    if missing:
        hashes.append("")
        matrix = np.vstack([matrix, np.zeros((1, dimension), dtype=_STORED)])
    return StoredVectors(tuple(row[0] for row in found), slots, matrix, tuple(hashes), missing)


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
