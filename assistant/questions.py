"""The one question that a reply may ask: the answer expected to tell most of which item is meant, never a form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

import numpy as np

from assistant.notation import format_line
from assistant.phrases import has_phrase, say
from assistant.plain_words import column_name
from assistant.safety import language_of
from assistant.schema import Answer, Question, Turn
from assistant.settings import QuestionSettings
from retrieval.catalogue import Catalogue
from retrieval.money import format_money, money
from retrieval.parting import DEFAULT_PARTING, Choice, Part, parts
from retrieval.postings import Rows
from retrieval.requirements import requirements
from retrieval.schema import Language, Query, Signal
from retrieval.telling import Weights, relevance
from retrieval.vocabulary import Vocabulary

_CONSIDERED = 1_000
"""About as many items that are alike are considered; every so many-th stands for them in a large shop."""
_ANY = "any"
"""The value of a wish that is given up, as `interests.ANY` lists it."""


class View(Protocol):
    """What a question asks of the shop in memory."""

    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def vocabulary(self) -> Vocabulary: ...


class Standing(Protocol):
    """What a slate was chosen from."""

    @property
    def rows(self) -> Rows: ...
    @property
    def scores(self) -> Weights: ...


def next_question(
    view: View, standing: Standing, turn: Turn, history: Sequence[Turn], settings: QuestionSettings
) -> Question | None:
    """The question to ask below the turn's slate, worded in the shopper's language; None when none is worth her answer.

    It is about something that she has said nothing of, was not asked about, and that its answers part the candidates in.
    """
    asked = [earlier.reply.question.facet for earlier in history if earlier.reply.question]
    query, slate = turn.query, turn.slate
    if query is None or slate is None or slate.fitting < settings.fitting or len(asked) >= settings.most:
        return None
    rows, weights = belief(view, query, standing, settings)
    known = {*asked, *_spoken_of(turn.profile.signals, view.vocabulary)}
    currency = view.vocabulary.currency
    for part in parts(view.catalogue, rows, weights, currency, replace(DEFAULT_PARTING, enough=settings.fitting)):
        if part.gain < settings.gain:
            return None
        question = _worded(part, view.vocabulary, turn.reading.language)
        if part.facet not in known and question is not None:
            return question
    return None


def belief(view: View, query: Query, standing: Standing, settings: QuestionSettings) -> tuple[Rows, Weights]:
    """The items that she may mean, and how likely each is: the candidates by their score where she said what she would like.

    Where only limits were said, all that meet them are alike, and the rest of their score is not hers. Shape of both: (n,).
    """
    if not query.signals or any(not signal.hard for signal in query.signals):
        return standing.rows, relevance(standing.scores, settings.sharpness)
    fitting = np.flatnonzero(requirements(query, view.catalogue, view.vocabulary.resolve).fitting()).astype(np.int32)
    rows = fitting[:: max(1, len(fitting) // _CONSIDERED)]
    return rows, relevance(np.zeros(len(rows)), 0.0)


def answers_to(history: Sequence[Turn]) -> tuple[Answer, ...]:
    """The answers that stand on the screen: those of the last reply's question."""
    question = history[-1].reply.question if history else None
    return question.answers if question else ()


def _spoken_of(signals: Sequence[Signal], vocabulary: Vocabulary) -> Iterator[str]:
    """The facets and columns that wishes have touched: `feature~waterproof` touches the column `waterproof` too."""
    for signal in signals:
        meaning = vocabulary.resolve(signal)
        yield signal.facet
        yield from (column for column, _ in meaning.values)
        yield from meaning.measure.columns if meaning.measure else ()


def _worded(part: Part, vocabulary: Vocabulary, language: Language) -> Question | None:
    """The question in words; None when fewer than two of its answers would be understood."""
    found = [_answer(choice, part, vocabulary.currency, language) for choice in part.choices]
    understood = [
        answer for answer, signals in found if all(vocabulary.resolve(signal).kind != "nothing" for signal in signals)
    ]
    if len({answer.text for answer in understood}) < 2:
        return None
    open_one = Answer(say("no_preference", language), format_line("refine", (Signal(part.facet, "~", _ANY),)))
    return Question(part.facet, _asking(part.facet, language), (*understood, open_one), round(part.gain, 3))


def _asking(facet: str, language: Language) -> str:
    key = f"ask_{facet}"
    return say(key, language) if has_phrase(key) else say("ask_other", language, name=column_name(facet, language))


def _answer(choice: Choice, part: Part, currency: str, language: Language) -> tuple[Answer, tuple[Signal, ...]]:
    if choice.words:
        word = next((word for word in choice.words if language_of(word, language) == language), choice.words[0])
        signals = tuple(replace(signal, value=word) for signal in choice.signals)
        return Answer(word, format_line("refine", signals)), signals
    limits = {signal.op: _amount(signal, part, currency, language) for signal in choice.signals}
    low, high = limits.get(">="), limits.get("<=")
    key = "just" if low and low == high else "between" if low and high else "up_to" if high else "from"
    return Answer(say(key, language, low=low, high=high), format_line("refine", choice.signals)), choice.signals


def _amount(signal: Signal, part: Part, currency: str, language: Language) -> str:
    if part.kind != "price":
        return signal.value
    return re.sub(r"[.,]0+$", "", format_money(money(Decimal(signal.value), currency), language))
