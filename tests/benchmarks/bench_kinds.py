"""Which shelves of the demo shop a wished kind means: 1,651 kinds from shopper messages, labelled by a hand that saw no search.

With the thesaurus and without, and with one language of the shop taken away, so that the other's shoppers have to be understood
across it. `demo.jsonl` has for every wish the shelves everything on which is what was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from retrieval.catalogue import Catalogue, build_catalogue
from retrieval.likeness import Likeness
from retrieval.meaning import Meaning
from retrieval.schema import Item, Signal
from retrieval.text import HAN
from retrieval.thesaurus import Thesaurus, shipped_thesaurus
from retrieval.vocabulary import Vocabulary
from ui.wiring import open_shop

LABELS = Path(__file__).parents[2] / "training/data/kinds/demo.jsonl"


def run() -> list[dict[str, Any]]:
    """Precision and recall over pairs of wish and shelf, with the thesaurus, and without as the peer."""
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    told = []
    with open_shop("demo") as shop:
        items, likeness = tuple(shop.all_items()), Likeness(shop.embedder)
        for name, wishes, stocked in (
            ("kinds of the demo shop", rows, items),
            ("Chinese kinds, the shop in English", [row for row in rows if HAN.search(row["wish"])], _english(items)),
        ):
            catalogue = build_catalogue([item.id for item in stocked], stocked)
            peer, ours = (
                _figures(wishes, Vocabulary(catalogue, shop.currency, likeness, thesaurus), catalogue)
                for thesaurus in (Thesaurus(), shipped_thesaurus())
            )
            told += [
                {"name": f"{name}, {figure}", "value": ours[figure], "unit": "", "peer": f"{peer[figure]} without the thesaurus"}
                for figure in ("precision", "recall")
            ]
    return told


def _english(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items as a feed without Chinese has them."""
    return tuple(replace(item, translations=()) for item in items if not HAN.search(item.title))


def _figures(rows: list[dict[str, Any]], vocabulary: Vocabulary, catalogue: Catalogue) -> dict[str, float]:
    right = wrong = missed = 0
    for row in rows:
        found = _shelves(vocabulary.resolve(Signal("category", "=", row["wish"])), catalogue)
        wanted = set(row["shelves"])
        right, wrong, missed = right + len(found & wanted), wrong + len(found - wanted), missed + len(wanted - found)
    return {"precision": round(right / max(right + wrong, 1), 3), "recall": round(right / (right + missed), 3)}


def _shelves(meaning: Meaning, catalogue: Catalogue) -> set[str]:
    """The lowest shelves that are meant as a whole."""
    if meaning.kind != "category" or meaning.within:
        return set()
    lowest = (shelf.path for shelf in catalogue.shelves if len(shelf.path) == 2)
    return {path[-1] for path in lowest if any(path[: len(meant)] == meant for meant in meaning.shelves)}


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201 - a script
