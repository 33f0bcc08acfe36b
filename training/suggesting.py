"""`daogou train suggest`: which unlabelled messages to label next: those that the reader doubts, and no two alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from training.drafts import Draft, message_row

_DEPTH = 3
"""The most doubted messages among which the clusters are made, for each that is wanted."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A message that is worth a label."""

    draft: Draft
    doubt: float | None
    """1 - the draft's confidence; None when the engine does not tell."""

    def row(self) -> dict[str, object]:
        """As an object of a JSON Lines file: the message, the model's own reading as `draft`, and the `score`."""
        score = None if self.doubt is None else round(self.doubt, 4)
        return {**message_row(self.draft.asked), "draft": self.draft.line, "score": score}


def suggest(drafts: Sequence[Draft], vectors: NDArray[np.float32], count: int, *, seed: int = 0) -> list[Suggestion]:
    """Up to `count` of the messages, the most doubted first. `vectors` are the messages'. Shape: (drafts, dim).

    The 3 x `count` most doubted are put into `count` clusters by k-means weighted with their doubt, and of every cluster the one
    nearest to its middle is taken (Zhdanov 2019). An unreadable message is doubted wholly; where the engine tells no
    probabilities, the clusters are made of all messages, and equal weights.
    """
    doubts = np.array([doubt_of(draft) for draft in drafts], dtype=np.float64)
    told = any(draft.shares for draft in drafts)
    places = np.argsort(-doubts, kind="stable")[: _DEPTH * count] if told else np.arange(len(drafts))
    chosen = places if len(places) <= count else places[_middles(vectors[places], doubts[places], count, seed)]
    ordered = sorted((int(place) for place in chosen), key=lambda place: -doubts[place])
    return [Suggestion(drafts[place], float(doubts[place]) if told else None) for place in ordered]


def doubt_of(draft: Draft) -> float:
    """1 - the confidence of a draft; 1 for one that is not whole, and where nothing is told."""
    return 1.0 if draft.problem or draft.confidence is None else 1.0 - draft.confidence


def _middles(vectors: NDArray[np.float32], weights: NDArray[np.float64], count: int, seed: int) -> NDArray[np.intp]:
    """The places nearest to the middles of `count` clusters; filled up with the heaviest where clusters fall together."""
    centred = vectors - vectors.mean(axis=0)  # the vectors of some embedders all lie close together
    clusters = min(count, len(np.unique(centred, axis=0)))
    found = KMeans(clusters, n_init=1, random_state=seed).fit(centred, sample_weight=weights + 1e-6)
    distances = np.linalg.norm(centred - found.cluster_centers_[found.labels_], axis=1)
    nearest: dict[int, int] = {}
    for place in np.argsort(distances, kind="stable"):
        nearest.setdefault(int(found.labels_[place]), int(place))
    kept = list(nearest.values())
    rest = [int(place) for place in np.argsort(-weights, kind="stable") if int(place) not in set(kept)]
    return np.array([*kept, *rest[: count - len(kept)]], dtype=np.intp)
