"""The hard wishes of a query as masks over the whole catalogue: exact and complete, before any cut-off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrieval.catalogue import Catalogue, Mask
from retrieval.conditions import Shown, either, meeting, together
from retrieval.meaning import Meaning
from retrieval.schema import Query, Signal


@dataclass(frozen=True)
class Group:
    """Hard signals that are met or broken as one: several `=` on a facet are alternatives."""

    meanings: tuple[Meaning, ...]
    shown: Shown

    @property
    def signals(self) -> tuple[Signal, ...]:
        return tuple(meaning.signal for meaning in self.meanings)

    @property
    def understood(self) -> bool:
        """False when no item of the shop can show it."""
        return any(meaning.kind != "nothing" for meaning in self.meanings)


@dataclass(frozen=True)
class Requirements:
    """What an item must be to be shown at all."""

    catalogue: Catalogue
    groups: tuple[Group, ...]
    offered: Mask
    """Buyable now, not rejected, and not itself what the results should resemble."""

    def fitting(self, without: Sequence[Group] = ()) -> Mask:
        """The items that may be shown when the groups `without` are given up."""
        kept = [group.shown for group in self.groups if group not in without]
        return together(self.catalogue, kept) & self.offered


def requirements(query: Query, catalogue: Catalogue, resolve: Callable[[Signal], Meaning]) -> Requirements:
    """The query's hard signals, rejected and unavailable items, as masks."""
    meanings = [resolve(signal) for signal in dict.fromkeys(query.signals) if signal.hard]
    groups: dict[tuple[str, ...], list[Meaning]] = {}
    for meaning in meanings:
        if meaning.kind not in ("any", "name"):
            groups.setdefault(_alternatives(meaning), []).append(meaning)
    offered = catalogue.available.copy()
    offered[catalogue.rows_of((*query.rejected, *query.like))] = False
    built = tuple(Group(tuple(held), _shown(catalogue, held)) for held in groups.values())
    return Requirements(catalogue, built, offered)


def _alternatives(meaning: Meaning) -> tuple[str, ...]:
    """What makes two signals alternatives: the facet of an `=`; two features that no one column decides are both required."""
    signal = meaning.signal
    if signal.op != "=":
        return (signal.facet, signal.op, signal.value)
    if signal.facet == "feature":
        return ("=", *meaning.deciding) if meaning.deciding else ("feature", "=", signal.value)
    return ("=", signal.facet)


def _shown(catalogue: Catalogue, meanings: Sequence[Meaning]) -> Shown:
    shown = [meeting(catalogue, meaning) for meaning in meanings]
    return shown[0] if len(shown) == 1 else either(shown, catalogue)
