"""How likely a candidate is what the shopper looks for, and how likely it is clicked: features to probabilities to one score."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save_file
from threadpoolctl import ThreadpoolController

from retrieval.errors import RankingError
from retrieval.word_match import WORD_FEATURES, Scores

Features = NDArray[np.float32]
Task = Literal["relevant", "click"]
TASKS: tuple[Task, ...] = ("relevant", "click")
TEXT_FEATURES = (*WORD_FEATURES, "likeness")
"""How well an item's words and meaning are those of the query. `likeness` is the cosine in standard deviations over random items
of the shop: cosines themselves lie elsewhere with every embedder."""
ITEM_FEATURES = ("wished", "for_children", "named", "rating", "popularity", "taste", "praise", "price_place")
"""What else speaks for an item: soft wishes met, meant for children where a grown-up is asked for, asked for by name, stars,
how much it is chosen, what shoppers alike chose, what reviewers say of the aspects asked for, and where its price lies among what
fits, 0 the cheapest and 1 the dearest. Long-term interests come as soft wishes."""
PRIOR_WEIGHTS: dict[str, float] = {
    "wished": 2.4, "for_children": -2.4, "named": 15.0, "rating": 0.15, "popularity": 0.2, "taste": 1.0,
    "praise": 0.6, "price_place": 0.0,
}
"""Log-odds that a whole unit of an item feature adds before any click was seen: a met wish outweighs most of what words tell."""
SHIPPED = Path(__file__).parent / "ranker"
RANKER_FILE = "ranker.safetensors"


@cache
def _blas() -> ThreadpoolController:
    """The linear algebra of this process. A few hundred candidates are not worth waking its threads, which then wait for those of
    the embedder: measured on two cores, 3 ms instead of .4."""
    return ThreadpoolController()


@dataclass(frozen=True)
class Ranked:
    """What the ranker says of n candidates."""

    relevant: Scores
    """Probability, 0 to 1. Shape: (n,)."""
    click: Scores
    """Probability of a click in the first place of a slate, 0 to 1. Shape: (n,)."""
    score: Scores
    """Higher is better: the log-odds of both, weighed. Shape: (n,)."""
    parts: Mapping[str, Scores]
    """What the words and each item feature add to the score; they sum to it. Shape of each: (n,)."""


@dataclass(frozen=True)
class Ranker:
    """A network over the text features whose hidden layers both tasks share, and a linear part over the item features
    (wide and deep, Cheng et al. 2016)."""

    mean: Features
    """Of the text features. Shape: (text features,)."""
    scale: Features
    layers: tuple[tuple[Features, Features], ...]
    """Weights (inputs, outputs) and biases; SiLU between them, the last one gives a column a task."""
    wide: Features
    """Shape: (item features, tasks)."""
    temperature: Features
    """What each task's log-odds are divided by, so that the probabilities are calibrated (Guo et al. 2017). Shape: (tasks,)."""
    click_share: float = 0.0
    """0 to 1, what the click's log-odds count in the score; 0 until clicks were learnt from."""
    told: str = ""
    """What it was trained on, for people."""

    def __post_init__(self) -> None:
        arrays = [self.mean, self.scale, self.wide, self.temperature, *(part for layer in self.layers for part in layer)]
        if not all(np.isfinite(array).all() for array in arrays) or not (self.temperature > 0).all():
            raise RankingError("found weights that are no finite numbers, expected a trained ranker. Train it again")
        shapes = (len(self.mean), len(self.wide), self.layers[0][0].shape[0], self.layers[-1][0].shape[1])
        expected = (len(TEXT_FEATURES), len(ITEM_FEATURES), len(TEXT_FEATURES), len(TASKS))
        if shapes != expected:
            raise RankingError(f"found a ranker of shape {shapes}, expected {expected}. Train it again with this version")

    def rank(self, text: Features, item: Features) -> Ranked:
        """Probabilities and scores of candidates; `text` is (n, text features), `item` (n, item features).

        Raises RankingError for features that are no finite numbers.
        """
        if not (np.isfinite(text).all() and np.isfinite(item).all()):
            raise RankingError("found features that are no finite numbers, expected all to be. Rebuild the index")
        share = np.array([1.0 - self.click_share, self.click_share], dtype=np.float32) / self.temperature
        deep = self._deep(text)
        odds = ((deep + item @ self.wide) / self.temperature).astype(np.float64)
        parts = {"words": (deep @ share).astype(np.float64)}
        weights = (self.wide @ share).astype(np.float64)
        parts |= {name: item[:, place] * weights[place] for place, name in enumerate(ITEM_FEATURES)}
        chances = 1.0 / (1.0 + np.exp(-odds))
        return Ranked(chances[:, 0], chances[:, 1], np.sum(list(parts.values()), axis=0), parts)

    def odds(self, text: Features, item: Features) -> Scores:
        """Log-odds of each task before its temperature. Shape: (n, tasks)."""
        found: Scores = (self._deep(text) + item @ self.wide).astype(np.float64)
        return found

    def _deep(self, text: Features) -> Features:
        hidden = (text - self.mean) / self.scale
        with _blas().limit(limits=1, user_api="blas"):
            for number, (weights, bias) in enumerate(self.layers):
                hidden = hidden @ weights + bias
                if number + 1 < len(self.layers):
                    hidden = hidden / (1.0 + np.exp(-np.maximum(hidden, -80.0)))
        return hidden

    def save(self, folder: Path) -> None:
        """The ranker is in the folder, whole."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {"mean": self.mean, "scale": self.scale, "wide": self.wide, "temperature": self.temperature}
        for number, (weights, bias) in enumerate(self.layers):
            tensors |= {f"layer{number}.weight": weights, f"layer{number}.bias": bias}
        about = {
            "text_features": json.dumps(TEXT_FEATURES), "item_features": json.dumps(ITEM_FEATURES),
            "click_share": str(self.click_share), "told": self.told,
        }
        draft = folder / f".{RANKER_FILE}"
        save_file({name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}, draft, about)
        draft.chmod(0o644)
        draft.replace(folder / RANKER_FILE)


def load_ranker(folder: Path = SHIPPED) -> Ranker:
    """The ranker in the folder, the shipped one by default. Raises RankingError when there is none or it can't be read."""
    path = folder / RANKER_FILE
    try:
        data = path.read_bytes()
        tensors = parse_tensors(data)
        about = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})
        names = (json.loads(about["text_features"]), json.loads(about["item_features"]))
        depth = sum(name.endswith(".weight") for name in tensors)
        layers = tuple((tensors[f"layer{n}.weight"], tensors[f"layer{n}.bias"]) for n in range(depth))
        found = Ranker(
            tensors["mean"], tensors["scale"], layers, tensors["wide"], tensors["temperature"], float(about["click_share"]),
            about["told"],
        )
    except FileNotFoundError as error:
        raise RankingError(f"there is no ranker in {folder}. Train one with `daogou train ranker`") from error
    except (OSError, KeyError, IndexError, ValueError, SafetensorError) as error:
        raise RankingError(f"{path} can't be read: {error}. Train it again with `daogou train ranker`") from error
    if names != (list(TEXT_FEATURES), list(ITEM_FEATURES)):
        raise RankingError(f"{path} was trained on other features than this version has. Train it again")
    return found


class RankerFile:
    """The ranker of a running shop: its own where one was trained, else the shipped one. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reading = threading.Lock()
        self._stamp: tuple[int, ...] = ()
        self._held: Ranker | None = None
        self.warning = ""
        """Why the trained ranker is not in force; empty when it is, or there is none."""

    def current(self) -> Ranker:
        """The ranker as the file has it now; the one before while it can't be used."""
        stamp: tuple[int, ...] = ()
        try:
            stat = (self._folder / RANKER_FILE).stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except FileNotFoundError:
            pass  # none was trained
        if self._held is None or stamp != self._stamp:
            with self._reading:
                self._held, self._stamp = self._read(stamp), stamp
        return self._held

    def _read(self, stamp: tuple[int, ...]) -> Ranker:
        self.warning = ""
        if not stamp:
            return load_ranker()
        try:
            return load_ranker(self._folder)
        except RankingError as error:
            self.warning = f"{error}. The ranker before it stays in force."
            return self._held or load_ranker()


def prior_wide() -> Features:
    """The linear part before any click was seen: the same log-odds for both tasks. Shape: (item features, tasks)."""
    return np.array([[PRIOR_WEIGHTS[name]] * len(TASKS) for name in ITEM_FEATURES], dtype=np.float32)
