"""A question to customer service to its intent, or to nobody, by a router that learnt from a shop's labelled questions.

A folder holds it: `card.json`, `weights.safetensors`, and `adapter/`, the LoRA adapter of MiniLM that was tuned on the questions.
`daogou train service` writes it. Scores of an intent are a linear map of unit vectors, those of the tuned encoder and, where the
card says so, those of the shop's own embedder; divided by a temperature they become probabilities.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from assistant.errors import ModelCorrupt
from retrieval.embedding import Embedder, open_embedder

FOLDER = "service_router"
"""In a shop's directory: where its router lies when it has one."""
_AT_ONCE = 256
"""Questions whose cosines with all learnt ones are in memory together."""
CARD, WEIGHTS, TUNED = "card.json", "weights.safetensors", "adapter"
_CURE = "Train a router: daogou train service FOLDER --data FILE, or remove the folder."
Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Part:
    """A linear map of one embedder's vectors to scores of the intents."""

    embedder: Embedder
    middle: Vectors
    """Taken from a vector before it is brought to length 1. Shape: (dim,)."""
    weights: Vectors
    """Shape: (intents, dim)."""
    bias: Vectors
    """Shape: (intents,)."""
    learnt: Vectors
    """Vectors of the questions that it learnt from, where nearness to one of them counts. Shape: (n, dim), n may be 0."""

    def vectors(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors around the middle. Shape: (questions, dim)."""
        return centred(self.embedder.embed(questions, query=True), self.middle)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the router says of questions; every array has a row for each."""

    shares: Floats
    """Calibrated probabilities. Shape: (questions, intents)."""
    sureness: Floats
    """How much a question is like those that were learnt, in the unit of the router's threshold. Shape: (questions,)."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a question belongs."""

    intent: str
    confidence: float
    """0 to 1, calibrated."""


@dataclass(frozen=True, slots=True)
class ServiceRouter:
    """The parts of a router with what was learnt on held-back questions."""

    intents: tuple[str, ...]
    parts: tuple[Part, ...]
    temperature: float
    score: str
    """Which of SCORES tells what is out of scope."""
    threshold: float
    """A question whose score is below it is out of scope."""

    def judge(self, questions: Sequence[str]) -> Judged:
        """Probabilities and sureness of each question."""
        vectors = [part.vectors(questions) for part in self.parts]
        scores = np.zeros((len(questions), len(self.intents)))
        for near, part in zip(vectors, self.parts, strict=True):
            scores += (near @ part.weights.T + part.bias) / self.temperature
        return Judged(shares_of(scores), SCORES[self.score](scores, nearness(vectors[0], self.parts[0].learnt)))

    def route(self, question: str) -> Destination | None:
        """The likeliest intent of a question; None for one that is out of scope."""
        judged = self.judge([question])
        if judged.sureness[0] < self.threshold:
            return None
        best = int(judged.shares[0].argmax())
        return Destination(self.intents[best], float(judged.shares[0, best]))


def open_router(folder: Path, home: Path, shared: Embedder | None = None) -> ServiceRouter:
    """The router in a folder; a part that wants the embedder that is already open (`shared`) gets that one.

    Raises ModelCorrupt for files that are absent or changed, EmbedderError and FetchError as `open_embedder` does.
    """
    card = card_of(folder)
    try:
        for name, digest in card["sha256"].items():
            if sha256((folder / name).read_bytes()).hexdigest() != digest:
                raise ModelCorrupt(f"{folder / name} has changed since its card was written. {_CURE}")
        weights = load_file(folder / WEIGHTS)
        embedders = [_embedder(folder, preset, name, home, shared) for preset, name in card["embedders"]]
        parts = tuple(_part(each, number, weights) for number, each in enumerate(embedders))
        return ServiceRouter(
            tuple(card["intents"]), parts, float(card["temperature"]), _known(card["score"]), float(card["threshold"])
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelCorrupt(f"found no whole router in {folder} ({error!r}). {_CURE}") from error


def card_of(folder: Path) -> dict[str, Any]:
    """What the card of a router's folder says. Raises ModelCorrupt when there is none."""
    try:
        found = json.loads((folder / CARD).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelCorrupt(f"found no card in {folder} ({error}). {_CURE}") from error
    if not isinstance(found, dict):
        raise ModelCorrupt(f"found no object in {folder / CARD}. {_CURE}")
    return found


def _embedder(folder: Path, preset: str, name: str, home: Path, shared: Embedder | None) -> Embedder:
    if preset == TUNED:
        return open_embedder(str(folder / TUNED), home)
    found = shared if shared is not None and name == shared.name else open_embedder(preset, home)
    if found.name != name:
        raise ValueError(f"found the embedder {found.name}, expected {name}")
    return found


def _part(embedder: Embedder, number: int, weights: Mapping[str, NDArray[Any]]) -> Part:
    middle, rows, bias, learnt = (
        weights[f"{number}.{name}"].astype(np.float32) for name in ("middle", "weights", "bias", "learnt")
    )
    return Part(embedder, middle, rows, bias, learnt)


def _known(score: str) -> str:
    if score not in SCORES:
        raise ValueError(f"found score {score!r}, expected one of {', '.join(SCORES)}")
    return score


def centred(vectors: Vectors, middle: Vectors) -> Vectors:
    """Unit vectors around the middle. Shape: (n, dim)."""
    moved = vectors - middle
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def shares_of(scores: Floats) -> Floats:
    """Probabilities of each row. Shape: (rows, classes)."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = weights / weights.sum(axis=1, keepdims=True)
    return found


def nearness(vectors: Vectors, learnt: Vectors, neighbours: int = 1) -> Floats:
    """Cosine with the k-th nearest learnt question (Sun et al. 2022), 0 without any. Shape: (rows,)."""
    if len(learnt) < neighbours:
        return np.zeros(len(vectors))
    found = np.zeros(len(vectors))
    for start in range(0, len(vectors), _AT_ONCE):
        cosines = vectors[start : start + _AT_ONCE] @ learnt.T
        found[start : start + _AT_ONCE] = np.partition(cosines, -neighbours, axis=1)[:, -neighbours]
    return found


def _probability(scores: Floats, near: Floats) -> Floats:
    return np.asarray(shares_of(scores).max(axis=1), dtype=np.float64)


def _energy(scores: Floats, near: Floats) -> Floats:
    top = scores.max(axis=1)
    return np.asarray(top + np.log(np.exp(scores - top[:, None]).sum(axis=1)), dtype=np.float64)


def _top(scores: Floats, near: Floats) -> Floats:
    return np.asarray(scores.max(axis=1), dtype=np.float64)


def _near(scores: Floats, near: Floats) -> Floats:
    return near


SCORES: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "probability": _probability, "energy": _energy, "score": _top, "nearest": _near,
}
"""What may tell a question that is out of scope, by scores and nearness: the highest probability (Hendrycks & Gimpel 2017), the
free energy (Liu et al. 2020), the highest score (Hendrycks et al. 2022), the nearest learnt question (Sun et al. 2022). Higher is
surer."""
