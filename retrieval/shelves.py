"""Which shelves, or which items by their titles, a wished kind of product is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from retrieval.catalogue import Catalogue, Shelf
from retrieval.likeness import Likeness
from retrieval.meaning import Meaning
from retrieval.schema import Signal
from retrieval.shelf_names import stands_alone
from retrieval.text import HAN, fold, stems
from retrieval.thesaurus import Thesaurus

Words = tuple[str, ...]
_MEASURE_WORD = re.compile(r"^(?:一|\d+)?(?:双|个|把|条|款|台|只|件|副|套|支|瓶|张|顶)(?=[\u4e00-\u9fff]{2})")
"""What Chinese puts between number and thing: 双徒步鞋 is 徒步鞋."""
_BARE_SUFFIX = re.compile(r"(?<=[\u4e00-\u9fff])[子儿兒]$")
"""What Chinese adds to a thing of one character: 椅子 is the 椅 of 办公椅."""


def category_meaning(
    signal: Signal, catalogue: Catalogue, likeness: Likeness | None, spell: Callable[[Words], Words], thesaurus: Thesaurus
) -> Meaning:
    """The shelves whose name ends in the wished kind or in what the thesaurus knows it covers, and the items whose title does;
    failing that the shelf under a wider name, and titles with the words. `nothing` when the catalogue has no such kind, with the
    shelves to look at instead."""
    said = _MEASURE_WORD.sub("", fold(signal.value))
    wish = stems(said)
    for words in dict.fromkeys((wish, spell(wish), stems(_BARE_SUFFIX.sub("", said)))):
        found = _named_so(signal, words, catalogue, thesaurus) or _in_part(signal, words, catalogue, thesaurus)
        if found is not None:
            return found
    return Meaning(signal, "nothing", beside=_paths(_beside(wish, fold(signal.value), catalogue, likeness, thesaurus)))


def _named_so(signal: Signal, words: Words, catalogue: Catalogue, thesaurus: Thesaurus) -> Meaning | None:
    """The kind by its own name, and by the names of all that it covers."""
    shelves = list(_ending_in(words, catalogue))
    shared = bool(shelves) and not any(_named(words, shelf) for shelf in shelves)
    if shared and _stands((words,), shelves, catalogue):
        return Meaning(signal, "category", shelves=_paths(shelves), within=(words,))
    covered = thesaurus.covered(words)
    known = frozenset(covered)
    for name in covered[1:]:
        shelves += [shelf for shelf in _called(name, catalogue, thesaurus, known) if shelf not in shelves]
    heads = tuple((" ".join(name),) for name in covered)
    shown = tuple(head for head in heads if len(catalogue.heads.of(head[0])))
    if shelves or shown:
        return Meaning(signal, "category", shelves=_paths(shelves), phrases=shown or heads[:1])
    for name in covered[1:]:
        part = catalogue.shelf_names.part.get(name, [])
        if part and _stands((name,), part, catalogue):
            return Meaning(signal, "category", shelves=_paths(part), within=(name,))
    return None


def _in_part(signal: Signal, words: Words, catalogue: Catalogue, thesaurus: Thesaurus) -> Meaning | None:
    """The kind under a wider name, with the rest of the words as what its items must also say."""
    wider, modifiers = _wider(words, catalogue, thesaurus)
    if wider and _stands(modifiers, wider, catalogue):
        return Meaning(signal, "category", shelves=_paths(wider), within=modifiers)
    first, trailing = _before(words, catalogue)
    if first and _stands(trailing, first, catalogue):
        return Meaning(signal, "category", shelves=_paths(first), within=trailing)
    if not catalogue.shelves and len(catalogue.titles.together(words)):
        return Meaning(signal, "category", within=tuple((word,) for word in words))
    return None


def _beside(
    words: Words, text: str, catalogue: Catalogue, likeness: Likeness | None, thesaurus: Thesaurus
) -> list[Shelf]:
    """The shelves of the wider kinds that the thesaurus knows, failing that the nearest in meaning."""
    named = [shelf for name in thesaurus.around(words) for shelf in _called(name, catalogue, thesaurus)]
    if named or likeness is None:
        return list(dict.fromkeys(named))
    lowest = [shelf for shelf in catalogue.shelves if shelf.path not in catalogue.shelf_names.wider]
    labels = [(fold(name), place) for place, shelf in enumerate(lowest) for name in sorted(shelf.names)]
    near = likeness.beside(text, [label for label, _ in labels], [place for _, place in labels])
    return [] if near is None else [lowest[near]]


def _ending_in(words: Words, catalogue: Catalogue) -> list[Shelf]:
    """Shelves one of whose names, or parts of it, ends in the words: `boot` names Hiking boots, `lamp` no Lamp shades."""
    found = catalogue.shelf_names.ending.get(words, [])
    return [shelf for shelf in found if _is_kind(shelf, catalogue)] or found or _clipped(words, catalogue)


def _called(name: Words, catalogue: Catalogue, thesaurus: Thesaurus, covered: Collection[Words] = ()) -> list[Shelf]:
    """The shelves that are called so as a whole; in English also those that end so, unless the thesaurus knows them to be
    another kind: `trainer` names Running trainers, the box of boxes no Cat litter boxes, 水壶 of water bottles no 电热水壶."""
    found = [shelf for shelf in catalogue.shelf_names.whole.get(name, []) if _is_kind(shelf, catalogue)]
    if not all(word.isascii() for word in name):
        return found
    ending = (shelf for shelf in _ending_in(name, catalogue) if _named(name, shelf) and shelf not in found)
    return found + [shelf for shelf in ending if not _known_as_another(shelf, thesaurus, covered)]


def _known_as_another(shelf: Shelf, thesaurus: Thesaurus, covered: Collection[Words]) -> bool:
    """True when the thesaurus has the shelf's name, and not among those that are covered."""
    names = [stems(name) for name in shelf.names]
    return any(thesaurus.knows(name) for name in names) and not any(name in covered for name in names)


def _clipped(words: Words, catalogue: Catalogue) -> list[Shelf]:
    """Shelves whose Chinese name is the words and one character more: 防晒 is said for 防晒霜, 洗发 for 洗发水."""
    if len(words) < 2 or not all(HAN.match(word) for word in words):
        return []
    return catalogue.shelf_names.clipped.get(words, [])


def _is_kind(shelf: Shelf, catalogue: Catalogue) -> bool:
    """False for a department named by a place or a theme in the singular: what stands under Desk is no desk."""
    inner = shelf.path in catalogue.shelf_names.wider
    last = re.findall(r"[^\W\d_]+", fold(shelf.path[-1]))[-1:]
    return not inner or not last or stems(last[0])[-1:] != tuple(last) or bool(HAN.search(last[0]))


def _named(words: Words, shelf: Shelf) -> bool:
    """True when the shelf as a whole is named so; Hats & gloves is neither hats nor gloves."""
    return any(stems(name)[-len(words) :] == words and stands_alone(name) for name in shelf.names)


def _wider(words: Words, catalogue: Catalogue, thesaurus: Thesaurus) -> tuple[list[Shelf], tuple[Words, ...]]:
    """The shelves whose name is the end of the words, or covered by it, the longest first, and the words it leaves out."""
    for start in range(1, len(words)):
        end = words[start:]
        names = thesaurus.covered(end) if all(word.isascii() for word in words) else (end,)
        named = dict.fromkeys(shelf for name in names for shelf in catalogue.shelf_names.part.get(name, []))
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


def _paths(shelves: Sequence[Shelf]) -> tuple[tuple[str, ...], ...]:
    return tuple(shelf.path for shelf in shelves)
