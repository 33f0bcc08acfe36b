"""`daogou evaluate policy`: what other shares of exploration would have been clicked, out of logged slates.

A log is JSON Lines, a slot a line: `turn`, `slot` (from 1), `item`, `clicked`, `propensity`, `explored`, and if it is there
`receipt` (`exploration` for an item that only the draw gave) and `context`. A shop's own turns are such a log too.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from assistant.memory import turn_of
from assistant.memory_tables import impressions_table, turns_table
from assistant.schema import Turn
from retrieval.database import reading
from retrieval.exploration import context_of
from retrieval.shop import Shop
from training.class_figures import Places, intervals
from training.off_policy import Log, Shown, doubly_robust, effective, ips, reward_model, snips, table_of, weights

FEWEST = 200.0
"""Effective turns below which an estimate is not to be trusted."""
SHARES = (0.0, 0.1, 0.3)
_SHOWN = TypeAdapter(Shown)


class LogError(ValueError):
    """A log that can't be used: what was found, what was expected, the cure."""


def read_log(path: Path) -> Iterator[Shown]:
    """The slots of a JSON Lines file, gzipped or not. Raises LogError with the line."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _SHOWN.validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                where = f", {'.'.join(map(str, first['loc']))}" if first["loc"] else ""
                raise LogError(f"{path.name}, line {number}{where}: {first['msg']}. Correct the line.") from error


def write_log(shown: Iterable[Shown], path: Path) -> None:
    """The slots as JSON Lines that `read_log` reads back."""
    path.write_text("".join(_SHOWN.dump_json(one).decode() + "\n" for one in shown), encoding="utf-8")


def shop_log(shop: Shop) -> Iterator[Shown]:
    """The slots of every turn that the shop keeps, with whether the item was clicked. Raises StoreError."""
    clicks = select(impressions_table.c.turn_id, impressions_table.c.item_id).where(impressions_table.c.clicked)
    with reading(shop.engine) as connection:
        clicked = {(str(turn), str(item)) for turn, item in connection.execute(clicks)}
        for row in connection.execute(select(turns_table).order_by(turns_table.c.at, turns_table.c.id)):
            yield from shown_of(turn_of(row), clicked)


def shown_of(turn: Turn, clicked: Collection[tuple[str, str]]) -> Iterator[Shown]:
    """The slots of one turn; nothing for a turn that offered nothing. `clicked` holds (turn id, item id)."""
    if turn.slate is None or turn.query is None:
        return
    context = context_of(turn.query.signals)
    for slot, pick in enumerate(turn.slate.picks, 1):
        item = pick.candidate.item.id
        yield Shown(turn.id, slot, item, (turn.id, item) in clicked, pick.propensity, pick.explored, pick.receipt, context)


def evaluate_policy(shown: Iterable[Shown], shares: Sequence[float] = SHARES, *, seed: int = 0) -> dict[str, Any]:
    """Clicks a slate as logged and, by three estimators with 95 % bootstrap intervals over turns, under each share.

    Raises LogError for a log without turns, or one that never explored.
    """
    try:
        log = table_of(tuple(shown))
    except ValueError as error:
        raise LogError(f"{error}. Correct the log.") from error
    if not len(log):
        raise LogError("found no slate, expected a log of some hundred. Serve the shop for a while, or name a log.")
    if not log.explored.any():
        raise LogError(
            "found a log that never explored, expected some slots left to chance: it can't tell what others would have done. "
            "Set a share, such as balance.exploration=0.1, and serve the shop for a while."
        )
    model = reward_model(log)
    logged = {"clicks": lambda at: float(log.values[at].mean())}
    return {
        "turns": len(log), "slots": int(log.there.sum()), "clicks": int(log.clicks.sum()),
        "explored_share": round(float(log.explored[log.there].mean()), 4),
        "logged": {"value": round(float(log.values.mean()), 4), "interval": intervals(logged, len(log), seed=seed)["clicks"]},
        "candidates": [_candidate(log, model, share, seed) for share in shares],
    }


def _candidate(log: Log, model: np.ndarray, share: float, seed: int) -> dict[str, Any]:
    weight, untold = weights(log, share)
    if untold:
        why = f"{untold} slots would explore that never did in the log: log a share of at least {share:g}, then look again."
        return {"exploration": share, "ips": None, "snips": None, "dr": None, "warnings": [why]}
    scored, robust, last = ips(log, weight), doubly_robust(log, weight, model), weight[:, -1]
    figures: dict[str, Callable[[Places], float]] = {
        "ips": lambda at: float(scored[at].mean()), "snips": lambda at: snips(log, weight, at),
        "dr": lambda at: float(robust[at].mean()), "mean_weight": lambda at: float(last[at].mean()),
    }
    everything = np.arange(len(log))
    found = intervals(figures, len(log), seed=seed)
    return {
        "exploration": share, **{name: round(figure(everything), 4) for name, figure in figures.items()},
        "intervals": found, "effective_turns": round(effective(weight), 1), "largest_weight": round(float(last.max()), 2),
        "warnings": _warnings(effective(weight), found["mean_weight"]),
    }


def _warnings(turns: float, mean_weight: tuple[float, float]) -> list[str]:
    found = []
    if turns < FEWEST:
        found.append(f"{turns:.0f} effective turns, expected at least {FEWEST:.0f}: log more, or a share nearer to this one.")
    if not mean_weight[0] <= 1 <= mean_weight[1]:
        low, high = mean_weight
        found.append(f"the mean weight lies between {low} and {high}, expected 1: the logged chances are not the true ones.")
    return found
