"""Which shelves of the demo shop a wished kind means: 1,651 kinds from shopper messages, labelled by a hand that saw no search.

With the thesaurus and without. `demo.jsonl` has for every wish the shelves everything on which is what was asked for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from retrieval.catalogue import Catalogue
from retrieval.meaning import Meaning
from retrieval.schema import Signal
from retrieval.search import Search
from retrieval.thesaurus import Thesaurus, shipped_thesaurus
from retrieval.vocabulary import Vocabulary
from ui.wiring import open_shop

LABELS = Path(__file__).parents[2] / "training/data/kinds/demo.jsonl"


def run() -> list[dict[str, Any]]:
    """Precision and recall over pairs of wish and shelf, with the thesaurus, and without as the peer."""
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    with open_shop("demo") as shop:
        view = Search(shop).view()
        figures = {}
        for name, thesaurus in (("without", Thesaurus()), ("with", shipped_thesaurus())):
            vocabulary = Vocabulary(view.catalogue, shop.currency, view.vocabulary.likeness, thesaurus)
            figures[name] = _figures(rows, vocabulary, view.catalogue)
    return [
        {"name": f"kinds of the demo shop, {figure}", "value": figures["with"][figure], "unit": "",
         "peer": f"{figures['without'][figure]} without the thesaurus"}
        for figure in ("precision", "recall")
    ]


def _figures(rows: list[dict[str, Any]], vocabulary: Vocabulary, catalogue: Catalogue) -> dict[str, float]:
    right = wrong = missed = 0
    for row in rows:
        found = _shelves(vocabulary.resolve(Signal("category", "=", row["wish"])), catalogue)
        wanted = set(row["shelves"])
        right, wrong, missed = right + len(found & wanted), wrong + len(found - wanted), missed + len(wanted - found)
    return {"precision": round(right / (right + wrong), 3), "recall": round(right / (right + missed), 3)}


def _shelves(meaning: Meaning, catalogue: Catalogue) -> set[str]:
    """The lowest shelves that are meant as a whole."""
    if meaning.kind != "category" or meaning.within:
        return set()
    lowest = (shelf.path for shelf in catalogue.shelves if len(shelf.path) == 2)
    return {path[-1] for path in lowest if any(path[: len(meant)] == meant for meant in meaning.shelves)}


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201 - a script
