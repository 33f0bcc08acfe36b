"""Which items are chosen close together: a sparse item x item matrix, its size bounded whatever the shop's is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from retrieval.histories import Histories

_PAIRS_AT_ONCE = 4_000_000
_BORROWING, _LENDING = 30_000, 10_000
_BLOCK = 1000
_LENDERS = 20
"""Items that one borrows from."""
_SHARPNESS = 4
_SLACK = 4
"""How many times the final neighbours an item may have before it is cut back to them."""


@dataclass(frozen=True, slots=True)
class CompanionSettings:
    """When two items count as chosen together."""

    reach: int = 50
    """Events of one shopper between two items at most; a pair costs memory while it is counted."""
    fade: float = 20.0
    """Events after which a pair counts 1/e."""
    levelling: float = 0.4
    """0 to 1: how much of a companion's popularity is divided away; 1 leaves no popularity, 0 all of it."""
    doubt: float = 10.0
    """Shoppers who are assumed to have chosen an item with nothing else: few observations are believed less."""
    neighbours: int = 300
    """Companions kept of one item, the surest. 12 bytes each: 100,000 items are at most 360 MB."""


def companions(histories: Histories, items: int, settings: CompanionSettings) -> sparse.csr_array:
    """How much a choice of the row's item speaks for the column's, 0 or more. Shape: (items, items), zero diagonal.

    sum over shoppers of w_i * w_j * exp(-(events between) / fade), divided by (n_i + doubt)^(1 - levelling) *
    (n_j + doubt)^levelling, n being the shoppers of an item: item neighbourhoods (Deshpande and Karypis 2004) of events that
    lie near each other in time. A shopper speaks once for a pair, however often she comes back to it.
    """
    chosen = histories.kept(histories.weights > 0)
    table = sparse.csr_array((items, items), dtype=np.float32)
    for first, second, weights in _pairs(chosen, settings):
        table = table + sparse.csr_array((weights, (first, second)), shape=(items, items), dtype=np.float32)
        if table.nnz > _SLACK * settings.neighbours * items:
            table = strongest(table, _SLACK // 2 * settings.neighbours)
    table = (table + table.T).tocsr()
    shoppers = np.bincount(chosen.rows, minlength=items) + settings.doubt
    rows = np.repeat(np.arange(items), np.diff(table.indptr))
    scale = shoppers[rows] ** (settings.levelling - 1.0) * shoppers[table.indices] ** -settings.levelling
    table.data = (table.data * scale).astype(np.float32)
    return strongest(table, settings.neighbours)


def _pairs(
    chosen: Histories, settings: CompanionSettings
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
    """(earlier item, later item, weight) of the pairs within reach, some millions at a time."""
    owners, rows, weights = chosen.owners, chosen.rows, chosen.weights
    held: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
    count = 0
    for gap in range(1, min(settings.reach, len(rows) - 1) + 1):
        earlier = np.flatnonzero(owners[:-gap] == owners[gap:])
        if not len(earlier):
            break
        fades = np.exp(-(gap - 1) / settings.fade) * weights[earlier] * weights[earlier + gap]
        held.append((rows[earlier], rows[earlier + gap], fades.astype(np.float32)))
        count += len(earlier)
        if count > _PAIRS_AT_ONCE:
            yield _joined(held)
            held, count = [], 0
    if held:
        yield _joined(held)


def _joined(
    held: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    first, second, weights = zip(*held, strict=True)
    return np.concatenate(first), np.concatenate(second), np.concatenate(weights)


def strongest(table: sparse.csr_array, most: int) -> sparse.csr_array:
    """The table with the `most` largest values of each row, ties to the lower column."""
    counts = np.diff(table.indptr)
    if not len(counts) or counts.max() <= most:
        return table
    table.sort_indices()
    kept = np.ones(table.nnz, dtype=bool)
    for row in np.flatnonzero(counts > most):
        values = table.data[table.indptr[row] : table.indptr[row + 1]]
        kept[table.indptr[row] + np.argsort(-values, kind="stable")[most:]] = False
    keep = np.flatnonzero(kept)
    indptr = np.concatenate(([0], np.cumsum(np.minimum(counts, most))))
    return sparse.csr_array((table.data[keep], table.indices[keep], indptr), shape=table.shape)



def lenders(content: NDArray[np.float32], chosen_by: NDArray[np.int64]) -> sparse.csr_array:
    """For each item (row) the items whose words are nearest, with shares that add up to 1. Shape: (items, items), zero diagonal.

    At most 10,000 lend, those that most shoppers chose; of a larger catalogue than 30,000 the items that fewest chose borrow.
    The share goes with the fourth power of the cosine.
    """
    items = len(chosen_by)
    order = np.argsort(chosen_by, kind="stable")
    borrowing = np.sort(order[:_BORROWING])
    lending = np.sort(order[chosen_by[order] > 0][-_LENDING:])
    if not len(lending):
        return sparse.csr_array((items, items), dtype=np.float32)
    blocks = [_nearest(content, borrowing[at : at + _BLOCK], lending) for at in range(0, len(borrowing), _BLOCK)]
    rows, columns, shares = _joined(blocks)
    return sparse.csr_array((shares, (rows, columns)), shape=(items, items), dtype=np.float32)


def _nearest(
    content: NDArray[np.float32], borrowing: NDArray[np.int64], lending: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """(borrower, lender, share) of the lenders nearest by words."""
    cosines = np.where(borrowing[:, None] == lending, 0.0, content[borrowing] @ content[lending].T)
    most = min(_LENDERS, len(lending))
    best = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
    shares = np.maximum(np.take_along_axis(cosines, best, axis=1), 0.0) ** _SHARPNESS
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    return np.repeat(borrowing, most), lending[best].ravel(), shares.astype(np.float32).ravel()
