"""What a signal was found to mean in a catalogue: the value that filters, scores and evidence all work from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retrieval.schema import Signal

Kind = Literal["category", "value", "price", "rating", "number", "relative", "name", "any", "nothing"]
Reach = Literal["always", "unfilled", "title", "never"]


@dataclass(frozen=True, slots=True)
class Measure:
    """Numbers to compare with: those of some columns, or of the titles when no column has the dimension."""

    amounts: tuple[float, ...]
    dimension: str
    columns: tuple[str, ...] = ()
    tolerance: float = 0.0
    """Share by which an equal number may differ."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A signal with what it means here. `nothing`: no item of the catalogue can show it."""

    signal: Signal
    kind: Kind
    values: frozenset[tuple[str, str]] = frozenset()
    """(column, value) pairs that show it, in every language of the catalogue."""
    numbers: tuple[int, ...] = ()
    """The same as numbers of the catalogue's values."""
    deciding: tuple[str, ...] = ()
    """Columns that have the last word on the items that fill them."""
    phrases: tuple[tuple[str, ...], ...] = ()
    """Words of title or description that show it, any one of these."""
    denied: tuple[tuple[str, ...], ...] = ()
    """Words that the wish itself negates (`alcohol-free`): an item that denies them shows it too."""
    reach: Reach = "always"
    """Where phrases count: everywhere, only on items that leave the deciding columns empty, in titles, nowhere."""
    shelves: tuple[tuple[str, ...], ...] = ()
    """Category paths that are meant."""
    beside: tuple[tuple[str, ...], ...] = ()
    """Of a kind that the catalogue has not: category paths of the kinds next to it."""
    within: tuple[tuple[str, ...], ...] = ()
    """Phrases of which every one must also stand in the item, when the shelf alone says too little."""
    measure: Measure | None = None
    direction: int = 0
    """Of a relative wish: +1 more, -1 less."""
    why: str = ""
    """What could not be honoured, in words; empty when all could."""

    @property
    def titles_speak(self) -> bool:
        """True when a title that says it counts, whatever the deciding columns hold: a soft wish is met by "Wireless headphones"
        whose connection is Bluetooth. Of colours and sizes titles also tell in names of brands and models."""
        return self.signal.wanted and not self.signal.hard and self.signal.facet not in ("color", "size")
