"""Chroma as an index that can be made anew at any time: built beside the old one, probed, switched in by one file.

The collection holds one vector a distinct text, under its content hash. What Chroma finds is scored again with the
shop's own vectors, and small restrictions never reach it: its filters cost more than exact search over what they leave.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
from chromadb.config import Settings
from chromadb.errors import ChromaError
from chromadb.utils.batch_utils import create_batches

from retrieval.errors import IndexError_
from retrieval.exact_index import ExactIndex
from retrieval.index import Floats, Kind, Rows
from retrieval.rows import digest
from retrieval.stored_vectors import StoredVectors
from retrieval.wheels import Progress

POINTER = "current.json"
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 200, "max_neighbors": 32}
"""With Chroma's own 100, 100 and 16, six in a hundred of a shop's near-equal texts did not find themselves."""
_WIDEST = 500
"""Most neighbours asked of Chroma at once; where a restriction would need more, exact search takes over."""
_SPARE = 1.5
"""How many more neighbours are asked than should be needed on average."""
_PROBES = 50
_FOUND = 0.98
"""Share of the probed vectors that must find themselves; HNSW may miss one in a hundred."""
_PATIENCE = 300.0
"""Seconds that a probe may take."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which collection serves, and of which vectors it is."""

    place: str
    """A folder beside the pointer, or the URL of a server."""
    collection: str
    texts: str
    """Stands for the content hashes."""
    before: str = ""
    """The collection that it took the place of: kept for whoever still has it open."""


class ChromaIndex:
    """Nearest neighbours from a Chroma collection, exact ones where a restriction leaves few rows."""

    def __init__(self, collection: Any, stored: StoredVectors, exact: ExactIndex) -> None:
        self._collection = collection
        self._stored = stored
        self._exact = exact
        self._failure = ""
        self._slot_of = {content_hash: slot for slot, content_hash in enumerate(stored.hashes)}
        self._by_slot = np.argsort(stored.slots, kind="stable")
        self._starts = np.searchsorted(stored.slots[self._by_slot], np.arange(len(stored.hashes) + 1))

    @property
    def kind(self) -> Kind:
        """Exact once Chroma has failed."""
        return "exact" if self._failure else "chroma"

    @property
    def failure(self) -> str:
        """How Chroma failed while it served; exact search has served since. Empty when it did not."""
        return self._failure

    @property
    def ids(self) -> tuple[str, ...]:
        """The item of each row."""
        return self._stored.ids

    def nearest(self, vector: Floats, limit: int, rows: Rows | None = None) -> tuple[Rows, Floats]:
        """At most `limit` rows, closest first; a restriction that leaves few rows is searched exactly."""
        kept = len(self.ids) if rows is None else len(rows)
        wanted = limit if rows is None else int(_SPARE * limit * len(self.ids) / max(kept, 1)) + 1
        if self._failure or min(limit, kept) <= 0 or wanted > min(_WIDEST, len(self._stored.hashes)):
            return self._exact.nearest(vector, limit, rows)
        try:
            near = self._rows_near(vector, wanted)
        except IndexError_ as error:
            self._failure = str(error)
            return self._exact.nearest(vector, limit, rows)
        if rows is not None:
            near = near[np.isin(near, rows)]
        if len(near) < min(limit, kept):
            return self._exact.nearest(vector, limit, rows)
        scores = self.vectors_of(near) @ vector
        order = np.lexsort((near, -scores))[:limit]
        return near[order], scores[order].astype(np.float32)

    def vectors_of(self, rows: Rows) -> Floats:
        """The vectors of the rows. Shape: (n, dim)."""
        return self._exact.vectors_of(rows)

    def _rows_near(self, vector: Floats, count: int) -> Rows:
        """The rows of every item whose text is among the `count` nearest."""
        with _chroma_errors():
            found = self._collection.query(query_embeddings=[vector], n_results=count, include=[])["ids"][0]
        slots = [self._slot_of[content_hash] for content_hash in found]
        return np.concatenate([self._by_slot[self._starts[slot] : self._starts[slot + 1]] for slot in slots])


def open_chroma(directory: Path, url: str, stored: StoredVectors, exact: ExactIndex) -> ChromaIndex:
    """The collection that the pointer names. Raises IndexError_ when it is absent, of other vectors, or damaged."""
    pointer = _pointer(directory)
    if pointer is None:
        raise IndexError_("The shop has no Chroma index yet.")
    if pointer.texts != _texts(stored) or _is_url(pointer.place) != bool(url) or (url and pointer.place != url):
        raise IndexError_("The Chroma index is of other vectors than the shop's, or in another place.")
    place = pointer.place if url else str(directory / pointer.place)
    _probe(place, pointer.collection, stored)
    with _chroma_errors():
        return ChromaIndex(_collection(_client(place), pointer.collection), stored, exact)


def build_chroma(directory: Path, url: str, stored: StoredVectors, progress: Progress | None = None) -> None:
    """A new collection of the vectors is served; the one before it stays for whoever has it open, older ones go.

    Raises IndexError_ when it can't be built or does not find what is in it; the one before it goes on serving.
    """
    name = f"items-{uuid.uuid4().hex[:12]}"
    place = url or str(directory / name)
    old = _pointer_if_sound(directory)
    try:
        with _chroma_errors():
            directory.mkdir(parents=True, exist_ok=True)
            _fill(_client(place), name, stored, progress)
        _probe(place, name, stored)
    except IndexError_:
        _discard(directory, url, name)
        raise
    pointer = Pointer(url or name, name, _texts(stored), old.collection if old else "")
    draft = directory / f"{name}.json"
    draft.write_text(json.dumps(asdict(pointer)), encoding="utf-8")
    draft.replace(directory / POINTER)
    kept = {name, pointer.before}
    for gone in {path.name for path in directory.glob("items-*") if path.is_dir()} | ({old.before} if old else set()):
        if gone and gone not in kept:
            _discard(directory, url, gone)


def _fill(client: Any, name: str, stored: StoredVectors, progress: Progress | None) -> None:
    """The collection has every vector."""
    collection = client.create_collection(name, embedding_function=None, configuration={"hnsw": _HNSW})
    done, total, step = 0, len(stored.hashes), client.get_max_batch_size()
    for start in range(0, total, step):
        part = slice(start, start + step)
        vectors = list(stored.matrix[part].astype(np.float32))
        for ids, embeddings, _, _ in create_batches(client, list(stored.hashes[part]), vectors):
            collection.add(ids=ids, embeddings=embeddings)
            done += len(ids)
            if progress:
                progress("index", done, total)


def _client(place: str) -> Any:
    """The client of a folder or of a server. Nothing is reported to anyone."""
    settings = Settings(anonymized_telemetry=False)
    if not _is_url(place):
        return chromadb.PersistentClient(place, settings=settings)
    where = urlsplit(place)
    return chromadb.HttpClient(where.hostname or "localhost", where.port or 8000, ssl=where.scheme == "https", settings=settings)


def _collection(client: Any, name: str) -> Any:
    """The collection. Raises IndexError_ when it does not compare by cosine."""
    collection = client.get_collection(name, embedding_function=None)
    space = collection.configuration["hnsw"]["space"]
    if space != "cosine":
        raise IndexError_(f"The Chroma collection {name} compares by {space}, expected cosine.")
    return collection


def _probe(place: str, name: str, stored: StoredVectors) -> None:
    """The collection holds as many vectors as the shop, and they find themselves.

    Another process tries it: a damaged one can end the process that opens it. Raises IndexError_.
    """
    sample = np.linspace(0, len(stored.hashes) - 1, num=min(len(stored.hashes), _PROBES), dtype=np.int64)
    request = {
        "place": place,
        "collection": name,
        "hashes": [stored.hashes[slot] for slot in sample],
        "vectors": stored.matrix[sample].astype(np.float32).tolist(),
    }
    child = [sys.executable, "-m", "retrieval.chroma_index"]
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    try:
        run = subprocess.run(
            child, input=json.dumps(request), capture_output=True, text=True, timeout=_PATIENCE, env=path, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise IndexError_(f"The Chroma index did not answer its probe within {_PATIENCE:.0f} s.") from error
    if run.returncode:
        said = run.stderr.strip().splitlines()[-1:] or [f"exit code {run.returncode}"]
        raise IndexError_(f"The Chroma index can't be opened: {said[0]}.")
    answer = json.loads(run.stdout.splitlines()[-1])
    if answer["count"] != len(stored.hashes) or answer["found"] < _FOUND * len(sample):
        raise IndexError_(
            f"The Chroma index holds {answer['count']} of {len(stored.hashes)} vectors, "
            f"and {answer['found']} of {len(sample)} probes found themselves."
        )


def _answer(request: dict[str, Any]) -> dict[str, int]:
    """What the child process finds: how many vectors there are, and how many of the sample find themselves."""
    collection = _collection(_client(request["place"]), request["collection"])
    near = collection.query(query_embeddings=request["vectors"], n_results=5, include=[])["ids"]
    found = sum(content_hash in ids for content_hash, ids in zip(request["hashes"], near, strict=True))
    return {"count": collection.count(), "found": found}


@contextmanager
def _chroma_errors() -> Iterator[None]:
    """Chroma's errors, a full disk and an absent server as IndexError_."""
    try:
        yield
    except (ChromaError, httpx.HTTPError, ValueError, RuntimeError, OSError) as error:
        raise IndexError_(f"The Chroma index can't be used: {error}.") from error


def _pointer(directory: Path) -> Pointer | None:
    """What the pointer file says, None without one. Raises IndexError_ when it can't be read."""
    try:
        return Pointer(**json.loads((directory / POINTER).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise IndexError_(f"{directory / POINTER} can't be used: {error}.") from error


def _pointer_if_sound(directory: Path) -> Pointer | None:
    """The pointer; None also for one that can't be read, which the new one replaces."""
    try:
        return _pointer(directory)
    except IndexError_:
        return None


def _discard(directory: Path, url: str, name: str) -> None:
    """The collection is gone; a server that has it no longer is content too."""
    if not url:
        shutil.rmtree(directory / name, ignore_errors=True)
        return
    with _chroma_errors():
        client = _client(url)
        if name in {collection.name for collection in client.list_collections()}:
            client.delete_collection(name)


def _texts(stored: StoredVectors) -> str:
    return digest("\n".join(sorted(stored.hashes)))


def _is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))


if __name__ == "__main__":
    print(json.dumps(_answer(json.load(sys.stdin))))  # noqa: T201 - the parent process reads it
