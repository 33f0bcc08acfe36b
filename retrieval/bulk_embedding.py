"""A feed's texts embedded by several processes or machines with Ray Data, ahead of its import; an extra.

The import that follows finds every vector there and embeds nothing. A batch of texts is the same batch that an import in one
process would embed, so that its vectors are the same to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from retrieval.database import upsert
from retrieval.embedding.embedder import open_embedder
from retrieval.errors import EmbedderError
from retrieval.index_choice import EMBED_BATCH
from retrieval.item_text import item_text
from retrieval.rows import digest
from retrieval.schema import Item
from retrieval.shop import Shop
from retrieval.stored_vectors import known_hashes, vector_rows
from retrieval.tables import vectors
from retrieval.wheels import Progress

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when Ray is imported: nothing is reported to anyone
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # processors only: GPUs stay visible as they are

try:
    import ray
    import ray.data
except ImportError as error:
    raise EmbedderError(
        f"embedding with several workers needs the package ray, which can't be loaded here: {error}. "
        "Run `pip install 'daogou[ray]'`, or leave --workers out."
    ) from error


def embed_ahead(shop: Shop, catalog: Iterable[Item], workers: int, home: Path, progress: Progress | None = None) -> int:
    """How many texts of the catalogue were embedded; all have their vectors in the shop's tables then.

    `workers` processes of this machine share the work, or of the cluster that RAY_ADDRESS names; each opens the shop's embedder
    with model files from its `home`. A batch is kept when it is done, so that a kill costs the batches under way. Raises
    StoreError, and EmbedderError when a worker fails.
    """
    with shop.reading() as connection:
        known = known_hashes(connection, shop.embedder.name)
    batches = list(_batches(catalog, shop.settings.languages, known))
    total, done = sum(len(batch) for batch in batches), 0
    with shop.sole_writer():
        for found in _embedded(batches, shop.settings.embedder, home, workers):
            with shop.writing() as connection:
                upsert(connection, vectors, found)
            done += len(found)
            if progress:
                progress("embed", done, total)
    return total


def _batches(catalog: Iterable[Item], languages: tuple[str, ...], known: set[str]) -> Iterator[dict[str, str]]:
    """The texts without a vector by content hash, as many at a time as an import embeds."""
    batch: dict[str, str] = {}
    for item in catalog:
        text = item_text(item, languages)
        content_hash = digest(text)
        if content_hash in known:
            continue
        known.add(content_hash)
        batch[content_hash] = text
        if len(batch) == EMBED_BATCH:
            yield batch
            batch = {}
    if batch:
        yield batch


def _embedded(batches: list[dict[str, str]], preset: str, home: Path, workers: int) -> Iterator[list[dict[str, Any]]]:
    """The rows of `vectors` of each batch, as they are done."""
    if not batches:
        return
    ours = not ray.is_initialized()
    try:
        if ours:
            ray.init(**_start(workers))
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        worker: Any = _Worker  # Ray makes one a process, whatever its types say of a class
        pieces = [{"hashes": list(batch), "texts": list(batch.values())} for batch in batches]
        dataset = ray.data.from_items(pieces, override_num_blocks=len(pieces)).map(
            worker, fn_constructor_args=(preset, str(home)), compute=ray.data.ActorPoolStrategy(size=min(workers, len(pieces)))
        )
        for piece in dataset.iter_rows():
            yield [
                {"content_hash": content_hash, "embedder": piece["embedder"], "vector": vector}
                for content_hash, vector in zip(piece["hashes"], piece["vectors"], strict=True)
            ]
    except ray.exceptions.RayError as error:
        said = str(error).strip().splitlines()[-1:] or ["no reason"]
        raise EmbedderError(f"a worker that embeds failed: {said[0]}. What was done is kept; run the command again.") from error
    finally:
        if ours:
            ray.shutdown()


def _start(workers: int) -> dict[str, Any]:
    """How Ray is started: on this machine alone, without a page of its own, unless RAY_ADDRESS names a cluster."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if os.environ.get("RAY_ADDRESS"):
        return quiet
    return {**quiet, "num_cpus": workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}


class _Worker:
    """A process that has the embedder open."""

    def __init__(self, preset: str, home: str) -> None:
        self._embedder = open_embedder(preset, Path(home))

    def __call__(self, piece: dict[str, Any]) -> dict[str, Any]:
        """The piece with its vectors as the tables keep them."""
        found = vector_rows(self._embedder, dict(zip(piece["hashes"], piece["texts"], strict=True)))
        return {"hashes": piece["hashes"], "embedder": self._embedder.name, "vectors": [row["vector"] for row in found]}
