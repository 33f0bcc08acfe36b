"""What each part of the collaborative score is worth in a shop, learnt from what its shoppers chose next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from retrieval.collaborative import DEFAULT_COLLABORATIVE, PARTS, Collaborative, CollaborativeSettings, Content, check_content
from retrieval.histories import Histories, histories_of
from retrieval.schema import Interaction

Floats = NDArray[np.float64]
_FADES = (3.0, 10.0)
"""What `near_fade` is chosen from: shops where the newest choice says most, and those of short, steady histories."""
_SHOPPERS, _FEWEST = 600, 40
"""Shoppers learnt from at most; below the fewest the settings stay as they are."""
_OTHERS = 1000
"""Items, drawn by chance, that a choice is held against."""
_RIDGE = 1e-3


def fit_collaborative(
    ids: Sequence[str], interactions: Iterable[Interaction], content: Content | None = None,
    settings: CollaborativeSettings = DEFAULT_COLLABORATIVE, *, learn: bool = True, seed: int = 0,
) -> Collaborative:
    """The model of what was done with the items, the weights of its parts learnt where there are shoppers enough.

    Interactions of other items are left out; none at all give zeros. `content` lets an item that nobody has chosen be found by
    its words; ValueError when it does not match the ids, or holds what is no number.
    """
    check_content(content, len(ids))
    histories = histories_of(interactions, {item_id: row for row, item_id in enumerate(ids)})
    return fit_histories(ids, histories, content, settings, learn=learn, seed=seed)


def fit_histories(
    ids: Sequence[str], histories: Histories, content: Content | None = None,
    settings: CollaborativeSettings = DEFAULT_COLLABORATIVE, *, learn: bool = True, seed: int = 0,
) -> Collaborative:
    """`fit_collaborative` of histories whose rows are positions in `ids`."""
    if learn:
        settings = learnt_settings(ids, histories, content, settings, seed)
    return Collaborative(ids, histories, content, settings)


def learnt_settings(
    ids: Sequence[str], histories: Histories, content: Content | None, settings: CollaborativeSettings, seed: int = 0
) -> CollaborativeSettings:
    """The settings with the weights and the fade under which what shoppers chose last was likeliest.

    A model of all but the last choices scores those against items drawn by chance. P(choice) is the softmax of the weighted
    parts (conditional logit, McFadden 1974); the weights are 0 or more and brought to a sum of 1.
    """
    chance = np.random.default_rng(seed)
    long_enough = np.flatnonzero(np.diff(histories.starts) >= 3)
    long_enough = long_enough[histories.weights[histories.starts[long_enough + 1] - 1] > 0]
    asked = np.sort(chance.permutation(long_enough)[:_SHOPPERS])
    if len(asked) < _FEWEST or len(ids) < len(PARTS):
        return settings
    last = histories.starts[asked + 1] - 1
    keep = np.ones(len(histories.rows), dtype=bool)
    keep[last] = False
    earlier = histories.kept(keep)
    model = Collaborative(ids, earlier, content, settings)
    against = chance.integers(0, len(ids), size=(len(asked), min(_OTHERS, len(ids))))
    choices = np.column_stack((histories.rows[last], against))
    tried = []
    for fade in _FADES:
        model.settings = replace(settings, near_fade=fade)
        weights, loss = _likeliest(np.stack([
            _parts(model, earlier, int(shopper), row) for shopper, row in zip(asked, choices, strict=True)
        ]))
        tried.append((loss, fade, weights))
    _, fade, weights = min(tried, key=lambda each: each[0])
    if not weights.sum() > 0:
        return settings
    shares = weights / weights.sum()
    return replace(settings, near_fade=fade, weights=(float(shares[0]), float(shares[1]), float(shares[2]), float(shares[3])))


def _parts(model: Collaborative, histories: Histories, shopper: int, choices: NDArray[np.int64]) -> NDArray[np.float32]:
    """The parts of the choice and of those it is held against; items of the history can't win. Shape: (parts, 1 + others)."""
    events = slice(histories.starts[shopper], histories.starts[shopper + 1])
    found = model.parts(histories.rows[events], histories.weights[events])
    chosen = np.isin(choices[1:], np.append(histories.rows[events], choices[0]))
    parts = np.stack([found[part][choices] if part in found else np.zeros(len(choices), dtype=np.float32) for part in PARTS])
    parts[:, 1:][:, chosen] = -1.0
    return parts


def _likeliest(parts: NDArray[np.float32]) -> tuple[Floats, float]:
    """(weights, mean loss) of the logit in which each case's first item was chosen. Shape of `parts`: (cases, parts, items)."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = np.einsum("p,cpi->ci", weights, parts)
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        slope = (np.einsum("ci,cpi->cp", shares, parts) - parts[:, :, 0]).mean(axis=0) + 2 * _RIDGE * weights
        return float(-np.log(shares[:, 0] + 1e-30).mean() + _RIDGE * weights @ weights), slope

    start = np.ones(parts.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(start))
    return np.asarray(found.x) * parts.any(axis=(0, 2)), float(found.fun)
