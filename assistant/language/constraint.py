"""Grammars as llguidance keeps them: which tokens may come next, and which must."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from llguidance import LLMatcher, LLTokenizer
from numpy.typing import NDArray

from assistant.errors import GrammarError


class Vocabulary:
    """A tokenizer as llguidance sees it; made once for a model."""

    def __init__(self, tokenizer_json: str, width: int, ends: Iterable[int]) -> None:
        self.width = width
        self._tokenizer = LLTokenizer(tokenizer_json, n_vocab=width, eos_token=sorted(ends))

    def constrain(self, grammar: str) -> Constraint:
        """The start of an answer that must match `grammar`. Raises GrammarError when it is no grammar."""
        return Constraint(_matcher(self._tokenizer, grammar), self.width)


class Constraint:
    """One answer on its way through a grammar."""

    def __init__(self, matcher: LLMatcher, width: int) -> None:
        self._matcher = matcher
        self._width = width
        self._allowed: NDArray[np.bool_] | None = None

    @property
    def finished(self) -> bool:
        """True when nothing can follow."""
        return bool(self._matcher.is_stopped())

    @property
    def complete(self) -> bool:
        """True when the answer may end here."""
        return bool(self._matcher.is_accepting() or self._matcher.is_stopped())

    def forced(self) -> list[int]:
        """The tokens that come next whatever the model thinks, taken as written: they need no step of the model."""
        tokens: list[int] = []
        while not self.finished:
            certain = list(self._matcher.compute_ff_tokens()) or self._only_choice()
            if not certain:
                break
            for token in certain:
                self.accept(token)
            tokens += certain
        return tokens

    def allowed(self) -> NDArray[np.bool_]:
        """Which tokens may come next. Shape: (width,)."""
        if self._allowed is None:
            bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
            self._check()
            self._allowed = np.unpackbits(bits, count=self._width, bitorder="little").astype(bool)
        return self._allowed

    def accept(self, token: int) -> None:
        """Takes `token` as written. Raises GrammarError when the grammar forbids it."""
        self._allowed = None
        if not self._matcher.consume_token(token):
            self._check()
            raise GrammarError(f"token {token} does not fit the grammar here")

    def _only_choice(self) -> list[int]:
        choices = np.flatnonzero(self.allowed())
        return [int(choices[0])] if len(choices) == 1 else []

    def _check(self) -> None:
        if self._matcher.is_error():
            raise GrammarError(f"the grammar can't be followed: {self._matcher.get_error()}")


def matches(grammar: str, text: str) -> bool:
    """True when the whole of `text` is in the language of `grammar`. Raises GrammarError when it is no grammar."""
    tokenizer = LLTokenizer("byte")
    matcher = _matcher(tokenizer, grammar)
    tokens = tokenizer.tokenize_str(text)
    return matcher.try_consume_tokens(tokens) == len(tokens) and bool(matcher.is_accepting())


def _matcher(tokenizer: LLTokenizer, grammar: str) -> LLMatcher:
    matcher = LLMatcher(tokenizer, grammar, log_level=0)
    if matcher.is_error():
        raise GrammarError(f"the grammar is not valid: {matcher.get_error()}")
    return matcher
