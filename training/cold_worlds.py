"""Where simulated newcomers are asked: a catalogue with its popular items, or a shop with its own search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.questions import belief
from assistant.settings import QuestionSettings
from retrieval.catalogue import Catalogue
from retrieval.parting import DEFAULT_PARTING, Part, parts
from retrieval.postings import Rows
from retrieval.schema import Query, Signal
from retrieval.search import Search
from retrieval.telling import Weights, told

Opening = Literal["nothing", "department", "shelf", "title"]
Said = tuple[tuple[Part, int], ...]
"""What a newcomer was asked and said so far: the place of the answer, the number of answers for "no preference"."""
MISTAKEN = 0.05
"""The share of taps that the model of an answer takes for random ones."""


@dataclass(frozen=True, eq=False)
class State:
    """What is believed after some answers."""

    rows: Rows
    weights: Weights
    """The relevance of each row, adding up to 1. Shape: (n,)."""
    top: NDArray[np.int64]
    """The best rows, the best first; ties in the order of a fixed draw."""
    find: Callable[[], tuple[Part, ...]]

    @cached_property
    def questions(self) -> tuple[Part, ...]:
        """The good questions about them, the one that tells most first."""
        return self.find()


class World(Protocol):
    """What the evaluation asks of a place where newcomers are asked."""

    @property
    def catalogue(self) -> Catalogue: ...
    def state(self, opening: tuple[str, ...], said: Said) -> State: ...


def opening_of(catalogue: Catalogue, titles: list[str], row: int, opening: Opening) -> tuple[str, ...]:
    """What a newcomer says at first who means the item of the row: the kind of the words, then the words."""
    if opening == "title":
        return "title", titles[row]
    mine = int(catalogue.path_of[row])
    path = max((shelf.path for shelf in catalogue.shelves if mine in shelf.paths), key=len, default=())
    match opening:
        case "department":
            return "shelf", *path[:1]
        case "shelf":
            return "shelf", *path
        case _:
            return ()


@dataclass
class FileWorld:
    """A catalogue whose items are as likely as they are popular; answers change that by Bayes' rule."""

    catalogue: Catalogue
    titles: list[str]
    popularity: Weights
    """How often each item was taken; 1 is added to it. Shape: (items,)."""
    currency: str
    limit: int
    seed: int
    _states: dict[object, State] = field(default_factory=dict)

    def state(self, opening: tuple[str, ...], said: Said) -> State:
        """The belief after the answers; made once."""
        key = (opening, _key(said))
        if key not in self._states:
            self._states[key] = self._state(opening, said)
        return self._states[key]

    def _state(self, opening: tuple[str, ...], said: Said) -> State:
        if said:
            before = self.state(opening, said[:-1])
            part, answer = said[-1]
            undecided = DEFAULT_PARTING.undecided_of(part.kind)
            rows, weights = before.rows, told(before.weights, part.holds, answer, undecided, MISTAKEN)
        else:
            rows = np.flatnonzero(self._opened(opening)).astype(np.int32)
            weights = self.popularity[rows] + 1.0
            weights = weights / weights.sum()
        best = _best(rows, weights, self.limit, self.seed)
        return State(rows, weights, best, lambda: parts(self.catalogue, rows, weights, self.currency))

    def _opened(self, opening: tuple[str, ...]) -> NDArray[np.bool_]:
        match opening:
            case ("title", title):
                return np.array([own == title for own in self.titles])
            case ("shelf", *path) if path:
                return next(self.catalogue.on(s) for s in self.catalogue.shelves if s.path == tuple(path))
            case _:
                return np.ones(len(self.catalogue), dtype=bool)


@dataclass
class ShopWorld:
    """A shop's own search: answers become the wishes that a tap on them states."""

    search: Search
    limit: int
    seed: int
    wanted: Rows
    """Rows that newcomers want: their answers are known even where the search has not found the item."""
    settings: QuestionSettings = field(default_factory=QuestionSettings)
    _states: dict[object, State] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        return self.search.view().catalogue

    def state(self, opening: tuple[str, ...], said: Said) -> State:
        """What the search finds with the wishes of the opening and the answers; made once."""
        key = (opening, _key(said))
        if key not in self._states:
            self._states[key] = self._state(opening, said)
        return self._states[key]

    def _state(self, opening: tuple[str, ...], said: Said) -> State:
        stated = [s for part, answer in said if answer < len(part.choices) for s in part.choices[answer].signals]
        opened = opening[1:] and not any(signal.facet == "category" for signal in stated)
        wishes = [*([Signal("category", "=", opening[-1])] if opened else []), *stated]  # a newer kind replaces an older one
        text = " ".join(dict.fromkeys(s.value for s in wishes if s.facet != "price"))
        view = self.search.view()
        query = Query(text, signals=tuple(wishes), limit=self.limit, seed=self.seed)
        _, standing, _ = self.search.survey(query)
        rows, weights = belief(view, query, standing, self.settings)
        further = np.setdiff1d(self.wanted, rows)
        known, padded = np.concatenate((rows, further)), np.concatenate((weights, np.zeros(len(further))))
        best = _best(standing.rows, standing.scores, self.limit, self.seed)
        return State(known, padded, best, lambda: parts(view.catalogue, known, padded, view.vocabulary.currency))


def _key(said: Said) -> tuple[tuple[str, int], ...]:
    return tuple((part.facet, answer) for part, answer in said)


def _best(rows: Rows, scores: Weights, limit: int, seed: int) -> NDArray[np.int64]:
    chance = np.random.default_rng(seed).permutation(len(rows))
    order = np.lexsort((chance, -scores))[:limit]
    return np.asarray(rows[order], dtype=np.int64)
