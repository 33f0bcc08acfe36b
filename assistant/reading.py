"""A message becomes a reading: intent and signals, each resting on words of the message."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import replace

from assistant.amounts import thousands
from assistant.errors import ModelError
from assistant.grammar import reading_grammar
from assistant.language import Generation, LanguageModel
from assistant.notation import parse, tidy
from assistant.numerals import Normalised, normalise
from assistant.phrases import button_line
from assistant.prompts import SEPARATOR, reading_prompt
from assistant.safety import clean, language_of, says_something
from assistant.schema import Answer, Degradation, Message, Reading
from assistant.settings import Settings
from retrieval.schema import Language, Signal

PLAIN = "plain text"
"""`Reading.by` of a message that no model read: it is searched as it stands."""
BUTTON = "button"
"""`Reading.by` of a press on one of the assistant's own buttons."""
_LONGEST_LINE = 96
"""Tokens of a line; the longest of the hand-labelled ones has 80."""


def read_message(
    message: str,
    *,
    model: LanguageModel | None,
    shown: Sequence[str] = (),
    history: Sequence[Message] = (),
    facets: Sequence[str] = (),
    answers: Sequence[Answer] = (),
    currency: str | None = None,
    default: Language = "en",
    settings: Settings | None = None,
    cancel: threading.Event | None = None,
) -> tuple[Reading, tuple[Degradation, ...]]:
    """What the message says, and what kept it from being read as it should. Never raises for what a shopper types.

    `facets` are the catalogue's own, `currency` the shop's, `answers` those of the question just asked.
    """
    settings = settings or Settings()
    cleaned = clean(message, settings.message_limit)
    notes: tuple[Degradation, ...] = (Degradation("read", cleaned.note),) if cleaned.note else ()
    language = language_of(cleaned.text, default)
    if not says_something(cleaned.text):
        return Reading("chat", language, text=cleaned.text, by=PLAIN), notes
    plain = Reading("recommend", language, text=cleaned.text, by=PLAIN)
    button = _answer_line(cleaned.text, answers) or (button_line(cleaned.text) if shown else None)
    if button is not None:
        intent, signals = parse(button)
        spoken = default if answers else language  # "$50" and a brand name have no language of their own
        return Reading(intent, spoken, signals, cleaned.text, BUTTON), notes
    if model is None:
        return plain, (*notes, Degradation("read", "no language model is loaded; the message is searched as plain text"))
    tuned = "read" in model.tuned
    if not tuned:
        notes += (Degradation("read", f"{model.name} is not tuned for reading; its signals may be wrong"),)
    normalised = normalise(cleaned.text)
    how = Generation(
        _LONGEST_LINE, reading_grammar(normalised.text, shown, facets, currency=currency), "read",
        stop=("\n",), deadline=settings.read_deadline, cancel=cancel,
    )
    prompt = reading_prompt(normalised.text, tuple(shown), tuple(history), tuned=tuned)
    line, problem = _written(model, prompt, how)
    if problem and SEPARATOR in line:
        line = line.rsplit(SEPARATOR, 1)[0]
        notes += (Degradation("read", f"{problem}; the signals read until then are kept"),)
    try:
        intent, signals = parse(line)
    except ValueError as error:
        return plain, (*notes, Degradation("read", f"{problem or error}; the message is searched as plain text"))
    reading = Reading(intent, language, tuple(_grounded(each, normalised) for each in signals), cleaned.text, model.name)
    if history and _echoes(reading):
        alone, _ = read_message(
            message, model=model, shown=shown, facets=facets, currency=currency, default=default, settings=settings,
            cancel=cancel,
        )
        reading = alone if alone.intent == "chat" else reading
    return reading, notes


def _echoes(reading: Reading) -> bool:
    """True for a service question of which no word stands in the message: it may be the last one, read out of the history
    again ("thanks", after the rules on returns)."""
    return reading.intent in ("order", "policy") and not any(signal.span for signal in reading.signals)


def _answer_line(text: str, answers: Sequence[Answer]) -> str | None:
    """What the answer with this text says; None for words that are none."""
    wanted = text.strip().casefold()
    exact = next((answer.line for answer in answers if answer.text.casefold() == wanted), None)
    return exact or next((answer.line for answer in answers if _nothing_but(answer.words, wanted)), None)


def _nothing_but(words: Sequence[str], text: str) -> bool:
    """True for a text that is made of the words and of punctuation alone."""
    return bool(words) and re.fullmatch(rf"(?:(?:{'|'.join(map(re.escape, words))})[\s,.!，。！、]*)+", text) is not None


def _written(model: LanguageModel, prompt: tuple[Message, ...], how: Generation) -> tuple[str, str]:
    """The line as far as it was written, and why it ends there; the reason is empty for a whole line."""
    pieces: list[str] = []
    try:
        pieces.extend(model.stream(prompt, how))
    except ModelError as error:
        return "".join(pieces), str(error)
    return "".join(pieces), ""


def _grounded(signal: Signal, message: Normalised) -> Signal:
    """The signal with its value tidied and the typed words it rests on. "At most 1.2k" without a unit is money, whatever facet
    it was filed under; "at least 4k" may be pixels."""
    span, money = message.find(signal.value), thousands(signal.value)
    if money and signal.op == "<=" and signal.facet != "price":
        return replace(signal, facet="price", value=money, span=span)
    return replace(signal, value=tidy(signal.value), span=span)
