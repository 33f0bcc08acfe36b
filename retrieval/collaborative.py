"""What shoppers with like histories chose: scores for shopper x item and item x item, from interactions.

A score is the sum of parts that stay visible: `near`, what is chosen close to the shopper's newest choices; `lent`, the same for
items that read like those; `words`, items that read like her choices; `trend`, what is chosen lately. Without `content` there
are no `lent` and `words`. Nothing is drawn by chance but the sample that the parts' weights are learnt on, by `seed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrieval.companions import CompanionSettings, companions, lenders
from retrieval.histories import Histories, Rows, Weights, one_history
from retrieval.schema import Interaction

Scores = NDArray[np.float32]
Content = NDArray[np.float32]
"""Unit vectors of the items' words. Shape: (items, dim)."""
PARTS = ("near", "lent", "words", "trend")
_FORGOTTEN = 5.0
"""Fades after which an event is too old to be counted."""
_WISHED = 50
"""Items that stand for the wishes of a shopper without a history: those of them that most shoppers chose."""


@dataclass(frozen=True, slots=True)
class CollaborativeSettings:
    """How a score is made."""

    companions: CompanionSettings = field(default_factory=CompanionSettings)
    memory: int = 200
    """Newest events of a history that count; a shopper with 10,000 costs no more than one with these."""
    near_fade: float = 3.0
    """Newer events of the history after which a choice counts 1/e in `near` and `lent`."""
    words_fade: float = 10.0
    """The same in `words`."""
    trend_days: float = 90.0
    """Days after which a choice counts 1/e in `trend`."""
    weights: tuple[float, float, float, float] = (0.6, 0.1, 0.2, 0.1)
    """Of the PARTS, in their order; 0 or more. Each part is brought to at most 1 before."""

    @property
    def shares(self) -> dict[str, float]:
        """The weights by part."""
        return dict(zip(PARTS, self.weights, strict=True))


DEFAULT_COLLABORATIVE = CollaborativeSettings()


@dataclass(frozen=True, slots=True)
class Affinity:
    """How much each item suits a shopper, and which part says so."""

    parts: Mapping[str, Scores]
    """Weighted, by name; they add up to `scores`. Shape of each: (items,)."""

    @property
    def scores(self) -> Scores:
        """Higher is better, at most the sum of the weights, 0 where nothing is known. Shape: (items,)."""
        total: Scores = np.sum(list(self.parts.values()), axis=0, dtype=np.float32)
        return total


class Collaborative:
    """A fitted model; safe to share between threads."""

    def __init__(
        self, ids: Sequence[str], histories: Histories, content: Content | None = None,
        settings: CollaborativeSettings = DEFAULT_COLLABORATIVE,
    ) -> None:
        self.ids = ids
        self.settings = settings
        self.rows = {item_id: row for row, item_id in enumerate(ids)}
        self.events = len(histories.rows)
        """Events it was fitted on."""
        self.unknown = histories.unknown
        """Events of other items, which were left out."""
        self.chosen_by = np.bincount(histories.rows[histories.weights > 0], minlength=len(ids))
        """Shoppers who chose each item. Shape: (items,)."""
        self._chosen = self.chosen_by > 0
        self._companions = companions(histories, len(ids), settings.companions)
        self._content = content
        self._lenders = None if content is None else lenders(content, self.chosen_by)
        self._recent = _Recent.of(histories)
        self._trend = self._recent.trend(len(ids), settings.trend_days)

    def scores(self, history: Sequence[Interaction], wished: Rows | None = None) -> Affinity:
        """How much every item suits the shopper of `history`, in any order; events of unknown items don't count.

        `wished` are rows that meet what she says she wants. They stand in for a history, the less the more of it there is.
        Without a history or wishes only `trend` speaks. Items that she has chosen already are scored like the others.
        """
        known = one_history(history, self.rows)
        return self.affinity(known.rows, known.weights, wished)

    def affinity(self, rows: Rows, weights: Weights, wished: Rows | None = None, at: float | None = None) -> Affinity:
        """`scores` of a history that is given as rows, the oldest first, with their weights.

        `at` is the moment that `trend` looks back from, in days since 1970; None is the newest event of all.
        For items that nobody chose `lent` and `words` share their weights equally: what they are worth together is learnt from
        items that were chosen, of which `near` tells already what `lent` would.
        """
        raw = self.parts(rows, weights, wished, at)
        shares = self.settings.shares
        both = (shares["lent"] + shares["words"]) / 2
        unchosen = {"lent": both, "words": both}
        return Affinity({
            part: np.where(self._chosen, shares[part], unchosen.get(part, shares[part])).astype(np.float32) * values
            for part, values in raw.items()
        })

    def parts(
        self, rows: Rows, weights: Weights, wished: Rows | None = None, at: float | None = None
    ) -> dict[str, Scores]:
        """The parts before they are weighted, each at most 1. Shape of each: (items,)."""
        settings = self.settings
        rows, weights = rows[-settings.memory :], weights[-settings.memory :]
        age = np.arange(len(rows))[::-1]
        newest, words = (weights * np.exp(-age / fade) for fade in (settings.near_fade, settings.words_fade))
        if wished is not None and len(wished):
            rows, newest, words = self._with_wishes(rows, newest, words, wished)
        found = {"trend": self._trend if at is None else self._recent.trend(len(self.ids), settings.trend_days, at)}
        if not len(rows):
            return found
        near = np.asarray(self._companions[rows].T @ newest.astype(np.float32))
        found["near"] = levelled(near)
        if self._content is not None and self._lenders is not None:
            found["lent"] = levelled(np.asarray(self._lenders @ near))
            found["words"] = levelled(np.maximum(self._content @ (words.astype(np.float32) @ self._content[rows]), 0.0))
        return found

    def alike(self, row: int) -> Scores:
        """How much a choice of the item speaks for every other, at most 1, 0 where nothing is known. Shape: (items,)."""
        found = np.zeros(len(self.ids), dtype=np.float32)
        start, end = self._companions.indptr[row : row + 2]
        found[self._companions.indices[start:end]] = self._companions.data[start:end]
        return levelled(found)

    def _with_wishes(
        self, rows: Rows, newest: NDArray[np.floating], words: NDArray[np.floating], wished: Rows
    ) -> tuple[Rows, NDArray[np.floating], NDArray[np.floating]]:
        """The wished items that most shoppers chose, as events older than all of the history."""
        popular = wished[np.argsort(-self.chosen_by[wished], kind="stable")[:_WISHED]]
        share = (self.chosen_by[popular] + 1.0) / (self.chosen_by[popular] + 1.0).sum()
        faded = share * np.exp(-len(rows) / self.settings.near_fade)
        return np.concatenate((popular, rows)), np.concatenate((faded, newest)), np.concatenate((faded, words))


def check_content(content: Content | None, items: int) -> None:
    """Nothing, or ValueError when the vectors are not those of so many items, or hold what is no number."""
    if content is not None and (content.ndim != 2 or len(content) != items or not np.isfinite(content).all()):
        raise ValueError(f"found content of shape {content.shape}, expected finite numbers of shape ({items}, dim)")


def levelled(values: NDArray[np.floating]) -> Scores:
    """The values divided by their largest magnitude; zeros stay."""
    most = float(np.abs(values).max(initial=0.0))
    return (values / most if most > 0 else values).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Recent:
    """All choices by time."""

    days: NDArray[np.float64]
    """Never falling. Shape: (events,)."""
    rows: Rows

    @classmethod
    def of(cls, histories: Histories) -> _Recent:
        chosen = np.flatnonzero(histories.weights > 0)
        order = chosen[np.argsort(histories.days[chosen], kind="stable")]
        return cls(histories.days[order], histories.rows[order])

    def trend(self, items: int, fade: float, at: float | None = None) -> Scores:
        """Choices of each item until `at`, faded by their age, at most 1. Shape: (items,)."""
        end = len(self.days) if at is None else int(np.searchsorted(self.days, at, side="right"))
        until = self.days[end - 1] if end else 0.0
        start = int(np.searchsorted(self.days[:end], until - _FORGOTTEN * fade))
        fades = np.exp((self.days[start:end] - until) / fade)
        return levelled(np.bincount(self.rows[start:end], weights=fades, minlength=items).astype(np.float64))
