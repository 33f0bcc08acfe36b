"""Which items of a catalogue show what a meaning says: one array operation a wish, over every item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue, Mask
from retrieval.columns import NumberColumn
from retrieval.meaning import Meaning, Measure


@dataclass(frozen=True)
class Shown:
    """Where a wish is met."""

    items: Mask
    variants: Mask | None = None
    """By variant, where variants differ in it; None where they all are as the item is."""


def meeting(catalogue: Catalogue, meaning: Meaning) -> Shown:
    """The items that meet the signal: that show it, or for a negative one that do not."""
    shown = showing(catalogue, meaning)
    if meaning.signal.wanted or meaning.kind == "any":
        return shown
    if shown.variants is None:
        return Shown(~shown.items)
    free = ~shown.variants
    return Shown(_any_variant(catalogue, free, ~shown.items), free)


def together(catalogue: Catalogue, wishes: Sequence[Shown]) -> Mask:
    """The items that meet every wish; where variants differ, one buyable variant must meet all of them."""
    found = np.ones(len(catalogue), dtype=bool)
    for wish in wishes:
        found &= wish.items
    by_variant = [wish.variants for wish in wishes if wish.variants is not None]
    if len(by_variant) > 1:
        variants = catalogue.variants.available.copy()
        for mask in by_variant:
            variants &= mask
        found &= _any_variant(catalogue, variants, np.ones(len(catalogue), dtype=bool))
    return found


def either(wishes: Sequence[Shown], catalogue: Catalogue) -> Shown:
    """The items that meet at least one of the wishes, of which there is at least one."""
    items = np.logical_or.reduce([wish.items for wish in wishes])
    if all(wish.variants is None for wish in wishes):
        return Shown(items)
    rows = catalogue.variants.rows
    return Shown(items, np.logical_or.reduce([w.items[rows] if w.variants is None else w.variants for w in wishes]))


def showing(catalogue: Catalogue, meaning: Meaning) -> Shown:
    """The items with positive evidence of the signal's value, whatever its operator's sign."""
    count = len(catalogue)
    if meaning.kind == "any":
        return Shown(np.ones(count, dtype=bool))
    if meaning.kind == "price":
        return _priced(catalogue, meaning)
    if meaning.kind == "rating":
        return Shown(_compared(catalogue.ratings.astype(np.float64), meaning))
    if meaning.kind == "number":
        return _measured(catalogue, meaning)
    if meaning.kind == "category":
        return Shown(_shelved(catalogue, meaning))
    if meaning.kind == "value":
        return _valued(catalogue, meaning)
    return Shown(np.zeros(count, dtype=bool))


def _priced(catalogue: Catalogue, meaning: Meaning) -> Shown:
    measure = _measure_of(meaning)
    if measure.dimension not in catalogue.currency_codes:
        return Shown(np.zeros(len(catalogue), dtype=bool))
    comparable = catalogue.currencies == catalogue.currency_codes.index(measure.dimension)
    items = comparable & (catalogue.prices >= 0) & _compared(catalogue.prices.astype(np.float64), meaning)
    prices, rows = catalogue.variants.prices, catalogue.variants.rows
    if not len(rows):
        return Shown(items)
    variants = comparable[rows] & (prices >= 0) & _compared(prices.astype(np.float64), meaning)
    return Shown(items, variants)


def _compared(values: NDArray[np.float64], meaning: Meaning) -> Mask:
    """Numbers against the measure's one amount, by the signal's operator; equal within the tolerance for `=` and `~`."""
    measure = _measure_of(meaning)
    amount, op = measure.amounts[0], meaning.signal.op
    slack = 1e-9 * max(abs(amount), 1.0)
    with np.errstate(invalid="ignore"):
        if op == "<=":
            return values <= amount + slack
        if op == ">=":
            return values >= amount - slack
        return np.abs(values - amount) <= measure.tolerance * abs(amount) + slack


def _measured(catalogue: Catalogue, meaning: Meaning) -> Shown:
    """A bound from above must hold for every side that is known, one from below for any; each amount of a measure must be
    met by some number."""
    measure = _measure_of(meaning)
    columns = [catalogue.numbers[name] for name in measure.columns] or [catalogue.measures[measure.dimension]]
    if any((column.variants >= 0).any() for column in columns):
        return _measured_on_variants(catalogue, meaning, columns)
    rows = np.concatenate([column.rows for column in columns])
    values = np.concatenate([column.values for column in columns])
    return Shown(_held(rows, values, len(catalogue), meaning))


def _measured_on_variants(catalogue: Catalogue, meaning: Meaning, columns: list[NumberColumn]) -> Shown:
    rows = np.concatenate([column.rows for column in columns])
    values = np.concatenate([column.values for column in columns])
    owners = np.concatenate([column.variants for column in columns])
    whole = owners < 0
    items = _held(rows[whole], values[whole], len(catalogue), meaning)
    variants = _held(owners[~whole], values[~whole], len(catalogue.variants.rows), meaning)
    silent = np.ones(len(variants), dtype=bool)
    silent[owners[~whole]] = False
    variants |= silent & items[catalogue.variants.rows]
    return Shown(_any_variant(catalogue, variants, items), variants)


def _held(rows: NDArray[np.int32], values: NDArray[np.float64], count: int, meaning: Meaning) -> Mask:
    measure, op = _measure_of(meaning), meaning.signal.op
    known = np.zeros(count, dtype=bool)
    if op == "<=":
        known[rows] = True
        known[rows[~_compared(values, meaning)]] = False
        return known
    if op == ">=":
        known[rows[_compared(values, meaning)]] = True
        return known
    known[:] = True
    for amount in measure.amounts:
        near = np.zeros(count, dtype=bool)
        near[rows[np.abs(values - amount) <= measure.tolerance * abs(amount) + 1e-9]] = True
        known &= near
    return known


def _shelved(catalogue: Catalogue, meaning: Meaning) -> Mask:
    wanted = set(meaning.shelves)
    found = np.zeros(len(catalogue), dtype=bool)
    for shelf in catalogue.shelves:
        if shelf.path in wanted:
            found |= catalogue.on(shelf)
    for phrase in meaning.phrases:
        found[catalogue.heads.of(" ".join(phrase))] = True
    if not meaning.shelves and not meaning.phrases:
        found[:] = True
    for phrase in meaning.within:
        found &= catalogue.saying(phrase) if meaning.shelves else catalogue.mask(catalogue.titles.phrase(phrase))
    return found


def _valued(catalogue: Catalogue, meaning: Meaning) -> Shown:
    found = catalogue.mask(catalogue.values.items.any_of(meaning.numbers))
    said = np.zeros(len(catalogue), dtype=bool)
    for phrase in meaning.phrases if meaning.reach != "never" else ():
        titled = catalogue.titles.phrase(phrase)
        said[titled] = True
        if meaning.titles_speak:
            found[titled] = True
        if meaning.reach != "title":
            said[catalogue.descriptions.phrase(phrase)] = True
    for phrase in meaning.denied:
        said[catalogue.denials.phrase(phrase)] = True
    if meaning.reach == "unfilled":
        for column in meaning.deciding:
            said &= ~catalogue.filling(column)
    found |= said
    return _valued_on_variants(catalogue, meaning, found)


def _valued_on_variants(catalogue: Catalogue, meaning: Meaning, items: Mask) -> Shown:
    """A variant that says something in a column speaks for itself; one that does not is as its item is."""
    values = catalogue.values
    columns = {values.columns[n] for n in meaning.numbers} | set(meaning.deciding)
    numbers = [n for column in columns for n in values.of_column.get(column, ())]
    speaking = values.variants.any_of(numbers)
    if not len(speaking):
        return Shown(items)
    variants = items[catalogue.variants.rows]
    variants[speaking] = False
    variants[values.variants.any_of(meaning.numbers)] = True
    return Shown(_any_variant(catalogue, variants, items), variants)


def _any_variant(catalogue: Catalogue, variants: Mask, items: Mask) -> Mask:
    """Items with a buyable variant that is so; an item without variants is as it is."""
    found = items & ~catalogue.has_variants
    found[catalogue.variants.rows[variants & catalogue.variants.available]] = True
    return found


def _measure_of(meaning: Meaning) -> Measure:
    assert meaning.measure is not None, f"{meaning.signal} has no measure"
    return meaning.measure
