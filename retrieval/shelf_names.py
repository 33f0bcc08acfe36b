"""The shelves of a catalogue by the stems of what they are called, worked out once: a wide wish asks for hundreds of names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from retrieval.text import fold, stems

if TYPE_CHECKING:
    from retrieval.catalogue import Shelf

Words = tuple[str, ...]
_PARTS = re.compile(r"\s*(?:&|,|/|、|\band\b|和|与|及)\s*")


class ShelfNames:
    """Lists in the order of the shelves; names nobody has are no key."""

    def __init__(self, shelves: Iterable[Shelf]) -> None:
        self.whole: dict[Words, list[Shelf]] = defaultdict(list)
        """By the whole name, in any language."""
        self.part: dict[Words, list[Shelf]] = defaultdict(list)
        """By the name, and by each of those that it joins: Hats & gloves."""
        self.ending: dict[Words, list[Shelf]] = defaultdict(list)
        """By every ending of a part."""
        self.clipped: dict[Words, list[Shelf]] = defaultdict(list)
        """By a part without its last word or character."""
        self.wider: set[tuple[str, ...]] = set()
        """Paths that have shelves below them."""
        for shelf in shelves:
            self._add(shelf)

    def _add(self, shelf: Shelf) -> None:
        parts = parts_of(shelf)
        endings = {part[start:] for part in parts for start in range(len(part))}
        wholes = {stems(name) for name in shelf.names}
        clipped = {part[:-1] for part in parts}
        for by_name, names in ((self.whole, wholes), (self.part, parts), (self.ending, endings), (self.clipped, clipped)):
            for name in names:
                by_name[name].append(shelf)
        self.wider.update(shelf.path[:depth] for depth in range(1, len(shelf.path)))


def parts_of(shelf: Shelf) -> set[Words]:
    """The stems of the shelf's names and of what they join."""
    return {stems(part) for name in shelf.names for part in (name, *_PARTS.split(fold(name))) if part}


def stands_alone(name: str) -> bool:
    """True for a name that joins nothing."""
    return len([part for part in _PARTS.split(fold(name)) if part]) == 1
