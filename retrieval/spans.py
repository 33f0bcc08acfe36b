"""Where a text says a phrase, and where it says that it is not so: the words to quote, copied as they stand. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from retrieval.text import HAN, Token, denied, scan


def span_of(phrase: Sequence[str], text: str) -> str:
    """The words of `text` that are the phrase; empty when it does not say it, or says it is not so."""
    for piece in _pieces(phrase, scan(text)):
        if not (len(piece) == 1 and piece[0].negated) and not any(a.negated and b.negated for a, b in pairwise(piece)):
            return text[piece[0].start : piece[-1].end]
    return ""


def denial_of(phrase: Sequence[str], text: str) -> str:
    """The words of `text` that deny the phrase, with what denies it: `latex-free`, 不含酒精; empty when it does not."""
    tokens = scan(text)
    for piece in _pieces(phrase, denied(tokens)):
        places = {token.start: place for place, token in enumerate(tokens)}
        first, last = places[piece[0].start], places[piece[-1].start]
        if last + 1 < len(tokens) and tokens[last + 1].text == "free" and not tokens[last + 1].after_stop:
            return text[piece[0].start : tokens[last + 1].end]
        while first > 0 and not tokens[first].after_stop and (tokens[first].negated or HAN.match(tokens[first - 1].text)):
            first -= 1
        return text[tokens[first].start : piece[-1].end]
    return ""


def _pieces(phrase: Sequence[str], tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Every run of tokens that reads as the phrase and that no punctuation parts."""
    windows = (tokens[start : start + len(phrase)] for start in range(len(tokens) - len(phrase) + 1))
    return [
        piece for piece in windows
        if tuple(token.text for token in piece) == tuple(phrase) and not any(token.after_stop for token in piece[1:])
    ]
