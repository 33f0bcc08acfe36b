"""The line notation, `<intent> | <facet><op><value> | ...`: what is written by the model, returned as types, scored as sets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from assistant.prompts import SEPARATOR
from assistant.schema import INTENTS, Intent
from retrieval.schema import Op, Signal

_ARTICLES = frozenset({"a", "an", "the", "my"})
_SPLIT = re.compile(r"\s*\|\s*")


def parse(line: str) -> tuple[Intent, tuple[Signal, ...]]:
    """Intent and signals of a notation line, doubles dropped. Raises ValueError with what was found and expected."""
    parts = _SPLIT.split(line.strip())
    for intent in INTENTS:
        if intent == parts[0]:
            break
    else:
        raise ValueError(f"found intent {parts[0]!r}, expected one of {', '.join(INTENTS)}")
    signals: dict[tuple[str, str, str], Signal] = {}
    for part in parts[1:]:
        try:
            signal = Signal.parse(part)
        except ValueError as error:
            raise ValueError(f"found {part!r}, expected <facet><op><value>: {error}") from error
        signals.setdefault((signal.facet, signal.op, signal.value), signal)
    return intent, tuple(signals.values())


def format_line(intent: Intent, signals: Iterable[Signal] = ()) -> str:
    """The notation line of an intent and its signals. Raises ValueError for a value that would break the line."""
    parts: list[str] = [intent]
    for signal in signals:
        if "|" in signal.value or "\n" in signal.value:
            raise ValueError(f"found a separator in the value {signal.value!r}, expected one line without '|'")
        parts.append(f"{signal.facet}{signal.op}{signal.value.strip()}")
    return SEPARATOR.join(parts)


_RATING = re.compile(r"rating=([1-5])(?: \| |$)")
_OPINION = re.compile(r"([^|~!\"]+)(!?~)([^|\"]+) \"([^\"]+)\"(?: \| |$)")


def parse_review(line: str) -> tuple[int, tuple[Signal, ...]]:
    """Rating and aspects of a review's notation line, their quotes as spans. Raises ValueError."""
    line = line.strip()
    start = _RATING.match(line)
    if start is None:
        raise ValueError(f"found {line[:20]!r}, expected rating=1 to rating=5")
    aspects: list[Signal] = []
    at = start.end()
    while at < len(line):
        found = _OPINION.match(line, at)
        if found is None:
            raise ValueError(f'found {line[at : at + 40]!r}, expected <aspect>~<word> "<quote>" or <aspect>!~<word> "<quote>"')
        op: Op = "!~" if found[2] == "!~" else "~"
        aspects.append(Signal(found[1].strip(), op, found[3].strip(), "review", found[4].strip()))
        at = found.end()
    return int(start[1]), tuple(aspects)


def format_review(rating: int, aspects: Iterable[Signal] = ()) -> str:
    """The notation line of a review."""
    return SEPARATOR.join([f"rating={rating}", *(f'{each} "{each.span}"' for each in aspects)])


def fold(value: str) -> str:
    """`value` as scoring compares it: lower case, one space, no plural, article, "my", quotation mark, leading "with" or 带."""
    text = unicodedata.normalize("NFKC", value).lower()
    words = re.sub(r"[\"“”„《》「」]", " ", text).split()
    kept = [_singular(word) for word in words if word not in _ARTICLES]
    if len(kept) > 1 and kept[0] == "with":
        kept = kept[1:]
    folded = " ".join(kept)
    return folded[1:] if len(folded) > 1 and folded[0] == "带" else folded


def tidy(value: str) -> str:
    """`value` as a person would file it: lower case but for a currency code, one space, no articles; plural and "my" stay."""
    if re.fullmatch(r"[\d.,]+ [A-Z]{3}", value.strip()):
        return value.strip()
    words = unicodedata.normalize("NFKC", value).lower().split()
    return " ".join(word for word in words if word not in {"a", "an", "the"}) or value.strip().lower()


def _singular(word: str) -> str:
    if not word.isascii() or len(word) < 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "zzes", "ches", "shes")):
        return word[:-2]
    return word[:-1]
