"""Which items a product's name means: "nikon z30", 小米手环9."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from rapidfuzz import fuzz

from retrieval.catalogue import Catalogue
from retrieval.postings import Rows
from retrieval.schema import Item
from retrieval.scoring import top
from retrieval.text import fold, stems

_LOOKED_AT = 30
_ALIKE = 85.0
"""rapidfuzz's token set ratio, 0 to 100: all words of the name but for a letter."""


def named_rows(
    name: str, catalogue: Catalogue, spell: Callable[[tuple[str, ...]], tuple[str, ...]],
    fetch: Callable[[Sequence[int]], Mapping[int, Item]],
) -> Rows:
    """The rows whose title, with the brand, holds the name; of those with most of its words, the ones that fuzzy matching finds
    alike. Empty when the shop has no such item."""
    words = spell(stems(name))
    if not words:
        return np.empty(0, dtype=np.int32)
    said = np.zeros(len(catalogue))
    for word in dict.fromkeys(words):
        rows = np.union1d(catalogue.titles.word(word), catalogue.having(_brands(word, catalogue)))
        said[rows] += np.log(1 + len(catalogue) / (1 + len(rows)))
    if not said.any():
        return np.empty(0, dtype=np.int32)
    likely = top(said, np.flatnonzero(said >= 0.6 * said.max()), _LOOKED_AT)
    wanted = " ".join(words)
    found = [row for row, item in fetch(likely.tolist()).items() if _alike(wanted, item)]
    return np.array(found, dtype=np.int32)


def _alike(wanted: str, item: Item) -> bool:
    titles = [item.title, *(t.title for t in item.translations)]
    best = max(fuzz.token_set_ratio(wanted, " ".join(stems(f"{item.brand} {title}"))) for title in titles)
    numbers = [word for word in wanted.split() if word[0].isdigit()]
    told = set(stems(" ".join(fold(title) for title in titles)))
    return best >= _ALIKE and all(number in told for number in numbers)


def _brands(word: str, catalogue: Catalogue) -> list[int]:
    values = catalogue.values
    return [int(n) for n in values.postings.word(word) if values.columns[n] == "brand"]
