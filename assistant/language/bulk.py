"""The BulkModel seam: many prompts at once, their answers in the order in which they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from assistant.language.model import Generation
from assistant.schema import Message


@dataclass(frozen=True, slots=True)
class Written:
    """One answer of many."""

    text: str
    first: Mapping[str, float]
    """The probability of each token at the first place where the grammar left a choice, over the tokens it allowed; empty when
    it allowed more than 32, or when the engine does not tell."""
    problem: str = ""
    """Why the answer is not whole: it was cut off, or is outside its grammar; empty for a whole one."""
    shares: tuple[float, ...] = ()
    """The probability of each token that the model chose, over those that the grammar allowed there; empty without a grammar, or
    when the engine does not tell. Their logarithms add up to that of the answer's probability."""


@runtime_checkable
class BulkModel(Protocol):
    """A LanguageModel that writes many answers at once."""

    def write_all(
        self, prompts: Sequence[tuple[Message, ...]], hows: Sequence[Generation]
    ) -> Iterator[tuple[int, Written]]:
        """(place of the prompt, its answer), in the order in which they end; close the iterator to stop.

        The texts are those that `stream` gives, greedily. All `hows` are of one task. What concerns one answer is its
        `problem`; a fault of the model is raised, as GenerationError.
        """
        ...
