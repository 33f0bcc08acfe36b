"""Shoppers and items that a model never saw: shoppers known by two wishes alone, items by their words alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from retrieval.collaborative import Scores
from retrieval.histories import Histories, Rows
from retrieval.part_weights import fit_histories
from training.class_figures import intervals
from training.recommend_split import best, ndcg
from training.recommend_tables import Measured
from training.recommend_words import content_of

_SHOPPERS, _ITEMS = 0.2, 0.1
"""Shares that are held out."""
_WISHES = 2
Slates = Mapping[str, list[Rows]]


def cold_shoppers(measured: Measured, seed: int = 0) -> dict[str, object] | None:
    """Ours, popularity and content only for a fifth of the shoppers, of whom nothing is learnt; None without labels.

    Each says her two most frequent labels and is to be shown her last choice among all items.
    """
    histories = measured.histories
    chance = np.random.default_rng(seed)
    long_enough = np.flatnonzero(np.diff(histories.starts) >= 2)
    held = chance.permutation(long_enough)[: int(_SHOPPERS * len(histories))]
    if not measured.described or not len(held):
        return None
    train = histories.kept(~np.isin(histories.owners, held))
    content = content_of(measured, train, seed)
    model = fit_histories(measured.ids, train, content, seed=seed)
    shares = measured.label_shares()
    popularity = model.chosen_by.astype(np.float64)
    lengths = np.sqrt(np.maximum(np.asarray(shares.sign().sum(axis=1)).ravel(), 1.0))
    slates: dict[str, list[Rows]] = {"ours": [], "popularity": [], "content": []}
    targets = histories.rows[histories.starts[held + 1] - 1]
    for shopper in held:
        rows = histories.of(int(shopper))[0][:-1]
        said = np.argsort(-shares[rows].sum(axis=0), kind="stable")[:_WISHES]
        meets = shares[:, said].toarray() > 0
        wished = np.flatnonzero(meets.all(axis=1)) if meets.all(axis=1).any() else np.flatnonzero(meets.any(axis=1))
        cosines = meets.sum(axis=1) / lengths
        for name, scores in (("ours", model.scores((), wished).scores), ("popularity", popularity), ("content", cosines)):
            slates[name].append(_slate(scores, rows))
    return _told(slates, targets, seed)


def cold_items(measured: Measured, seed: int = 0) -> dict[str, object] | None:
    """Ours, popularity and content only for a tenth of the items, of which no choice is learnt; None when nothing is said of any.

    Every shopper who chose one of them after something else is to be shown it among the held-out items.
    """
    histories = measured.histories
    items = len(measured.ids)
    cold = np.zeros(items, dtype=bool)
    cold[np.random.default_rng(seed).permutation(items)[: int(_ITEMS * items)]] = True
    train = histories.kept(~cold[histories.rows])
    content = content_of(measured, train, seed)
    if content is None or not content[cold].any():
        return None
    model = fit_histories(measured.ids, train, content, seed=seed)
    warm = np.flatnonzero(~cold)
    slates: dict[str, list[Rows]] = {"ours": [], "popularity": [], "content": []}
    targets = []
    for rows, weights, target in _arrivals(histories, cold):
        parts = model.parts(rows, weights)
        ours = model.affinity(rows, weights).scores
        for name, scores in (("ours", ours), ("popularity", model.chosen_by), ("content", parts["words"])):
            slates[name].append(_slate(scores, warm))
        targets.append(target)
    return _told(slates, np.array(targets, dtype=np.int64), seed) if targets else None


def _arrivals(
    histories: Histories, cold: NDArray[np.bool_]
) -> list[tuple[Rows, NDArray[np.float32], int]]:
    """(warm items before it, their weights, the newest cold item) of every history that has both."""
    found = []
    for number in range(len(histories)):
        rows, weights = histories.of(number)
        if not cold[rows].any():
            continue
        place = int(np.flatnonzero(cold[rows])[-1])
        before = ~cold[rows[:place]]
        if before.any():
            found.append((rows[:place][before], weights[:place][before], int(rows[place])))
    return found


def _slate(scores: Scores | NDArray[np.floating] | NDArray[np.int64], without: Rows) -> Rows:
    values = np.array(scores, dtype=np.float64)
    values[without] = -np.inf
    slate: Rows = best(values[None, :])[0]
    return slate


def _told(slates: Slates, targets: Rows, seed: int) -> dict[str, object]:
    """users, and by model hr10 and ndcg10 with their intervals."""
    told: dict[str, object] = {"users": len(targets)}
    for name, listed in slates.items():
        table = np.stack(listed)
        figured: dict[str, Callable[[NDArray[np.int64]], float]] = {
            "hr10": lambda at, table=table: float((table[at] == targets[at, None]).any(axis=1).mean()),  # type: ignore[misc]
            "ndcg10": lambda at, table=table: ndcg(table[at], targets[at]),  # type: ignore[misc]
        }
        everybody = np.arange(len(targets))
        told[name] = {
            **{key: round(figure(everybody), 4) for key, figure in figured.items()},
            "intervals": intervals(figured, len(targets), seed=seed),
        }
    return told
