"""Sequences side by side in onnxruntime: the folders that onnxruntime-genai builds, run without it.

onnxruntime-genai takes tokens for a batch only once and pads its prompts to one length. Here every row has its own length: the
attention reads it off the mask, and each row's keys and values are written in place behind its own last token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from assistant.errors import GenerationError, ModelCorrupt
from assistant.language.batch import Scores, shared_start

_ROOM = 512
"""Tokens for which memory is taken at first, and at least as many as a sliding window has, below which onnxruntime would make a
ring of it; it doubles when a row needs more."""
_TUNED = -1
"""Stands for a place of the tuned prefix, of which there is no token."""


@dataclass(frozen=True, slots=True)
class OnnxWeights:
    """A folder's weights in onnxruntime, for any number of batches, of which each has a memory of its own."""

    session: ort.InferenceSession
    heads: int
    """Of keys and values."""
    head_size: int
    window: int
    """Tokens of the sliding window, 0 without one."""


def load_weights(folder: Path, threads: int | None = None) -> OnnxWeights:
    """The weights of a folder, which takes half a second; `threads` None uses every core. Raises ModelCorrupt."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        decoder = json.loads((folder / "genai_config.json").read_text())["model"]["decoder"]
        session = ort.InferenceSession(str(folder / decoder["filename"]), options, providers=["CPUExecutionProvider"])
        window = int(decoder.get("sliding_window", {}).get("window_size", 0))
        return OnnxWeights(session, decoder["num_key_value_heads"], decoder["head_size"], window)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ModelCorrupt(f"the model in {folder} can't be loaded ({error}). Delete the folder and set up again.") from error


class OnnxBatch:
    """`rows` sequences of up to `limit` tokens. Memory: rows x longest sequence x 45 KB a token for 135M weights.

    `prefix` are tuned keys and values that stand before every row, by name such as `0.key`. Shape of each: (heads, tokens, size).
    """

    def __init__(
        self, weights: OnnxWeights, *, limit: int, rows: int = 16, prefix: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        self.rows = rows
        self.limit = limit
        self._session = weights.session
        self._before = [_TUNED] * (next(iter(prefix.values())).shape[1] if prefix else 0)
        self._prompts: list[list[int]] = [list(self._before) for _ in range(rows)]
        self._lengths = np.zeros(rows, dtype=np.int64)
        shape = (rows, weights.heads, max(min(_ROOM, limit), weights.window), weights.head_size)
        past = [each for each in self._session.get_inputs() if each.name.startswith("past_key_values.")]
        kind = np.float16 if past[0].type == "tensor(float16)" else np.float32
        self._memory = {each.name.removeprefix("past_key_values."): np.zeros(shape, kind) for each in past}
        for name, values in (prefix or {}).items():
            self._memory[name][:, :, : values.shape[1]] = values

    def fill(self, row: int, tokens: Sequence[int]) -> Scores:
        """Starts a row anew with `tokens`; what its last prompt began with is not computed again."""
        tokens = [*self._before, *tokens]
        kept = shared_start(self._prompts[row], tokens[:-1])
        self._prompts[row] = list(self._before)  # until the step is done: a failed one leaves nothing to build on
        self._make_room(len(tokens))
        scores: Scores = self._run([tokens[kept:]], np.ones((1, len(tokens)), dtype=np.int64), slice(row, row + 1))[0]
        self._prompts[row], self._lengths[row] = list(tokens), len(tokens)
        return scores

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Scores]:
        """Adds one token to each of the given rows."""
        last = max(tokens) + 1
        # A row that has ended, but lies below one that goes on, writes its token behind its own end, where it is not seen.
        lengths = self._lengths[:last] + 1
        self._make_room(int(lengths.max()))
        mask = np.arange(int(lengths.max()))[None, :] < lengths[:, None]
        scores = self._run([[tokens.get(row, 0)] for row in range(last)], mask.astype(np.int64), slice(0, last))
        self._lengths[list(tokens)] += 1
        return {row: scores[row] for row in tokens}

    def _make_room(self, length: int) -> None:
        """Memory for `length` tokens a row. Raises GenerationError."""
        room = next(iter(self._memory.values())).shape[2]
        if length <= room:
            return
        if length > self.limit:
            raise GenerationError(f"a row would hold {length} tokens, expected at most {self.limit}")
        more = min(self.limit, max(2 * room, length)) - room
        for name, memory in self._memory.items():
            self._memory[name] = np.pad(memory, ((0, 0), (0, 0), (0, more), (0, 0)))

    def _run(self, ids: Sequence[Sequence[int]], mask: NDArray[np.int64], rows: slice) -> NDArray[np.float32]:
        """Shape: (rows, vocabulary)."""
        binding = self._session.io_binding()
        binding.bind_cpu_input("input_ids", np.asarray(ids, dtype=np.int64))
        binding.bind_cpu_input("attention_mask", mask)
        binding.bind_output("logits")
        for name, memory in self._memory.items():
            shared = ort.OrtValue.ortvalue_from_numpy(memory[rows])
            binding.bind_ortvalue_input(f"past_key_values.{name}", shared)
            binding.bind_ortvalue_output(f"present.{name}", shared)
        try:
            self._session.run_with_iobinding(binding)
        except RuntimeError as error:
            raise GenerationError(f"onnxruntime failed: {error}") from error
        scores = binding.get_outputs()[0].numpy()
        found: NDArray[np.float32] = scores[:, -1].astype(np.float32, copy=False)
        return found
