"""The `scripted` engine: answers that were written beforehand. A stand-in for tests and dialogues; it understands nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from assistant.language.bulk import Written
from assistant.language.model import Generation
from assistant.language.stopping import Clock, Limits, Stops
from assistant.schema import Message

Answer = Callable[[tuple[Message, ...], Generation], str]
"""The whole answer to a prompt."""

_QUESTION = re.compile(r"^(?:message|review): (.*)\Z", re.MULTILINE | re.DOTALL)
_NO_OPINION = "rating=3"
_PIECE = re.compile(r"\s*\S+\s*\Z|\s*\S+|\s+")


class ScriptedModel:
    """A LanguageModel whose answers are given: by the text of the last message in a table, or by a function."""

    def __init__(
        self, answers: Mapping[str, str] | Answer, *, clock: Clock = time.monotonic, seconds_a_piece: float = 0.0,
    ) -> None:
        """`seconds_a_piece` makes it as slow as a real model; a prompt that is not in the table is answered with nothing."""
        self.name = "scripted"
        self.tuned = frozenset({"read", "review", "write", "service"})
        self.languages = frozenset({"en", "zh"})
        self._answers = answers
        self._clock = clock
        self._pause = seconds_a_piece

    def stream(self, messages: tuple[Message, ...], how: Generation) -> Iterator[str]:
        """The given answer word by word; a word counts as one token."""
        return self._written(messages, how, Limits(how, self._clock))

    def write_all(
        self, prompts: Sequence[tuple[Message, ...]], hows: Sequence[Generation]
    ) -> Iterator[tuple[int, Written]]:
        """(place of the prompt, its answer), one after another."""
        for place, (prompt, how) in enumerate(zip(prompts, hows, strict=True)):
            whole = self._whole(prompt, how)
            text = "".join(self._spoken(whole, how, Limits(how, self._clock)))
            cut = len(_PIECE.findall(whole)) > how.max_tokens == len(_PIECE.findall(text))
            yield place, Written(text, {}, f"the answer was cut off at {how.max_tokens} tokens" if cut else "")

    def _whole(self, messages: tuple[Message, ...], how: Generation) -> str:
        answers = self._answers
        return answers(messages, how) if callable(answers) else answers.get(messages[-1].text, "")

    def _written(self, messages: tuple[Message, ...], how: Generation, limits: Limits) -> Iterator[str]:
        yield from self._spoken(self._whole(messages, how), how, limits)

    def _spoken(self, whole: str, how: Generation, limits: Limits) -> Iterator[str]:
        stops = Stops(how.stop)
        for piece in _PIECE.findall(whole)[: how.max_tokens]:
            if self._pause:
                time.sleep(limits.wait(self._pause))
            if limits.cancelled:
                return
            limits.check()
            if shown := stops.push(piece):
                yield shown
            if stops.met:
                return
        if rest := stops.finish():
            yield rest


class ScriptedReader(ScriptedModel):
    """Reads the messages and reviews that it was given a line for, and copies facts where a sentence is wanted.

    A message without a line is read as `fallback`: by default a plain request without signals, so that it is searched as
    it stands; a review without one as neither good nor bad. Nothing is guessed from their words.
    """

    def __init__(self, lines: Mapping[str, str], *, fallback: str = "recommend") -> None:
        """`lines` from message or review, as typed, to its line of the notation."""
        self._lines = {_folded(message): line for message, line in lines.items()}
        self._fallback = fallback
        super().__init__(self._answer)
        self.tuned -= {"service"}  # which page answers a question would have to be understood

    def _answer(self, messages: tuple[Message, ...], how: Generation) -> str:
        text = messages[-1].text
        if how.task in ("read", "review"):
            asked = _QUESTION.search(text)
            unknown = self._fallback if how.task == "read" else _NO_OPINION
            return self._lines.get(_folded(asked.group(1) if asked else text), unknown)
        facts = [line.removeprefix("fact: ") for line in text.splitlines() if line.startswith("fact: ")]
        return ", ".join(facts[:2]) + "." if facts else ""


def _folded(message: str) -> str:
    """White space and case do not make another message."""
    return " ".join(message.casefold().split())
