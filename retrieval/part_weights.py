"""What each part of the collaborative score is worth in a shop, learnt from what its shoppers chose next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retrieval.collaborative import DEFAULT_COLLABORATIVE, PARTS, Collaborative, CollaborativeSettings, Content, check_content
from retrieval.histories import Histories, histories_of
from retrieval.schema import Interaction

Floats = NDArray[np.float32]
Shares = tuple[float, float, float, float]
_FADES = (3.0, 10.0)
"""What `near_fade` is chosen from: shops where the newest choice says most, and those of short, steady histories."""
_RESAMPLES = 8
_SHOPPERS, _FEWEST = 1000, 40
"""Shoppers learnt from at most; below the fewest the settings stay as they are."""
_DEEPEST = 100
"""The last rank that counts, and how many of the best by each part a choice is held against."""
_STEPS = (0.4, 0.1, 0.03)


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
    """The settings with the weights, and the fade of `near`, that rank what shoppers chose last highest.

    A model of all but the last two choices of some hundred shoppers scores each of the two against the items that are best by any
    part. The weights maximise the mean of 1 / log2(1 + rank), ranks beyond 100 counting nothing, and add up to 1. They are the
    mean over resamples of the shoppers, so that few of them do not decide (bagging, Breiman 1996).
    """
    chance = np.random.default_rng(seed)
    asked = np.flatnonzero(np.diff(histories.starts) >= 4)
    asked = np.sort(chance.permutation(asked)[:_SHOPPERS])
    if len(asked) < _FEWEST or len(ids) < len(PARTS):
        return settings
    held = np.isin(histories.owners, asked) & (histories.age < 2)
    earlier = histories.kept(~held)
    choices = histories.rows[held & (histories.weights > 0)]
    shoppers = histories.owners[held & (histories.weights > 0)]
    model = Collaborative(ids, earlier, content, settings)
    draws = [chance.integers(0, len(choices), len(choices)) for _ in range(_RESAMPLES)]
    tried = []
    for fade in _FADES:
        model.settings = replace(settings, near_fade=fade)
        parts = np.stack([_parts(model, earlier, *each) for each in zip(shoppers.tolist(), choices.tolist(), strict=True)])
        weights = _mean([_climbed(parts[draw]) for draw in draws])
        tried.append((reached(parts, weights), weights, fade))
    _, weights, fade = max(tried)
    return replace(settings, near_fade=fade, weights=weights)


def _parts(model: Collaborative, histories: Histories, shopper: int, choice: int) -> Floats:
    """The parts of the choice, then of the best by any part that are not in the history; -1 fills up. Shape: (parts, 401)."""
    rows, weights = histories.of(shopper)
    found = model.parts(rows, weights, at=histories.newest(shopper))
    nothing = np.zeros(len(model.ids), dtype=np.float32)
    table = np.stack([found.get(part, nothing) for part in PARTS])
    of_choice = table[:, choice].copy()
    table[:, np.append(rows, choice)] = -1.0
    rivals = np.unique(np.concatenate([_highest(values) for values in table]))
    parts = np.full((len(PARTS), 1 + len(PARTS) * _DEEPEST), -1.0, dtype=np.float32)
    parts[:, 0] = of_choice
    parts[:, 1 : 1 + len(rivals)] = table[:, rivals]
    return parts


def _highest(values: Floats) -> NDArray[np.int64]:
    """The places of the 100 largest values above 0."""
    above = np.flatnonzero(values > 0)
    if len(above) <= _DEEPEST:
        return above
    return above[np.argpartition(-values[above], _DEEPEST)[:_DEEPEST]]


def _climbed(parts: Floats) -> Shares:
    """The weights found by steps along one weight at a time, from one part alone to a better mix while there is one.

    Shape of `parts`: (cases, parts, items), the choice first.
    """
    known = [part for part in range(len(PARTS)) if parts[:, part].max(initial=0.0) > 0]
    if not known:
        return DEFAULT_COLLABORATIVE.weights
    best = max((reached(parts, _shares(part)), _shares(part)) for part in known)
    for step in _STEPS:
        while True:
            mixes = [_mixed(best[1], part, sign * step) for part in known for sign in (1, -1)]
            found = max((reached(parts, mix), mix) for mix in mixes)
            if found[0] <= best[0]:
                break
            best = found
    return best[1]


def reached(parts: Floats, weights: Shares) -> float:
    """Mean of 1 / log2(1 + rank) of each case's first item, equals halfway, 0 beyond rank 100."""
    scores = np.einsum("p,cpi->ci", np.array(weights, dtype=np.float32), parts)
    first, others = scores[:, :1], scores[:, 1:]
    ranks = 1 + (others > first).sum(axis=1) + 0.5 * (others == first).sum(axis=1)
    return float(np.where(ranks <= _DEEPEST, 1 / np.log2(1 + ranks), 0.0).mean())


def _mean(found: Sequence[Shares]) -> Shares:
    one, two, three, four = np.mean(found, axis=0).tolist()
    return one, two, three, four


def _shares(part: int) -> Shares:
    one, two, three, four = (float(place == part) for place in range(len(PARTS)))
    return one, two, three, four


def _mixed(weights: Shares, part: int, step: float) -> Shares:
    """The weights with one moved by `step`, at least 0, brought to a sum of 1."""
    moved = np.array(weights)
    moved[part] = max(moved[part] + step, 0.0)
    one, two, three, four = (moved / moved.sum()).tolist() if moved.sum() > 0 else weights
    return one, two, three, four
