"""Names of kinds of product and of values of their properties, by what they mean (the relations of ISO 25964)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from retrieval.text import fold, stems

Words = tuple[str, ...]
_HERE = Path(__file__).parent
_LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product."""

    names: tuple[Words, ...]
    """Equivalents: all say this kind and nothing else."""
    wider: tuple[Words, ...] = ()
    """Names of kinds that include all of it."""
    narrower: tuple[Words, ...] = ()
    """Names of kinds that are a part of it."""


class Thesaurus:
    """Looks names up by their stems."""

    def __init__(self, kinds: Iterable[Kind] = (), values: Iterable[tuple[str, tuple[Words, ...]]] = ()) -> None:
        self._kinds = tuple(kinds)
        self._own: Mapping[Words, tuple[Words, ...]] = {}
        self._named, self._under, self._over = _by_name(self._kinds)
        self._values: dict[Words, list[tuple[str, tuple[Words, ...]]]] = defaultdict(list)
        for facet, names in values:
            for name in names:
                self._values[name].append((facet, names))

    def knowing(self, synonyms: Iterable[tuple[str, Iterable[str]]]) -> Thesaurus:
        """The same with a shop's own: a shopper's word, and the words that the shop has for it."""
        widened = copy(self)
        widened._own = {stems(fold(word)): tuple(stems(fold(name)) for name in names) for word, names in synonyms}
        return widened

    def covered(self, words: Words) -> tuple[Words, ...]:
        """The names of everything that the words surely ask for: 登山鞋 asks for hiking boots, footwear for those too. The words
        themselves come first; they stand alone where the thesaurus does not know them."""
        equivalents = [words, *self._names(self._named.get(words, ()))]
        own = [name for name in equivalents if _latin(name) == _latin(words)]  # 水壶 of water bottles is kettles' wider name
        below = [place for name in dict.fromkeys(own) for place in self._under.get(name, ())]
        parts = (name for place in (*self._named.get(words, ()), *below) for name in self._kinds[place].narrower)
        return tuple(dict.fromkeys([*equivalents, *self._own.get(words, ()), *self._names(below), *parts]))

    def knows(self, words: Words) -> bool:
        """True for the name of a kind."""
        return words in self._named

    def around(self, words: Words) -> tuple[Words, ...]:
        """The names of the kinds that what the words ask for is a part of: hiking boots for winter hiking boots."""
        return tuple(dict.fromkeys(self._names(self._over.get(words, ()))))

    def values(self, words: Words, facets: Container[str]) -> tuple[Words, ...]:
        """The other names of the same value of one of the facets: 真皮 of leather."""
        found = (names for facet, names in self._values.get(words, ()) if facet in facets)
        return tuple(dict.fromkeys(name for names in (*found, self._own.get(words, ())) for name in names if name != words))

    def _names(self, places: Iterable[int]) -> Iterator[Words]:
        return (name for place in places for name in self._kinds[place].names)

    def __len__(self) -> int:
        return len(self._kinds)


@cache
def shipped_thesaurus() -> Thesaurus:
    """That of the package, written for it."""
    kinds = (Kind(*(_stems(row[name]) for name in ("kind", "wider", "narrower"))) for row in shipped_rows("kinds.jsonl"))
    return Thesaurus(kinds, ((row["facet"], _stems(row)) for row in shipped_rows("values.jsonl")))


def _latin(words: Words) -> bool:
    return all(word.isascii() for word in words)


def shipped_rows(file: str, path: Path | None = None) -> list[dict[str, Any]]:
    """The rows of `kinds.jsonl` or `values.jsonl` as they are written, of the package or of another file."""
    with (path or _HERE / file).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _stems(names: Mapping[str, list[str]]) -> tuple[Words, ...]:
    found = (stems(fold(name)) for language in _LANGUAGES for name in names.get(language, ()))
    return tuple(dict.fromkeys(words for words in found if words))


_Places = dict[Words, list[int]]


def _by_name(kinds: tuple[Kind, ...]) -> tuple[_Places, _Places, _Places]:
    named: _Places = defaultdict(list)
    under: _Places = defaultdict(list)
    over: _Places = defaultdict(list)
    for place, kind in enumerate(kinds):
        for by_name, names in ((named, kind.names), (under, kind.wider), (over, kind.narrower)):
            for name in names:
                by_name[name].append(place)
    return named, under, over
