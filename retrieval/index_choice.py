"""Which index serves a shop: exact search, or Chroma once the shop is large; and how it is made anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from retrieval.database import reading, upsert, writing
from retrieval.embedding.embedder import Embedder
from retrieval.errors import IndexError_
from retrieval.exact_index import ExactIndex
from retrieval.index import VectorIndex
from retrieval.item_text import item_text
from retrieval.rows import digest
from retrieval.schema import Item
from retrieval.shop_settings import ShopSettings
from retrieval.stored_vectors import known_hashes, stored_vectors, vector_rows
from retrieval.tables import items, meta, vectors
from retrieval.wheels import Progress

EMBED_BATCH = 512
"""Texts embedded and kept in one transaction: some seconds of work that a kill can cost."""


@dataclass(frozen=True, slots=True, eq=False)
class ServedIndex:
    """An index, the version of the shop that it shows, and why it is not the one that it should be."""

    index: VectorIndex
    version: int
    warning: str = ""


def stored_version(connection: Connection) -> int:
    """The shop's version as the connection sees it; 0 for a shop without an import."""
    return int(connection.execute(select(meta.c.value).where(meta.c.key == "version")).scalar() or 0)


def bump_version(connection: Connection) -> None:
    """Whoever has the shop open, in whichever process, opens its index and catalogue anew."""
    upsert(connection, meta, [{"key": "version", "value": str(stored_version(connection) + 1)}])


def open_index(directory: Path, settings: ShopSettings, engine: Engine, embedder: Embedder) -> ServedIndex:
    """The index over the tables as they are; exact search in place of a Chroma index that can't be used."""
    with reading(engine) as connection:
        version = stored_version(connection)
        stored = stored_vectors(connection, embedder.name, embedder.dimension)
    exact = ExactIndex(stored)
    if stored.missing:
        warning = f"{stored.missing} of {len(stored.ids)} items have no vector of {embedder.name}. Rebuild the index."
        return ServedIndex(exact, version, warning)
    if len(stored.hashes) < settings.chroma_from:
        return ServedIndex(exact, version)
    from retrieval.chroma_index import open_chroma

    try:
        return ServedIndex(open_chroma(directory / "index", settings.chroma_url, stored, exact), version)
    except IndexError_ as error:
        return ServedIndex(exact, version, f"{error} Exact search serves meanwhile. Rebuild the index.")


def build_index(
    directory: Path, settings: ShopSettings, engine: Engine, embedder: Embedder, progress: Progress | None = None
) -> None:
    """A Chroma index of the tables is built, probed and switched in.

    Raises IndexError_ when the new index does not pass; the one before it stays.
    """
    from retrieval.chroma_index import build_chroma

    with reading(engine) as connection:
        stored = stored_vectors(connection, embedder.name, embedder.dimension)
    build_chroma(directory / "index", settings.chroma_url, stored, progress)


def large_enough(engine: Engine, settings: ShopSettings) -> bool:
    """Whether the shop has so many distinct texts that Chroma is to serve it."""
    with reading(engine) as connection:
        texts = connection.execute(select(func.count(items.c.content_hash.distinct()))).scalar() or 0
    return texts >= settings.chroma_from


def embed_missing(
    engine: Engine,
    embedder: Embedder,
    every_item: Iterable[Item],
    languages: tuple[str, ...],
    progress: Progress | None = None,
) -> int:
    """Every item has a vector of this embedder, of its text as it is made today; how many were embedded."""
    with reading(engine) as connection:
        known = known_hashes(connection, embedder.name)
        kept = dict(connection.execute(select(items.c.id, items.c.content_hash)).all())
    texts: dict[str, str] = {}
    for item in every_item:
        text = item_text(item, languages)
        content_hash = digest(text)
        if content_hash not in known:
            texts[content_hash] = text
        if kept.get(item.id) == content_hash:
            del kept[item.id]
        else:
            kept[item.id] = content_hash
    waiting = list(texts.items())
    for start in range(0, len(waiting), EMBED_BATCH):
        found = vector_rows(embedder, dict(waiting[start : start + EMBED_BATCH]))
        with writing(engine) as connection:
            upsert(connection, vectors, found)
        if progress:
            progress("embed", min(start + EMBED_BATCH, len(waiting)), len(waiting))
    with writing(engine) as connection:
        for item_id, content_hash in kept.items():
            connection.execute(items.update().where(items.c.id == item_id).values(content_hash=content_hash))
    return len(waiting)
