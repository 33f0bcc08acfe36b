"""Numbers in up to three bands with round edges: what "What may it cost?" offers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from retrieval.money import exponent
from retrieval.quantities import UNITS, name_words
from retrieval.schema import Signal

_SPOKEN: dict[str, tuple[str, ...]] = {
    "mass": ("kg", "g"), "length": ("m", "cm", "mm"), "volume": ("l", "ml"), "power": ("w",), "time": ("h", "min"),
    "light": ("lm",), "data": ("gb",), "distance": ("km",), "energy": ("wh",), "charge": ("mah",), "people": ("person",),
    "loudness": ("db",),
}
"""The units that a dimension is told in, the largest first; a dimension without one is not asked about."""


@dataclass(frozen=True, slots=True)
class Edges:
    """The ends of the lower bands and the beginnings of the upper ones, in the column's own unit and as a shopper says them."""

    ends: tuple[float, ...]
    beginnings: tuple[float, ...]
    """The ends again, except that the band after the year 2015 begins in 2016."""
    said_ends: tuple[str, ...]
    said_beginnings: tuple[str, ...]


def band_edges(
    numbers: NDArray[np.float64], weights: NDArray[np.float64], facet: str, dimension: str, *, spread: float
) -> Edges | None:
    """Round edges near the weighted terciles; None where the last decile is less than `spread` times the first, or the
    dimension has no unit to say them in."""
    order = np.argsort(numbers, kind="stable")
    levels = np.cumsum(weights[order]) / max(float(weights.sum()), 1e-12)
    low, first, second, high = (float(numbers[order][np.searchsorted(levels, s - 1e-9)]) for s in (0.1, 1 / 3, 2 / 3, 0.9))
    unit, scale = _unit(facet, dimension, first)
    if scale <= 0 or high < low * spread or high <= low:
        return None
    year = "year" in name_words(facet) or "年份" in facet
    rounded = sorted({e if year else _round(e / scale) for e in (first, second)})
    edges = [e for e in rounded if (low <= e * scale < high if year else low < e * scale < high)]
    if not edges:
        return None
    begin = [e + 1 if year else e for e in edges]
    said, said_begin = ([f"{_plain(e)} {unit}".strip() for e in part] for part in (edges, begin))
    return Edges(tuple(e * scale for e in edges), tuple(e * scale for e in begin), tuple(said), tuple(said_begin))


def in_bands(numbers: NDArray[np.float64], edges: Edges) -> NDArray[np.bool_]:
    """Which number lies in which band, limits including what they name. Shape: (bands, n)."""
    lows = (-math.inf, *edges.beginnings)
    highs = (*edges.ends, math.inf)
    return np.array([(numbers >= low) & (numbers <= high) for low, high in zip(lows, highs, strict=True)])


def band_signals(facet: str, edges: Edges) -> tuple[tuple[Signal, ...], ...]:
    """The limits of each band, from the lowest on."""
    below = [None, *edges.said_beginnings]
    above = [*edges.said_ends, None]
    return tuple(
        tuple(Signal(facet, op, said) for op, said in ((">=", low), ("<=", high)) if said is not None)  # type: ignore[arg-type]
        for low, high in zip(below, above, strict=True)
    )


def _unit(facet: str, dimension: str, amount: float) -> tuple[str, float]:
    """The unit to say an amount in, and its size in the column's own; 0 where there is none."""
    kind, _, currency = dimension.partition(":")
    if kind == "price":
        return "", 10.0 ** exponent(currency)
    if not dimension:
        return "", 1.0
    if dimension == "distance" and "mileage" in name_words(facet):
        return "miles", UNITS["mile"][1]
    for unit in _SPOKEN.get(dimension, ()):
        if amount >= UNITS[unit][1]:
            return unit, UNITS[unit][1]
    return "", 0.0


def _round(amount: float) -> float:
    """The nearest amount of two digits, the second of them 0 or 5: 43 is 45, 118 is 100, 1,260 is 1,500."""
    if amount <= 0:
        return 0.0
    step = 5 * 10.0 ** (math.floor(math.log10(amount)) - 1)
    return round(amount / step) * step


def _plain(amount: float) -> str:
    return format(Decimal(f"{amount:.6g}").normalize(), "f")
