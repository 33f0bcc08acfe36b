"""A text in sentences, each as it stands in it: English and Chinese, numbers and abbreviations whole. Pure."""

from __future__ import annotations

from itertools import accumulate, pairwise

from sentencex import segment

from assistant.safety import language_of


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """(start, end) of every sentence of `text`, without the white space around it; no sentence goes on in another line.

    Where a full stop may or may not end a sentence, none is cut: a quote may say more than it needs, never half of it.
    """
    found = []
    at = 0
    for line in text.splitlines(keepends=True):
        pieces = segment(language_of(line), line)
        for start, end in pairwise(accumulate(map(len, pieces), initial=at)):
            piece = text[start:end]
            bare = piece.strip()
            if any(char.isalnum() for char in bare):
                left = start + len(piece) - len(piece.lstrip())
                found.append((left, left + len(bare)))
        at += len(line)
    return tuple(found)


def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences of a text, each copied verbatim."""
    return tuple(text[start:end] for start, end in sentence_spans(text))
