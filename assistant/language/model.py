"""The LanguageModel seam: text in, text out, streamed; four engines implement it, each in its file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from assistant.schema import Message


@dataclass(frozen=True, slots=True)
class Generation:
    """How to write."""

    max_tokens: int = 128
    grammar: str | None = None
    """A Lark grammar in llguidance's dialect that the whole output must match; None leaves it free."""
    task: str | None = None
    """The adapter to use (`read`, `review`, `write`, `service`); an engine without it uses its base model."""
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    """0 is greedy, which every task of the product uses."""
    seed: int = 0
    deadline: float | None = None
    """Seconds from the call; then `GenerationError` is raised, after what was written has been yielded."""
    bend: float | None = None
    """Nats by which the grammar may bend a step: -ln of the probability that the model gives to all that is allowed there.
    Beyond it `Bent` is raised. An engine that is told no probabilities, and answers written in bulk, take no notice."""
    cancel: threading.Event | None = None
    """Set it, and the stream ends quietly within one token."""


@runtime_checkable
class LanguageModel(Protocol):
    """Writes the next assistant message."""

    name: str
    """Preset and engine, for receipts: `gemma3-270m/onnx-int4`."""
    tuned: frozenset[str]
    """The tasks it was tuned for; prompts need no examples then."""
    languages: frozenset[str]
    """Languages that it writes usably without tuning: `en`, `zh`."""

    def stream(self, messages: tuple[Message, ...], how: Generation) -> Iterator[str]:
        """Pieces of text whose concatenation is the reply. Text of messages is data: control tokens in it are
        encoded as ordinary text. Raises `GenerationError`, `ModelMissing`."""
        ...


def generate(model: LanguageModel, messages: tuple[Message, ...], how: Generation) -> str:
    """The whole reply as one string."""
    return "".join(model.stream(messages, how))
