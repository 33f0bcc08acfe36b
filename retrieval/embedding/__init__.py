"""Texts to vectors: the Embedder seam, and an implementation a file."""

from retrieval.embedding.embedder import Embedder, open_embedder

__all__ = ["Embedder", "open_embedder"]
