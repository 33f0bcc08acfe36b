"""The shipped stand-in: words and character n-grams hashed to signs; no model, no download, the same everywhere."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[㐀-鿿]+|[^\W_㐀-鿿]+")
_HAN = re.compile(r"[㐀-鿿]")


class HashingEmbedder:
    """Texts that share words or parts of words lie close; it knows no synonyms."""

    def __init__(self, dimension: int = 384) -> None:
        self.name = f"hashing-{dimension}"
        self.dimension = dimension

    def embed(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """The texts' unit vectors, alike for query and item. Shape: (n, dim)."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for piece, weight in _pieces(text.lower()):
                code = zlib.crc32(piece.encode("utf-8", "replace"))
                vectors[row, (code >> 1) % self.dimension] += weight if code & 1 else -weight
        empty = ~vectors.any(axis=1)
        vectors[empty, 0] = 1.0  # a text without a word still has a place
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def _pieces(text: str) -> Iterator[tuple[str, float]]:
    """Words weigh 1, their character trigrams 0.3; Chinese gives characters and pairs of them."""
    for word in _WORD.findall(text):
        if _HAN.match(word):
            yield from ((character, 0.5) for character in word)
            yield from ((word[start : start + 2], 1.0) for start in range(len(word) - 1))
        else:
            yield word, 1.0
            padded = f"<{word}>"
            yield from ((padded[start : start + 3], 0.3) for start in range(len(padded) - 2))
