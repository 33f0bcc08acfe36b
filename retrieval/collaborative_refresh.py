"""The collaborative model of a shop, kept up with what happens in it while the program runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from retrieval.collaborative import DEFAULT_COLLABORATIVE, Collaborative, CollaborativeSettings, Content
from retrieval.part_weights import fit_collaborative
from retrieval.schema import Interaction

_GROWN = 1.02
"""How many times the interactions must have become before a new model is worth its seconds."""
_SECONDS = 30.0
"""Between two looks at how many there are."""


class InteractionShop(Protocol):
    """What is asked of a shop."""

    def interactions(self) -> Iterator[Interaction]: ...
    def interaction_count(self) -> int: ...


class FreshCollaborative:
    """Gives the newest model at once and fits the next one beside it; safe to share between threads."""

    def __init__(
        self, shop: InteractionShop, content: Callable[[], Content | None] = lambda: None,
        settings: CollaborativeSettings = DEFAULT_COLLABORATIVE, clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shop, self._content, self._settings, self._clock = shop, content, settings, clock
        self._lock = threading.Lock()
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="collaborative")
        self._model: Collaborative | None = None
        self._count, self._looked = 0, 0.0
        self._next: Future[tuple[Collaborative, int]] | None = None

    def current(self, ids: Sequence[str]) -> Collaborative:
        """The model over `ids`, whose rows are positions in them.

        The first one, and one for other ids, is fitted before this returns. Every 30 seconds the interactions are counted; when
        there are 2 % more, or fewer, as after an erasure, the next model is fitted in a thread of its own and given out by the
        first call after it is done. Raises StoreError when the interactions can't be read, also for a fit that failed beside.
        """
        with self._lock:
            if self._model is None or not _same(self._model.ids, ids):
                self._next = None
                self._model, self._count = self._fitted(ids)
            elif self._next is None:
                self._look(ids)
            elif self._next.done():
                done, self._next = self._next, None
                self._model, self._count = done.result()
            return self._model

    def close(self) -> None:
        """Returns when nothing is being fitted; there is no refreshing after it."""
        self._beside.shutdown()

    def _look(self, ids: Sequence[str]) -> None:
        """Begins the next model when it is time to look and the interactions have changed enough."""
        if self._clock() - self._looked < _SECONDS:
            return
        self._looked = self._clock()
        count = self._shop.interaction_count()
        if count < self._count or count >= max(self._count + 1, _GROWN * self._count):
            self._next = self._beside.submit(self._fitted, ids)

    def _fitted(self, ids: Sequence[str]) -> tuple[Collaborative, int]:
        count = self._shop.interaction_count()
        return fit_collaborative(ids, self._shop.interactions(), self._content(), self._settings), count


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    return one is other or (len(one) == len(other) and all(a == b for a, b in zip(one, other, strict=True)))
