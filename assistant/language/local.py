"""A model in this process: one writing loop for the engines that hold weights, which differ only in their `Cache`."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import Bent, GenerationError
from assistant.language.batch import Batch, Bulk, likeliest, shared_start
from assistant.language.bulk import Written
from assistant.language.chat_text import ChatText
from assistant.language.constraint import Constraint, Vocabulary
from assistant.language.model import Generation
from assistant.language.stopping import Clock, Limits, Stops
from assistant.schema import Message

_CHUNK = 128
"""Prompt tokens a step, about 0.4 s on two cores: between steps a cancel and the deadline are looked at."""
_SLOTS = 2
"""Prompts whose tokens are kept for reuse: reading and writing alternate in a turn. About 90 MB each for 135M weights."""
_POLL = 0.05
"""Seconds between two looks at the cancel flag while another answer is being written."""


class Cache(Protocol):
    """The model's memory of one sequence of tokens."""

    limit: int
    """Tokens that it can hold."""

    def rewind(self, length: int) -> None:
        """Forgets all but the first `length` tokens."""
        ...

    def append(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Adds tokens; comes back with the scores of the next one. Shape: (vocabulary,). Raises GenerationError."""
        ...


class _Slot:
    """A cache with the tokens that lie in it."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.held: list[int] = []
        self.sound = True
        """False after a step that failed half way: then `held` may not be what lies in the cache."""

    def keep_prefix(self, prompt: list[int]) -> list[int]:
        """The tokens of `prompt` that are still to be added; at least one."""
        kept = shared_start(self.held, prompt[:-1])
        self.cache.rewind(kept)
        del self.held[kept:]
        return prompt[kept:]

    def add(self, tokens: list[int], limits: Limits) -> NDArray[np.float32] | None:
        """Scores of the token after `tokens`; None when cancelled on the way."""
        scores: NDArray[np.float32] | None = None
        for start in range(0, len(tokens), _CHUNK):
            if limits.cancelled:
                return None
            limits.check()
            chunk = tokens[start : start + _CHUNK]
            self.sound = False
            scores = self.cache.append(chunk)
            self.held += chunk
            self.sound = True
        return scores


class LocalModel:
    """A LanguageModel over weights in this process; one answer at a time, the wait counts towards the deadline."""

    def __init__(
        self, name: str, text: ChatText, open_cache: Callable[[str | None], Cache],
        open_batch: Callable[[str | None], Batch], *, tuned: frozenset[str], languages: frozenset[str],
        clock: Clock = time.monotonic,
    ) -> None:
        self.name = name
        self.tuned = tuned
        self.languages = languages
        self._text = text
        self._open_cache = open_cache
        self._open_batch = open_batch
        self._vocabulary = Vocabulary(text.tokenizer.to_str(), text.width, text.ends)
        self._slots: OrderedDict[tuple[str | None, str], _Slot] = OrderedDict()
        self._turn = threading.Lock()
        self._clock = clock

    def stream(self, messages: tuple[Message, ...], how: Generation) -> Iterator[str]:
        """Pieces of the reply, whole characters each."""
        return self._written(messages, how, Limits(how, self._clock))

    def _written(self, messages: tuple[Message, ...], how: Generation, limits: Limits) -> Iterator[str]:
        if not self._take_turn(limits):
            return
        try:
            stops, decoder = Stops(how.stop), self._text.decoder()
            for token in self._tokens(messages, how, limits):
                if piece := stops.push(decoder.step(self._text.tokenizer, token) or ""):
                    yield piece
                if stops.met:
                    return
            if rest := stops.finish():
                yield rest
        finally:
            self._turn.release()

    def write_all(
        self, prompts: Sequence[tuple[Message, ...]], hows: Sequence[Generation]
    ) -> Iterator[tuple[int, Written]]:
        """(place of the prompt, its answer), in the order in which they end. One asked of `stream` meanwhile comes between.

        Greedy, without deadlines. Raises ValueError when the answers are of several tasks, which have adapters of their own.
        """
        tasks = {how.task for how in hows}
        if len(tasks) > 1:
            raise ValueError(f"found the tasks {sorted(map(str, tasks))}, expected one task for all prompts")
        if prompts:
            batch = self._open_batch(next(iter(tasks & self.tuned), None))
            yield from Bulk(batch, self._text, self._vocabulary, self._turn).write_all(prompts, hows)

    def _take_turn(self, limits: Limits) -> bool:
        """False when cancelled while waiting for another answer to end."""
        while not self._turn.acquire(timeout=limits.wait(_POLL)):
            if limits.cancelled:
                return False
            limits.check()
        return True

    def _tokens(self, messages: tuple[Message, ...], how: Generation, limits: Limits) -> Iterator[int]:
        constraint = self._vocabulary.constrain(how.grammar) if how.grammar else None
        prompt = self._text.encode(messages)
        key = (how.task if how.task in self.tuned else None, messages[0].text)
        slot = self._slots.pop(key, None) or self._new_slot(key[0])
        room = slot.cache.limit - how.max_tokens
        if len(prompt) > room:
            raise GenerationError(f"the prompt has {len(prompt)} tokens, expected at most {room}; shorten the message")
        try:
            yield from _write(slot, prompt, constraint, how, self._text.ends, limits)
        finally:
            if slot.sound:
                self._slots[key] = slot

    def _new_slot(self, task: str | None) -> _Slot:
        while len(self._slots) >= _SLOTS:
            self._slots.popitem(last=False)
        return _Slot(self._open_cache(task))


def _write(
    slot: _Slot, prompt: list[int], constraint: Constraint | None, how: Generation, ends: frozenset[int], limits: Limits,
) -> Iterator[int]:
    """The tokens of the answer. What the grammar leaves no choice about is written without a step of the model."""
    random = np.random.default_rng(how.seed)
    pending, left = slot.keep_prefix(prompt), how.max_tokens
    while left > 0:
        if constraint is not None:
            forced = [token for token in constraint.forced() if token not in ends]
            yield from forced[:left]
            pending, left = pending + forced, left - len(forced)
            if constraint.finished or left <= 0:
                break
        scores = slot.add(pending, limits)
        if scores is None:
            return
        if constraint is not None and how.bend is not None:
            _check_bend(scores, constraint.allowed(), how.bend)
        token = _choose(scores, constraint.allowed() if constraint else None, how.temperature, random)
        if token in ends:
            return
        if constraint is not None:
            constraint.accept(token)
        yield token
        pending, left = [token], left - 1
        if limits.cancelled:
            return
        limits.check()
    if constraint is not None and (left < 0 or not constraint.complete):
        raise GenerationError(f"the answer was cut off at {how.max_tokens} tokens, before its grammar was complete")


def _check_bend(scores: NDArray[np.float32], allowed: NDArray[np.bool_], most: float) -> None:
    """Raises Bent when the model gives what is allowed less than exp(-most) of its belief."""
    weights = np.exp(scores.astype(np.float64) - scores.max())
    share = float(weights[allowed].sum() / weights.sum())
    if share < np.exp(-most):
        raise Bent(f"the model gave {share:.3f} of its belief to what its grammar allows, expected {np.exp(-most):.3f}")


def _choose(
    scores: NDArray[np.float32], allowed: NDArray[np.bool_] | None, temperature: float, random: np.random.Generator,
) -> int:
    """The best allowed token, or a drawn one when the temperature is above 0. Raises GenerationError on NaN."""
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    best = likeliest(scores)
    if temperature <= 0:
        return best
    weights = np.exp((scores.astype(np.float64) - scores[best]) / temperature)
    return int(random.choice(len(weights), p=weights / weights.sum()))
