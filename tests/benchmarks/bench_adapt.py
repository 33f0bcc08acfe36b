"""`daogou adapt` on a copy of the demo shop with made-up shoppers who agreed: what it learns, how long it takes, and what planted
feedback gets.

150 shoppers ask for four shelves each and click by `training.simulated_clicks` (they like what is cheap and well rated). The
figures are of sessions and sittings that no candidate learns from.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assistant.feedback import Feedback, FeedbackLog
from assistant.memory import Memory
from retrieval.schema import Query, Signal
from retrieval.search import Search
from retrieval.shop import Shop
from training.adapt import Adapted, Plan, adapt
from training.adapt_settings import AdaptSettings
from training.shadow_replay import under
from training.simulated_clicks import ClickRule, asked, visits
from ui.places import DEMO, home
from ui.wiring import open_shop

FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
AFTER = FIRST + timedelta(days=40)
DIALOGUES = Path(__file__).resolve().parents[2] / "training" / "dialogues"


def run(shoppers: int = 150) -> list[dict[str, Any]]:
    """Before and after on held-back lists, seconds, and the planted item's mean place with and without planted feedback."""
    open_shop(DEMO).close()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "demo"
        shutil.copytree(home() / "shops" / DEMO, scratch)
        with Shop.open(scratch, home=home()) as shop:
            visits(shop, _memory(shop), ClickRule(), shoppers=shoppers, slates=4, first=FIRST)
        places = {}
        for name, share in (("no", 0.0), ("1 %", 0.01), ("5 %", 0.05)):
            copied = Path(folder) / f"planted {share}"
            shutil.copytree(scratch, copied)
            with Shop.open(copied, home=home()) as shop:
                target, shelf = _target(shop)
                _plant(shop, target, shelf, int(share * shoppers * 4))
                found = adapt(shop, Plan(AdaptSettings(), (DIALOGUES,)), now=lambda: AFTER)
                places[name] = _place(shop, target, shelf)
                rows += _figures(found) if not share else []
                rows.append(_row(f"adapt, {name} planted: place of the planted item", places[name], "", found.outcome))
    return rows


def _memory(shop: Shop) -> Memory:
    return Memory.of(shop, lambda: AFTER)


def _target(shop: Shop) -> tuple[str, str]:
    """The dearest item of the largest shelf, and the shelf: nobody honest clicks it."""
    items = [item for item in shop.all_items() if item.price is not None and item.category]
    shelves = [item.category[-1] for item in items]
    shelf = max(sorted(set(shelves)), key=shelves.count)
    return max((item for item in items if item.category[-1] == shelf), key=lambda item: (item.price, item.id)).id, shelf


def _plant(shop: Shop, target: str, shelf: str, count: int) -> None:
    """So many accounts that agreed, each with one click on the target, within one day."""
    memory, search = _memory(shop), Search(shop)
    feedback = FeedbackLog(shop.engine, memory.identity, now=memory.now)
    for number in range(count):
        who, at = f"planted-account-{number}", FIRST + timedelta(days=25)
        memory.shoppers.consent(who, memory=True, training=True)
        turn = asked(search, shelf, who, f"planted-{number}", at, 6)
        memory.keep(turn)
        feedback.add([Feedback(f"planted-{number}", turn.id, "click", target, at)])


def _place(shop: Shop, target: str, shelf: str) -> int:
    query = Query(shelf, signals=(Signal("category", "=", shelf.lower()),), limit=50)
    ids = [item.id for item in under(Search(shop), shop.ranker).find(query).items]
    return ids.index(target) + 1


def _figures(found: Adapted) -> list[dict[str, Any]]:
    figures = found.verdict.figures if found.verdict else {}
    named = {"ndcg5": "nDCG@5 of held-back lists", "click_auc": "AUC of clicks of held-back lists", "kept_ndcg5": "shipped order kept"}
    rows = [
        _row(f"adapt, {words}", figures.get(f"{name}_after"), "", f"{figures.get(f'{name}_before')} before")
        for name, words in named.items()
    ]
    rows.append(_row("adapt, picks changed in replayed turns", figures.get("changed_share"), "", ""))
    return [*rows, _row("adapt, whole run", round(found.seconds, 1), "s", str(found.lists))]


def _row(name: str, value: object, unit: str, peer: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "bar": "", "peer": peer}


if __name__ == "__main__":
    for row in run():
        print(row)  # noqa: T201 - a script
