"""A question and passages of help pages become an answer in the page's own sentence, or "can't answer"."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.errors import GenerationError
from assistant.grammar import quoted
from assistant.language.model import Generation, LanguageModel, generate
from assistant.prompts import service_prompt
from assistant.sentences import sentence_spans

_LONGEST_ANSWER = 160
"""Tokens of an answer."""
_LINE = re.compile(r'([1-9]) "(.+)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers a question."""

    passage: int
    """Place of the passage, from 0."""
    quote: str
    """One sentence of it, or two that follow each other, verbatim."""


def answer_question(
    question: str, passages: Sequence[str], model: LanguageModel, *, deadline: float | None = None,
    cancel: threading.Event | None = None,
) -> Answer | None:
    """The sentence that answers the question; None when no passage does. A passage is `<title>: <text>`.

    Raises GenerationError, ModelMissing.
    """
    flat = tuple(" ".join(passage.split()) for passage in passages)
    how = Generation(_LONGEST_ANSWER, answering_grammar(flat), "service", deadline=deadline, cancel=cancel)
    line = generate(model, service_prompt(question, flat, tuned="service" in model.tuned), how)
    found = _LINE.fullmatch(line.strip())
    if found is None:
        if line.strip() == "0":
            return None
        raise GenerationError(f"found {line!r}, expected 0 or the number of a passage with its sentence")
    return Answer(int(found[1]) - 1, found[2])


def answer_line(answer: Answer | None) -> str:
    """The line that the model writes for an answer."""
    return "0" if answer is None else f'{answer.passage + 1} "{answer.quote}"'


def answering_grammar(passages: Sequence[str]) -> str:
    """The grammar of the answers out of `passages`: `0`, or a passage's number with its own words."""
    answers = [
        quoted(answer_line(Answer(place, quote))) for place, passage in enumerate(passages) for quote in quotable(passage)
    ]
    return f'start: LINE\nLINE: {" | ".join([quoted("0"), *answers])}\n'


def quotable(passage: str) -> tuple[str, ...]:
    """The sentences of a passage without its title, and every two that follow each other."""
    _, colon, text = passage.partition(": ")
    text = text if colon else passage
    cuts = sentence_spans(text)
    pairs = [(first[0], second[1]) for first, second in pairwise(cuts)]
    return tuple(dict.fromkeys(text[start:end] for start, end in [*cuts, *pairs]))
