"""The tokens of names as a trie: which tokens a model must read to tell how likely it would write each name. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Branch:
    """A place where names part."""

    node: int
    """The last node before it; -1 is the end of the prompt."""
    tokens: Numbers
    """The tokens that may follow. Shape: (ways,)."""
    ways: tuple[Numbers, ...]
    """The names that go each way."""


@dataclass(frozen=True, slots=True)
class NameTrie:
    """Nodes in an order in which parents precede their children; only those that a branch needs."""

    names: int
    tokens: Numbers
    parents: Numbers
    """-1 for a first token."""
    depths: Numbers
    """0 for a first token."""
    branches: tuple[Branch, ...]

    @classmethod
    def of(cls, names: Sequence[Sequence[int]]) -> NameTrie:
        """The trie of the names' tokens, each with the token that ends an answer. Raises ValueError for two that are equal."""
        if len(set(map(tuple, names))) < len(names):
            raise ValueError("found two names with the same tokens, expected names that differ")
        following: dict[tuple[int, ...], dict[int, list[int]]] = {}
        for number, name in enumerate(names):
            for length, token in enumerate(name):
                following.setdefault(tuple(name[:length]), {}).setdefault(token, []).append(number)
        parting = {before: ways for before, ways in following.items() if len(ways) > 1}
        above = {before[:length] for before in parting for length in range(1, len(before) + 1)}
        needed = sorted(above, key=lambda before: (len(before), before))
        place = {(): -1, **{before: number for number, before in enumerate(needed)}}
        branches = tuple(
            Branch(place[before], np.array(list(ways)), tuple(np.array(each) for each in ways.values()))
            for before, ways in parting.items()
        )
        return cls(
            len(names), np.array([before[-1] for before in needed], dtype=np.int64),
            np.array([place[before[:-1]] for before in needed], dtype=np.int64),
            np.array([len(before) - 1 for before in needed], dtype=np.int64), branches,
        )

    def sees(self) -> NDArray[np.bool_]:
        """Whether a node (row) may look at another (column): at itself and those above it. Shape: (nodes, nodes)."""
        seen = np.eye(len(self.tokens), dtype=bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                seen[node] |= seen[parent]
        return seen
