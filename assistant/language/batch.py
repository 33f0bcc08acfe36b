"""The writing loop over a batch: a row is filled anew as soon as its answer ends, so that none waits for the longest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers.decoders import DecodeStream

from assistant.errors import GenerationError, GrammarError
from assistant.language.bulk import Written
from assistant.language.chat_text import ChatText
from assistant.language.constraint import Constraint, Vocabulary
from assistant.language.model import Generation
from assistant.language.stopping import Stops
from assistant.schema import Message

Scores = NDArray[np.float32]
"""Of the next token. Shape: (vocabulary,)."""
_FEW = 32
"""Tokens whose probabilities are worth telling."""


class Batch(Protocol):
    """Sequences side by side in a model's memory."""

    rows: int
    limit: int
    """Tokens that a row can hold."""

    def fill(self, row: int, tokens: Sequence[int]) -> Scores:
        """Starts a row anew with `tokens`. Raises GenerationError."""
        ...

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Scores]:
        """Adds one token to each of the given rows; a row that is not given has ended. Raises GenerationError."""
        ...


@dataclass(slots=True)
class _Answer:
    place: int
    how: Generation
    decoder: DecodeStream
    stops: Stops
    constraint: Constraint | None = None
    text: str = ""
    count: int = 0
    """Tokens written."""
    unfed: list[int] = field(default_factory=list)
    """Written, not yet in the model's memory."""
    first: Mapping[str, float] = field(default_factory=dict)
    shares: list[float] = field(default_factory=list)
    """Of the tokens that were the model's choice under the grammar."""
    problem: str = ""
    done: bool = False

    def end(self, problem: str = "") -> None:
        self.problem, self.done = problem, True

    def told(self) -> tuple[int, Written]:
        return self.place, Written(self.text + self.stops.finish(), self.first, self.problem, tuple(self.shares))


@dataclass(frozen=True, slots=True)
class Bulk:
    """What the loop needs of a model."""

    batch: Batch
    text: ChatText
    vocabulary: Vocabulary
    turn: AbstractContextManager[object]
    """Held for one step at a time: between two, the model can be asked something else."""

    def write_all(
        self, prompts: Sequence[tuple[Message, ...]], hows: Sequence[Generation]
    ) -> Iterator[tuple[int, Written]]:
        """(place of the prompt, its answer), in the order in which they end. Raises GenerationError."""
        waiting = enumerate(zip(prompts, hows, strict=True))
        rows: dict[int, _Answer] = {}
        free = set(range(self.batch.rows))
        while True:
            while free and (asked := next(waiting, None)) is not None:
                place, (prompt, how) = asked
                row = min(free)  # low rows first: a batch may have to step every row below the highest
                answer = self._started(row, place, prompt, how)
                if answer.done:
                    yield answer.told()
                else:
                    rows[row] = answer
                    free.remove(row)
            if not rows:
                return
            with self.turn:
                scores = self.batch.step({row: answer.unfed.pop(0) for row, answer in rows.items()})
            for row, answer in list(rows.items()):
                self._go_on(answer, scores[row])
                if answer.done:
                    del rows[row]
                    free.add(row)
                    yield answer.told()

    def _started(self, row: int, place: int, prompt: tuple[Message, ...], how: Generation) -> _Answer:
        answer = _Answer(place, how, self.text.decoder(), Stops(how.stop))
        with self.turn:
            tokens = self.text.encode(prompt)
        room = self.batch.limit - how.max_tokens
        if len(tokens) > room:
            answer.end(f"the prompt has {len(tokens)} tokens, expected at most {room}")
            return answer
        try:
            answer.constraint = self.vocabulary.constrain(how.grammar) if how.grammar else None
            self._write_forced(answer)
        except GrammarError as error:
            answer.end(str(error))
        if not answer.done:
            fed, answer.unfed = answer.unfed, []
            with self.turn:
                scores = self.batch.fill(row, tokens + fed)
            self._go_on(answer, scores)
        return answer

    def _go_on(self, answer: _Answer, scores: Scores) -> None:
        """Writes the next token, and what the grammar then forces, unless some that is written is still to be fed."""
        if answer.unfed:
            return
        try:
            token = self._chosen(answer, scores)
            if token in self.text.ends:
                answer.end()
                return
            if answer.constraint is not None:
                answer.constraint.accept(token)
            self._write(answer, [token])
            self._write_forced(answer)
        except GrammarError as error:
            answer.end(str(error))

    def _write_forced(self, answer: _Answer) -> None:
        """Adds what the grammar leaves no choice about; ends the answer that is complete, or as long as it may be."""
        if answer.done:
            return
        constraint, left, forced = answer.constraint, answer.how.max_tokens - answer.count, list[int]()
        if constraint is not None:
            forced = [token for token in constraint.forced() if token not in self.text.ends]
            self._write(answer, forced[:left])
            answer.done = answer.done or (constraint.finished and len(forced) <= left)
        if not answer.done and answer.count >= answer.how.max_tokens:
            whole = constraint is not None and constraint.complete and len(forced) <= left
            answer.end("" if whole else f"the answer was cut off at {answer.how.max_tokens} tokens")

    def _write(self, answer: _Answer, tokens: list[int]) -> None:
        for token in tokens:
            answer.text += answer.stops.push(answer.decoder.step(self.text.tokenizer, token) or "")
            answer.done = answer.done or answer.stops.met
        answer.unfed += tokens
        answer.count += len(tokens)

    def _chosen(self, answer: _Answer, scores: Scores) -> int:
        allowed = answer.constraint.allowed() if answer.constraint is not None else None
        if allowed is not None:
            scores = np.where(allowed, scores, -np.inf)
        best = likeliest(scores)
        if allowed is not None:
            choices = np.flatnonzero(allowed)
            if not answer.shares and len(choices) <= _FEW:
                answer.first = self._shares(scores, choices)
            answer.shares.append(float(1 / np.exp(scores[choices].astype(np.float64) - scores[best]).sum()))
        return best

    def _shares(self, scores: Scores, tokens: NDArray[np.intp]) -> Mapping[str, float]:
        weights = np.exp(scores[tokens].astype(np.float64) - scores[tokens].max())
        shares: dict[str, float] = {}
        for token, weight in zip(tokens, weights / weights.sum(), strict=True):
            text = self.text.tokenizer.decode([int(token)])
            shares[text] = shares.get(text, 0.0) + float(weight)
        return shares


def shared_start(old: Sequence[int], new: Sequence[int]) -> int:
    """How many tokens both begin with."""
    pairs = zip(old, new, strict=False)
    return next((count for count, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new)))


def likeliest(scores: Scores) -> int:
    """The place of the highest score. Raises GenerationError when the scores are no numbers."""
    best = int(scores.argmax())  # argmax gives the place of a NaN when there is one
    if not np.isfinite(scores[best]):
        raise GenerationError("the model's scores are not finite (NaN); its weights are damaged: set up again")
    return best
