"""Which passages of a shop's help pages speak of a question: by meaning, by words and by topic."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.phrases import spoken
from assistant.sentences import sentences_of
from assistant.service_router import Destination
from retrieval.embedding.embedder import Embedder
from retrieval.schema import HelpPage, Language
from retrieval.text import tokens

_BACKGROUND = 40
"""Least texts that nearness is measured against; where the pages say less, the assistant's own phrases fill them up."""
_ANY = "other"
"""The topic of what has none of its own, which tells nothing."""
_SURE = (-4.08, 1.17, 1.31, 2.36)
"""Intercept, and weights of nearness, share of words and topic: logistic regression on 64 questions to the demo shop's pages, 16
of which no page answers (`training/data/help/validation.jsonl`), both kinds weighing alike. In eight folds the area under
the curve is .92; without the topic .77."""
_SURE_ABROAD = (-0.38, -0.09, 2.47)
"""The same without words, for pages in another language than the question: there nearness tells next to nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that may answer a question."""

    page: HelpPage
    text: str
    confidence: float
    """0 to 1: how likely it is that it does."""
    context: tuple[str, ...]
    """It and the page's second best passage, in the page's order. Of 8 questions of the validation file that a wrong passage is
    nearest to, this one answers 5."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A passage with what it is found by."""

    page: HelpPage
    text: str
    rows: slice
    """The passage itself, then its sentences."""
    words: frozenset[str]


class HelpPassages:
    """The passages of a shop's help pages, each embedded whole and sentence by sentence."""

    def __init__(self, pages: Sequence[HelpPage], embedder: Embedder) -> None:
        self._embedder = embedder
        self._parts: list[_Part] = []
        texts: list[str] = []
        for page in pages:
            for passage in passages_of(page.text):
                windows = [f"{page.title}. {passage}", *(f"{page.title}: {each}" for each in sentences_of(passage))]
                rows = slice(len(texts), len(texts) + len(windows))
                self._parts.append(_Part(page, passage, rows, frozenset(tokens(windows[0]))))
                texts += windows
        fill = [phrase for language in ("en", "zh") for phrase in spoken(language)] if 0 < len(texts) < _BACKGROUND else []
        self._vectors = embedder.embed([*texts, *fill]) if texts else np.zeros((0, 0), dtype=np.float32)
        self._fill = slice(len(texts), len(texts) + len(fill))

    def nearest(
        self, question: str, language: Language, limit: int, topics: Collection[str] = (), sent: Destination | None = None
    ) -> tuple[Found, ...]:
        """The passages that speak most of the question, in its language where the shop has pages in it.

        Where a router has `sent` the question to a page, by its id or topic, only that page's passages are looked at, and
        they answer as likely as the router is right; an intent that no page is for changes nothing.

        `topics` are those that it was read to be about: they may be misread, so they weigh as much as one standard deviation
        of nearness and shut nothing out. The mean of a passage's own cosine and its best sentence's is standardised by the
        cosines of all that the pages say: embedders put any two questions at different distances from all texts, and e5 puts
        all texts close together.
        """
        own = [part for part in self._parts if part.page.language == language]
        there = [part for part in own if sent is not None and sent.intent in (part.page.id, part.page.topic)]
        parts = there or own or self._parts
        if not parts:
            return ()
        asked = self._embedder.embed([question], query=True)[0]
        cosines = [self._vectors[part.rows] @ asked for part in parts]
        everything = np.concatenate([*cosines, self._vectors[self._fill] @ asked])
        spread = max(float(everything.std()), 1e-6)
        near = np.array([(each[0] + each.max()) / 2 - everything.mean() for each in cosines]) / spread
        shares = _shares(question, [part.words for part in parts]) if own else np.zeros(len(parts))
        on_topic = np.array([float(part.page.topic in topics and part.page.topic != _ANY) for part in parts])
        order = np.argsort(-(near + shares + on_topic), kind="stable")
        sure, evidence = (_SURE, (near, shares, on_topic)) if own else (_SURE_ABROAD, (near, on_topic))

        def found(at: int) -> Found:
            page = parts[at].page
            context = sorted([other for other in order if parts[other].page is page][:2])
            likely = sent.confidence if sent and there else _likelihood(sure, [float(each[at]) for each in evidence])
            return Found(page, parts[at].text, likely, tuple(parts[other].text for other in context))

        return tuple(found(at) for at in order[:limit])


def passages_of(text: str) -> tuple[str, ...]:
    """The paragraphs of a help page as plain text, headings joined to what follows them."""
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", text) if block.strip()]
    passages: list[str] = []
    heading = ""
    for block in blocks:
        plain = re.sub(r"[*_`]|^#+\s*", "", block).strip()
        if block.startswith("#"):
            heading = plain
            continue
        passages.append(f"{heading}: {plain}" if heading else plain)
        heading = ""
    return tuple(passages)


def _shares(question: str, passages: Sequence[frozenset[str]]) -> NDArray[np.float64]:
    """How much of the question each passage says, a rare word weighing more (Sparck Jones 1972). Shape: (passages,)."""
    asked = set(tokens(question))
    holding = Counter(word for passage in passages for word in asked & passage)
    weights = {word: math.log((len(passages) + 1) / (holding[word] + 0.5)) for word in asked}
    whole = sum(weights.values()) or 1.0
    return np.array([sum(weights[word] for word in asked & passage) / whole for passage in passages])


def _likelihood(weights: Sequence[float], evidence: Sequence[float]) -> float:
    intercept, *others = weights
    return 1 / (1 + math.exp(-intercept - sum(weight * each for weight, each in zip(others, evidence, strict=True))))
