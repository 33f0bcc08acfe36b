"""`daogou train service`: labelled questions -> the folder of an `assistant.service_router`, calibrated on some held back.

Some of the questions are held back. On the others MiniLM is tuned, and a logistic regression learns the vectors of a second
embedder; on those held back is chosen how much the second counts, the temperature, what tells a question out of scope, and from
where on. Then both learn from all questions: the second part anew, the encoder in one more pass.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.metrics import roc_auc_score

from assistant.service_router import CARD, SCORES, TUNED, WEIGHTS, centred, nearness
from retrieval.embedding import Embedder
from retrieval.wheels import Progress
from training.class_figures import Floats, Places, accuracy
from training.intent_encoder import CHECKPOINTS, EncoderRecipe, TunedEncoder, tune_encoder
from training.intent_router import best_temperature, best_threshold, held_back, how_sure, mean_loss
from training.text_models import Classes, Strength, Vectors, embedded
from training.text_tables import OUTSIDE, Asked, TooFewRows

_LAST = "last"
"""In a run's folder: the pass over all questions."""
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""What the second part's scores may be multiplied by."""
_ROOM = 0.002
"""AUROC by which a rarer way of telling what is out of scope must be ahead of the highest probability."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the choices are made on: scores and vectors of the questions held back."""

    tuned: Floats
    second: Floats | None
    near: Floats
    gold: Places
    """The places of the intents; of those out of scope -1."""


@dataclass(frozen=True, slots=True)
class Second:
    """An embedder beside the tuned one."""

    preset: str
    """By which `open_embedder` opens it."""
    embedder: Embedder


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen on the questions held back."""

    share: float
    """Of the second part."""
    temperature: float
    score: str
    threshold: float
    held_accuracy: float
    held_aurocs: dict[str, float]
    """By each of SCORES; empty without questions out of scope."""


def train_service(
    rows: Sequence[Asked], base: Path, out: Path, opened: Callable[[Path], Embedder], second: Second | None = None,
    recipe: EncoderRecipe | None = None, *, seed: int = 0, progress: Progress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Choices:
    """Writes the router of labelled questions to `out`; those of the intent `oos` only choose what is refused.

    `base` is the folder of MiniLM, `opened` gives the embedder of an adapter of it. A run that was stopped goes on from its
    newest checkpoint. Raises TooFewRows.
    """
    recipe, told = recipe or EncoderRecipe(seed=seed), progress or (lambda phase, done, of: None)
    asked = _Questions.of(rows, seed)
    tuned = tune_encoder(base, out, asked.at(asked.learnt), asked.places[asked.learnt], recipe, progress)
    other = _SecondPart.of(second.embedder, asked, told) if second else None
    choices = choose(_kept(asked, tuned, opened(tuned.adapter), other, told))
    last = replace(recipe, epochs=1, learning_rate=recipe.last_rate)
    whole = tune_encoder(base, out / _LAST, asked.inside, asked.places, last, progress, start=tuned)
    known = embedded(opened(whole.adapter), asked.inside, told, query=True) if choices.score == "nearest" else whole.centres[:0]
    count, width = whole.centres.shape
    arrays: dict[str, NDArray[Any]] = {
        "0.weights": whole.centres, "0.bias": np.zeros(count), "0.middle": np.zeros(width), "0.learnt": known,
    }
    embedders = [(TUNED, TUNED)]
    if second and other and choices.share:
        embedders.append((second.preset, second.embedder.name))
        arrays |= other.arrays(asked, choices.share)
    shutil.copytree(whole.adapter, out / TUNED, dirs_exist_ok=True)
    _write(out, arrays, choices, {
        "intents": list(asked.names), "embedders": embedders, "questions": len(asked.places),
        "out_of_scope": len(asked.texts) - len(asked.places), "held_back": len(asked.held), "recipe": asdict(recipe),
        "base": "all-MiniLM-L6-v2 (Apache-2.0)", "made_at": now().isoformat(timespec="seconds"),
    })
    for done in (CHECKPOINTS, _LAST):
        shutil.rmtree(out / done)
    return choices


@dataclass(frozen=True, slots=True)
class _Questions:
    """What is learnt from: the questions in scope first, then the others."""

    texts: tuple[str, ...]
    names: tuple[str, ...]
    places: Places
    """In `names`, of the questions in scope."""
    learnt: Places
    held: Places

    @classmethod
    def of(cls, rows: Sequence[Asked], seed: int) -> _Questions:
        """Raises TooFewRows for a single intent."""
        inside, outside = [row for row in rows if row.intent != OUTSIDE], [row for row in rows if row.intent == OUTSIDE]
        names, places = np.unique([row.intent for row in inside], return_inverse=True)
        if len(names) < 2:
            raise TooFewRows(f"found {len(names)} intents, expected at least 2 besides {OUTSIDE}")
        texts = tuple(row.text for row in (*inside, *outside))
        return cls(texts, tuple(str(name) for name in names), places, *held_back(places, seed))

    @property
    def inside(self) -> tuple[str, ...]:
        """The questions in scope."""
        return self.texts[: len(self.places)]

    @property
    def judged(self) -> Places:
        """Those held back, and those out of scope."""
        return np.concatenate([self.held, np.arange(len(self.places), len(self.texts))])

    def at(self, rows: Places) -> list[str]:
        """The texts of some."""
        return [self.texts[row] for row in rows]


def _kept(asked: _Questions, tuned: TunedEncoder, encoder: Embedder, other: _SecondPart | None, progress: Progress) -> Kept:
    """What is chosen on. How near a question is to a learnt one is only asked where some are out of scope."""
    near, judged = embedded(encoder, asked.at(asked.judged), progress, query=True), asked.judged
    foreign = len(judged) - len(asked.held)
    learnt = embedded(encoder, asked.at(asked.learnt if foreign else asked.learnt[:0]), progress, query=True)
    return Kept(
        np.asarray(near @ tuned.centres.T, dtype=np.float64),
        other.fitted(asked.learnt, asked.places).scores(other.vectors[judged]) if other else None,
        nearness(near, learnt), np.concatenate([asked.places[asked.held], np.full(foreign, -1)]),
    )


@dataclass(frozen=True, slots=True)
class _SecondPart:
    """The vectors of a second embedder, and a logistic regression over them."""

    vectors: Vectors
    middle: Vectors

    @classmethod
    def of(cls, embedder: Embedder, asked: _Questions, progress: Progress) -> _SecondPart:
        """Around the middle of the questions to learn from."""
        vectors = embedded(embedder, asked.texts, progress, query=True)
        middle: Vectors = vectors[asked.learnt].mean(axis=0)
        return cls(centred(vectors, middle), middle)

    def fitted(self, rows: Places, places: Places) -> Classes:
        """What learnt from some of the questions. `places` are the intents of all that are in scope."""
        return Classes(self.vectors[rows], places[rows], Strength())

    def arrays(self, asked: _Questions, share: float) -> dict[str, NDArray[Any]]:
        """The part of a router that learnt from all questions in scope, its scores multiplied by `share`."""
        weights, bias = self.fitted(np.arange(len(asked.places)), asked.places).linear()
        return {
            "1.weights": share * weights, "1.bias": share * bias, "1.middle": self.middle, "1.learnt": self.vectors[:0],
        }


def choose(kept: Kept) -> Choices:
    """The share of the second part and the temperature with the least mean negative log-likelihood of the intents held back, the
    way of telling what is out of scope with the highest AUROC, and its threshold."""
    within = kept.gold >= 0
    gold = kept.gold[within]

    def mixed(share: float) -> Floats:
        return kept.tuned if kept.second is None else kept.tuned + share * kept.second

    def cooled(share: float) -> tuple[float, float]:
        scores = mixed(share)[within]
        temperature = best_temperature(scores, gold, how_sure(len(gold)))
        return mean_loss(scores / temperature, gold, how_sure(len(gold))), temperature

    share = min(_SHARES, key=lambda each: cooled(each)[0]) if kept.second is not None else 0.0
    temperature = cooled(share)[1]
    scores = mixed(share) / temperature
    sureness = {name: how(scores, kept.near) for name, how in SCORES.items()}
    aurocs = {name: float(roc_auc_score(within, sure)) for name, sure in sureness.items()} if not within.all() else {}
    best = max(aurocs, key=lambda name: aurocs[name]) if aurocs else "probability"
    if aurocs and aurocs[best] < aurocs["probability"] + _ROOM:
        best = "probability"
    threshold = best_threshold(sureness[best][within], sureness[best][~within])
    right = accuracy(gold, scores[within].argmax(axis=1))
    return Choices(share, temperature, best, threshold, round(right, 4), {name: round(each, 4) for name, each in aurocs.items()})


def _write(out: Path, arrays: dict[str, NDArray[Any]], choices: Choices, card: dict[str, object]) -> None:
    """The weights and the card, which names the hash of every file; the card is written last."""
    kinds = {name: np.float16 if name.endswith("learnt") else np.float32 for name in arrays}
    save_file({name: np.ascontiguousarray(each, dtype=kinds[name]) for name, each in arrays.items()}, out / WEIGHTS)
    files = [WEIGHTS, f"{TUNED}/adapter_model.safetensors", f"{TUNED}/adapter_config.json"]
    digests = {name: sha256((out / name).read_bytes()).hexdigest() for name in files}
    told = {**card, **asdict(choices), "sha256": digests}
    (out / CARD).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
