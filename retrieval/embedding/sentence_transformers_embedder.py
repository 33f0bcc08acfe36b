"""Any sentence-transformers model: a local folder or a hub id."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from peft import PeftModel
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as transformers_logging

from retrieval.errors import EmbedderError


class SentenceTransformersEmbedder:
    """The model's own prompts are used for queries and items where it has them; e5 models always get theirs."""

    def __init__(
        self, model: str, *, name: str, cache: Path | None = None, device: str | None = None, adapter: Path | None = None
    ) -> None:
        transformers_logging.disable_progress_bar()
        try:
            self._model = SentenceTransformer(
                model,
                device=device,
                cache_folder=str(cache) if cache else None,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
            if adapter is not None:  # merged: as fast as the base
                self._model[0].auto_model = PeftModel.from_pretrained(self._model[0].auto_model, str(adapter)).merge_and_unload()
        except (OSError, ValueError, RuntimeError) as error:
            raise EmbedderError(
                f"the embedder {name!r} can't be opened: {error}. Expected a preset (e5-small, minilm), "
                "a folder with a sentence-transformers model in safetensors, or a hub id."
            ) from error
        if "e5" in name.lower().replace("/", "-").split("-") and not self._model.prompts.get("query"):
            self._model.prompts = {"query": "query: ", "document": "passage: "}
        self._one_at_a_time = threading.Lock()  # the tokenizer's padding settings are shared state
        self.name = name
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """The texts' unit vectors. Shape: (n, dim)."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        encode = self._model.encode_query if query else self._model.encode_document
        with self._one_at_a_time:
            vectors = encode(clean, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(vectors, dtype=np.float32)
