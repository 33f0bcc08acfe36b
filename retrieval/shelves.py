"""Which shelves, or which items by their titles, a wished kind of product is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from retrieval.catalogue import Catalogue, Shelf
from retrieval.likeness import Likeness
from retrieval.meaning import Meaning
from retrieval.schema import Signal
from retrieval.text import HAN, fold, stems

Words = tuple[str, ...]
_MEASURE_WORD = re.compile(r"^(?:一|\d+)?(?:双|个|把|条|款|台|只|件|副|套|支|瓶|张|顶)(?=[\u4e00-\u9fff]{2})")
"""What Chinese puts between number and thing: 双徒步鞋 is 徒步鞋."""
_BARE_SUFFIX = re.compile(r"(?<=[\u4e00-\u9fff])[子儿兒]$")
"""What Chinese adds to a thing of one character: 椅子 is the 椅 of 办公椅."""
_PARTS = re.compile(r"\s*(?:&|,|/|、|\band\b|和|与|及)\s*")


def category_meaning(
    signal: Signal, catalogue: Catalogue, likeness: Likeness | None, spell: Callable[[Words], Words]
) -> Meaning:
    """The shelves whose name ends in the wished kind, and the items whose title does; failing that the shelf under a wider name,
    titles with the words, and the shelf so named in the other language. `nothing` when the catalogue has no such kind."""
    said = _MEASURE_WORD.sub("", fold(signal.value))
    wish = stems(said)
    for words in dict.fromkeys((wish, spell(wish), stems(_BARE_SUFFIX.sub("", said)))):
        shelves = _ending_in(words, catalogue)
        head = (" ".join(words),)
        shared = [shelf for shelf in shelves if not _named(words, shelf)]
        if shelves and len(shared) == len(shelves) and _stands((words,), shelves, catalogue):
            return Meaning(signal, "category", shelves=_paths(shelves), within=(words,))
        if shelves or len(catalogue.heads.of(head[0])):
            return Meaning(signal, "category", shelves=_paths(shelves), phrases=(head,))
        wider, modifiers = _wider(words, catalogue)
        if wider and _stands(modifiers, wider, catalogue):
            return Meaning(signal, "category", shelves=_paths(wider), within=modifiers)
        first, trailing = _before(words, catalogue)
        if first and _stands(trailing, first, catalogue):
            return Meaning(signal, "category", shelves=_paths(first), within=trailing)
        if not catalogue.shelves and len(catalogue.titles.together(words)):
            return Meaning(signal, "category", within=tuple((word,) for word in words))
    alike = _alike(fold(signal.value), catalogue, likeness)
    if alike is not None:
        return Meaning(signal, "category", shelves=(alike.path,))
    return Meaning(signal, "nothing")


def _ending_in(words: Words, catalogue: Catalogue) -> list[Shelf]:
    """Shelves one of whose names, or parts of it, ends in the words: `boot` names Hiking boots, `lamp` no Lamp shades."""
    found = [shelf for shelf in catalogue.shelves if any(part[-len(words) :] == words for part in _parts(shelf))]
    return [shelf for shelf in found if _is_kind(shelf, catalogue)] or found or _clipped(words, catalogue)


def _clipped(words: Words, catalogue: Catalogue) -> list[Shelf]:
    """Shelves whose Chinese name is the words and one character more: 防晒 is said for 防晒霜, 洗发 for 洗发水."""
    if len(words) < 2 or not all(HAN.match(word) for word in words):
        return []
    return [shelf for shelf in catalogue.shelves if any(part[:-1] == words for part in _parts(shelf))]


def _is_kind(shelf: Shelf, catalogue: Catalogue) -> bool:
    """False for a department named by a place or a theme in the singular: what stands under Desk is no desk."""
    inner = any(other.path[: len(shelf.path)] == shelf.path and other.path != shelf.path for other in catalogue.shelves)
    last = re.findall(r"[^\W\d_]+", fold(shelf.path[-1]))[-1:]
    return not inner or not last or stems(last[0])[-1:] != tuple(last) or bool(HAN.search(last[0]))


def _named(words: Words, shelf: Shelf) -> bool:
    """True when the shelf as a whole is named so; Hats & gloves is neither hats nor gloves."""
    return any(stems(name)[-len(words) :] == words and stems(name) in _parts_alone(name) for name in shelf.names)


def _wider(words: Words, catalogue: Catalogue) -> tuple[list[Shelf], tuple[Words, ...]]:
    """The shelves whose name is the end of the words, the longest first, and the words it leaves out."""
    for start in range(1, len(words)):
        named = [shelf for shelf in catalogue.shelves if words[start:] in _parts(shelf)]
        shelves = [shelf for shelf in named if _is_kind(shelf, catalogue)]
        if shelves:
            left = words[:start]
            han = all(not word.isascii() for word in left)
            return shelves, ((left,) if han else tuple((word,) for word in left))
    return [], ()


def _before(words: Words, catalogue: Catalogue) -> tuple[list[Shelf], tuple[Words, ...]]:
    """The shelves that the beginning of the words names, and the words behind it: `dog bed` of "dog bed washable"."""
    for end in range(len(words) - 1, 1, -1):
        shelves = _ending_in(words[:end], catalogue)
        if shelves:
            return shelves, tuple((word,) for word in words[end:])
    return [], ()


def _stands(modifiers: Sequence[Words], shelves: Sequence[Shelf], catalogue: Catalogue) -> bool:
    """True when an item of the shelves shows every modifier somewhere."""
    shown = catalogue.on(shelves[0])
    for shelf in shelves[1:]:
        shown |= catalogue.on(shelf)
    for phrase in modifiers:
        shown &= catalogue.saying(phrase)
    return bool(shown.any())


def _alike(text: str, catalogue: Catalogue, likeness: Likeness | None) -> Shelf | None:
    named = {fold(name): shelf for shelf in catalogue.shelves for name in sorted(shelf.names)}
    place = likeness.shelf(text, tuple(named)) if likeness is not None else None
    return None if place is None else list(named.values())[place]


def _parts(shelf: Shelf) -> set[Words]:
    return {stems(part) for name in shelf.names for part in (name, *_PARTS.split(fold(name))) if part}


def _parts_alone(name: str) -> set[Words]:
    parts = [part for part in _PARTS.split(fold(name)) if part]
    return {stems(name)} if len(parts) == 1 else set()


def _paths(shelves: Sequence[Shelf]) -> tuple[tuple[str, ...], ...]:
    return tuple(shelf.path for shelf in shelves)
