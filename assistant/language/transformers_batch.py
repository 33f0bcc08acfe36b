"""Sequences in transformers: many side by side in one cache, in which they end together and begin where they may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from transformers import DynamicCache

from assistant.errors import GenerationError
from assistant.language.batch import Scores


@dataclass(frozen=True, slots=True)
class Adapted:
    """A model with one of its adapters, or with none. Others may use the same model with another: one at a time."""

    model: Any
    adapter: str | None

    def scores(self, ids: Sequence[Sequence[int]], past: DynamicCache, **where: torch.Tensor) -> NDArray[np.float32]:
        """Of the token after the last of each row, which are added to `past`. Shape: (rows, vocabulary).

        `where` holds position_ids and attention_mask for rows of different length. Raises GenerationError.
        """
        attached = isinstance(self.model, PeftModel)
        if attached and self.adapter:
            self.model.set_adapter(self.adapter, inference_mode=True)
        bare = self.model.disable_adapter() if attached and not self.adapter else nullcontext()
        try:
            with torch.inference_mode(), bare:
                tokens = torch.tensor([list(row) for row in ids], device=self.model.device)
                scores = self.model(input_ids=tokens, past_key_values=past, use_cache=True, logits_to_keep=1, **where).logits
                found: NDArray[np.float32] = scores[:, -1].float().cpu().numpy()
        except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
            raise GenerationError(f"transformers failed: {error}") from error
        return found


class TransformersBatch:
    """`rows` sequences of up to `limit` tokens, padded on the left to the longest.

    A prompt is run alone; before the next step its keys and values are put beside the others'.
    """

    def __init__(self, adapted: Adapted, *, limit: int, rows: int = 16) -> None:
        self.rows = rows
        self.limit = limit
        self._adapted = adapted
        self._device = adapted.model.device
        self._past = DynamicCache()
        self._held: list[int] = []
        """The row at each place of `_past`."""
        self._fresh: dict[int, DynamicCache] = {}
        """Rows that were filled since the last step."""
        self._lengths: dict[int, int] = {}

    def fill(self, row: int, tokens: Sequence[int]) -> Scores:
        """Starts a row anew with `tokens`."""
        past = DynamicCache()
        scores: Scores = self._adapted.scores([tokens], past)[0]
        self._fresh[row], self._lengths[row] = past, len(tokens)
        return scores

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Scores]:
        """Adds one token to each of the given rows; the others' memory is freed."""
        rows = list(tokens)
        if self._fresh or rows != self._held:
            self._gather(rows)
        lengths = torch.tensor([self._lengths[row] + 1 for row in rows], device=self._device)[:, None]
        width = int(lengths.max())
        mask = torch.arange(width, device=self._device)[None, :] >= width - lengths
        scores = self._adapted.scores(
            [[token] for token in tokens.values()], self._past, attention_mask=mask.long(), position_ids=lengths - 1,
        )
        for row in rows:
            self._lengths[row] += 1
        return dict(zip(rows, scores, strict=True))

    def _gather(self, rows: list[int]) -> None:
        """Puts these rows, and no others, side by side with their ends aligned. Raises GenerationError."""
        width = max(self._lengths[row] for row in rows)
        places = [(self._fresh[row], 0) if row in self._fresh else (self._past, self._held.index(row)) for row in rows]
        starts = [-self._lengths[row] for row in rows]
        past = DynamicCache()
        try:
            with torch.inference_mode():
                for number in range(len(places[0][0].layers)):
                    layers = [(each.layers[number], place) for each, place in places]
                    keys = [layer.keys[place, :, start:] for (layer, place), start in zip(layers, starts, strict=True)]
                    values = [layer.values[place, :, start:] for (layer, place), start in zip(layers, starts, strict=True)]
                    past.update(_aligned(keys, width), _aligned(values, width), number)
        except (RuntimeError, MemoryError) as error:
            raise GenerationError(f"transformers has no memory for {len(rows)} sequences at once: {error}") from error
        self._past, self._held, self._fresh = past, rows, {}


def _aligned(rows: Sequence[torch.Tensor], width: int) -> torch.Tensor:
    """From shape (heads, tokens, dim) each to shape (rows, heads, width, dim): tokens at the right, zeros before them."""
    return torch.stack([torch.nn.functional.pad(row, (0, 0, width - row.shape[1], 0)) for row in rows])
