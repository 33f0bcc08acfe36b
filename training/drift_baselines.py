"""What is usually done about interests that change, and the one recommender that all of it is measured with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from assistant.migration import Drift, DriftSettings, Floats, Seen, blend, shares

GRID: dict[str, tuple[float, ...]] = {
    "no decay": (0.0,),
    "half-life, events": (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30, 50),
    "half-life, days": (5, 10, 15, 20, 30, 45, 60, 80, 100, 130, 180, 270, 365),
    "sliding window, events": (1, 2, 3, 4, 5, 6, 8, 12, 15, 20, 30, 40, 60),
    "sliding window, days": (7, 14, 30, 45, 60, 90, 120, 150, 180, 240, 300, 365),
    "last 10": (10.0,),
}
"""The families with the settings that are tried."""
LIMIT = 10
_SHRINK, _TAKERS = 5.0, 3
_POOL = 100


@dataclass(frozen=True)
class Recommender:
    """Items by what goes with what: score = sum of weight x similarity over the history."""

    ids: tuple[str, ...]
    rows: Mapping[str, int]
    similarity: NDArray[np.float32]
    """Cosine of who took both, shrunk by n / (n + 5). Shape: (items, items)."""
    kinds: tuple[str, ...]
    mixes: Floats
    """The kinds of each item in equal parts. Shape: (items, kinds)."""

    def scores(self, seen: Sequence[Seen], weights: Sequence[float] | Floats) -> Floats:
        """Shape (items,); what was seen gets -1."""
        known = [(self.rows[s.item_id], w) for s, w in zip(seen, weights, strict=True) if s.item_id in self.rows]
        rows, found = [row for row, _ in known], np.zeros(len(self.ids))
        if rows:
            found = (np.array([w for _, w in known]) @ self.similarity[rows]).astype(np.float64)
            found[rows] = -1.0
        return found

    def top(self, scores: Floats) -> tuple[str, ...]:
        """The ten with the highest scores."""
        return tuple(self.ids[row] for row in _greatest(scores, LIMIT))

    def calibrated(self, scores: Floats, wanted: Mapping[str, float], share: float) -> tuple[str, ...]:
        """Ten picked one by one for (1 - share) * score - share * KL(wanted || mix of the slate), as in Steck (2018)."""
        goal = np.array([wanted.get(kind, 0.0) for kind in self.kinds])
        if not goal.sum() or not share:
            return self.top(scores)
        pool = np.union1d(_greatest(scores, _POOL), self._best_of_kinds(scores, goal))
        pool = pool[scores[pool] > 0]
        some = np.flatnonzero(goal)
        value, mixes, goal = scores[pool] / max(scores.max(), 1e-9), self.mixes[pool][:, some], goal[some] / goal.sum()
        slate, picked = np.zeros(len(some)), list[int]()
        while len(picked) < min(LIMIT, len(pool)):
            mix = 0.99 * (slate + mixes) / (len(picked) + 1) + 0.01 * goal
            distance = (goal * np.log(goal)).sum() - np.log(mix) @ goal
            gain = (1 - share) * value / LIMIT - share * distance
            gain[picked] = -np.inf
            picked.append(int(np.argmax(gain)))
            slate = slate + mixes[picked[-1]]
        first = tuple(self.ids[pool[place]] for place in picked)
        return (*first, *(i for i in self.top(scores) if i not in first))[:LIMIT]

    def _best_of_kinds(self, scores: Floats, goal: Floats) -> NDArray[np.intp]:
        """The places of the ten best of each kind that is wanted."""
        wanted = (np.where(self.mixes[:, kind] > 0, scores, -1.0) for kind in np.flatnonzero(goal))
        return np.concatenate([_greatest(among, LIMIT) for among in wanted])


def _greatest(scores: Floats, count: int) -> NDArray[np.intp]:
    """The rows of the greatest scores, the greatest first."""
    rows = np.argpartition(-scores, count)[:count] if count < len(scores) else np.arange(len(scores))
    return rows[np.argsort(-scores[rows], kind="stable")]


def recommender(histories: Sequence[Sequence[str]], kinds: Mapping[str, tuple[str, ...]]) -> Recommender:
    """Learnt from item ids by shopper; items that fewer than three took are left out."""
    takers = Counter(i for seen in histories for i in set(seen))
    ids = tuple(sorted(i for i, count in takers.items() if count >= _TAKERS))
    rows = {item_id: row for row, item_id in enumerate(ids)}
    pairs = [(user, rows[i]) for user, seen in enumerate(histories) for i in set(seen) if i in rows]
    users, items = zip(*pairs, strict=True)
    taken = csr_matrix((np.ones(len(pairs), dtype=np.float32), (users, items)), shape=(len(histories), len(ids)))
    both = (taken.T @ taken).toarray()
    each = np.sqrt(np.maximum(both.diagonal(), 1.0))
    similarity = both / (each[:, None] * each[None, :]) * (both / (both + _SHRINK))
    np.fill_diagonal(similarity, 0.0)
    names = tuple(sorted({kind for i in ids for kind in kinds.get(i, ())}))
    places = {name: place for place, name in enumerate(names)}
    mixes = np.zeros((len(ids), len(names)))
    for row, item_id in enumerate(ids):
        for kind in kinds.get(item_id, ()):
            mixes[row, places[kind]] = 1 / len(kinds[item_id])
    return Recommender(ids, rows, similarity.astype(np.float32), names, mixes)


def weights_of(family: str, setting: float, seen: Sequence[Seen]) -> Floats:
    """What each act counts in a family of `GRID`."""
    ages = np.arange(len(seen))[::-1].astype(np.float64)
    if family.endswith("days"):
        ages = np.array([(seen[-1].at - s.at).total_seconds() / 86_400 for s in seen])
    if family.startswith("half-life"):
        return np.asarray(0.5 ** (ages / setting), dtype=np.float64)
    if family == "sliding window, days":
        return (ages <= setting).astype(np.float64)
    if family.startswith("sliding") or family == "last 10":
        return (ages < setting).astype(np.float64)
    return np.ones(len(seen))


def plain_slate(model: Recommender, seen: Sequence[Seen], family: str, setting: float, share: float = 0.0) -> tuple[str, ...]:
    """The ten of a family; with a share, mixed by the kinds of what it counts."""
    weights = weights_of(family, setting, seen)
    scores = model.scores(seen, weights)
    if not share:
        return model.top(scores)
    known = [(model.rows[s.item_id], w) for s, w in zip(seen, weights, strict=True) if s.item_id in model.rows]
    mix = np.array([w for _, w in known]) @ model.mixes[[row for row, _ in known]] if known else np.zeros(len(model.kinds))
    return model.calibrated(scores, dict(zip(model.kinds, mix.tolist(), strict=True)), share)


def following_slate(
    model: Recommender, drift: Drift, settings: DriftSettings, kinds: Mapping[str, tuple[str, ...]], share: float,
    days: float = 0.0,
) -> tuple[str, ...]:
    """The ten of the shipped way: acts blended by the drift and faded by a half-life in days, the newest visit with its part,
    the slate mixed by the kinds of what counts."""
    lasting = np.array(blend(drift, settings))
    if days:
        lasting = lasting * weights_of("half-life, days", days, drift.seen)
    current = np.array([visit == drift.visits[-1] for visit in drift.visits], dtype=np.float64)
    weights = (1 - settings.session) * lasting / lasting.sum() + settings.session * current / current.sum()
    seen = [replace(s, kinds=kinds.get(s.item_id) or s.kinds) for s in drift.seen]
    return model.calibrated(model.scores(drift.seen, weights), dict(shares(seen, weights.tolist())), share)
