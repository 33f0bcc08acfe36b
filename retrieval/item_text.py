"""What of an item is embedded: the words that a wish could name, in the shop's languages, short."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.schema import Attribute, Item

TEXT_LIMIT = 320
"""Characters embedded of an item: about 80 tokens; embedding time grows with them, and titles say most."""

DESCRIPTION_LIMIT = 160
ATTRIBUTE_LIMIT = 6
_VALUE_LIMIT = 40


def item_text(item: Item, languages: tuple[str, ...]) -> str:
    """Title in each language, brand, category, textual attributes and the start of the description.

    Numbers of attributes stay out: filters compare them, a vector can't, and items that differ in them alone share a text.
    """
    parts = dict.fromkeys(part.strip().rstrip(".") or part for part in _parts(item, languages))
    return _clipped(". ".join(part for part in parts if part), TEXT_LIMIT)


def _parts(item: Item, languages: tuple[str, ...]) -> Iterator[str]:
    yield from (item.words(language)[0] for language in languages)
    yield item.title
    if item.brand.casefold() not in item.title.casefold():
        yield item.brand
    yield " ".join(item.category[-2:])
    yield ", ".join(_words_of(item.attributes))
    yield from (_clipped(item.words(language)[1], DESCRIPTION_LIMIT) for language in languages)


def _words_of(attributes: tuple[Attribute, ...]) -> Iterator[str]:
    """`color red grey`, for the first attributes whose values are words."""
    taken = 0
    for attribute in attributes:
        values = [value for value in attribute.values if len(value) <= _VALUE_LIMIT and not re.search(r"\d", value)]
        if values and taken < ATTRIBUTE_LIMIT:
            taken += 1
            yield f"{attribute.name} {' '.join(values[:4])}"


def _clipped(text: str, limit: int) -> str:
    """The start of the text on one line, ended at a word where there are words."""
    line = " ".join(text[: 2 * limit].split())
    if len(line) <= limit:
        return line
    return line[:limit].rsplit(" ", 1)[0] if " " in line[limit // 2 : limit] else line[:limit]
