"""Which number of the catalogue a wish speaks of: prices, stars, weights, years."""

from __future__ import annotations

import re

from babel.numbers import list_currencies

from retrieval.catalogue import Catalogue
from retrieval.columns import NumberColumn
from retrieval.meaning import Meaning, Measure
from retrieval.money import exponent
from retrieval.quantities import DIMENSIONS, UNITS, Quantity, name_words, quantities, unit_of_name
from retrieval.schema import Signal
from retrieval.text import fold, stems

_LESS_MORE = {
    "price": ("cheap cheaper cheapest budget affordable inexpensive low lower 便宜 实惠 平价 低",
              "expensive pricey pricier premium high-end high higher dear 贵 高档 高端 贵重"),
    "rating": ("low lower 低", "high higher top best good top rated 高 好"),
    "size": ("small smaller smallest little tiny compact mini 小 小号 迷你",
             "big bigger biggest large larger largest huge 大 大号 超大"),
    "mass": ("light lighter lightest lightweight 轻 轻便 轻量", "heavy heavier 重 沉"),
    "length": ("short shorter narrow narrower thin thinner 短 窄 薄", "long longer wide wider tall taller thick 长 宽 高 厚"),
    "year": ("old older 旧", "new newer newest recent 新"),
}
RELATIVE: dict[str, tuple[tuple[str, int], ...]] = {}
for _about, (_less, _more) in _LESS_MORE.items():
    for _words, _direction in ((_less, -1), (_more, +1)):
        for _word in _words.split():
            RELATIVE[_word] = (*RELATIVE.get(_word, ()), (_about, _direction))
"""Words of degree, a closed class, to what they may be said of and which way they point."""
_SIZE_DIMENSIONS = ("volume", "length", "mass", "people")
_HINTS = {
    "wide": "width", "宽": "width", "tall": "height", "high": "height", "高": "height", "long": "length", "长": "length",
    "deep": "depth", "深": "depth", "heavy": "weight", "重": "weight",
    "w": "width", "h": "height", "d": "depth", "l": "length",
}
_PLAIN = frozenset("over under at least most up to than or more less max min about around".split())
_CURRENCY = re.compile(r"\b([A-Za-z]{3})\b")
_NEAR = 0.1
_EXACT = 0.02
_YEARS = range(1900, 2101)


def price_meaning(signal: Signal, currency: str) -> Meaning:
    """A price as minor units; a currency other than the shop's can't be compared, no rate being known."""
    number = signal.number
    if number is None:
        return _relative(signal, "price")
    found = _CURRENCY.search(signal.value)
    stated = found.group(1).upper() if found and found.group(1).upper() in list_currencies() else currency
    if stated != currency:
        why = f"{signal} can't be compared with prices in {currency}: no exchange rate is known"
        return Meaning(signal, "nothing", why=why)
    tolerance = 0.25 if signal.op in ("~", "!~") else 0.0
    amount = float(number.scaleb(exponent(currency)))
    return Meaning(signal, "price", measure=Measure((amount,), currency, tolerance=tolerance))


def rating_meaning(signal: Signal) -> Meaning:
    """Stars as a number, or `higher` as a direction."""
    if signal.number is None:
        return _relative(signal, "rating")
    return Meaning(signal, "rating", measure=Measure((float(signal.number),), "stars", tolerance=0.05))


def bound_meaning(signal: Signal, catalogue: Catalogue) -> Meaning:
    """A numeric bound or a measure resolved to the columns that it speaks of; `nothing` when no column or title can tell."""
    found = quantities(signal.value)
    if not found:
        return Meaning(signal, "nothing")
    dimension = next((q.dimension for q in found if q.dimension in _known()), found[-1].dimension)
    amounts = tuple(q.amount for q in found) if signal.op in ("=", "~", "!=", "!~") else (found[0].amount,)
    columns = _columns_for(signal, found, dimension, catalogue)
    tolerance = {"~": _NEAR, "!~": _NEAR, "=": _EXACT, "!=": _EXACT}.get(signal.op, 0.0)
    if columns:
        named = catalogue.numbers[columns[0]].dimension
        if not dimension:
            amounts = tuple(amount * _own_unit(columns[0]) for amount in amounts)
        return Meaning(signal, "number", measure=Measure(amounts, named, columns, tolerance))
    if dimension in catalogue.measures and not _left_over(signal, found) - {dimension[1:]}:
        return Meaning(signal, "number", measure=Measure(amounts, dimension, (), tolerance))
    return Meaning(signal, "nothing")


def relative_meaning(signal: Signal, catalogue: Catalogue) -> Meaning | None:
    """A wish in words of degree (`bigger`, 轻) resolved to number columns; None when it is none or nothing can be measured."""
    senses = RELATIVE.get(fold(signal.value).strip())
    if senses is None or signal.hard:
        return None
    for about, direction in senses:
        columns = _columns_about(about, catalogue)
        if columns:
            dimension = catalogue.numbers[columns[0]].dimension
            return Meaning(signal, "relative", measure=Measure((), dimension, columns), direction=direction)
    return None


def _relative(signal: Signal, about: str) -> Meaning:
    senses = RELATIVE.get(fold(signal.value).strip(), ())
    direction = next((way for what, way in senses if what == about), 0)
    if not direction or signal.hard:
        return Meaning(signal, "nothing")
    return Meaning(signal, "relative", measure=Measure((), about), direction=direction)


def _columns_about(about: str, catalogue: Catalogue) -> tuple[str, ...]:
    if about == "year":
        return tuple(name for name in catalogue.numbers if "year" in name_words(name))
    dimensions = _SIZE_DIMENSIONS if about == "size" else (about,)
    return tuple(name for name, column in catalogue.numbers.items() if _dimension_of(name, column) in dimensions)


def _columns_for(
    signal: Signal, found: tuple[Quantity, ...], dimension: str, catalogue: Catalogue
) -> tuple[str, ...]:
    """The columns a number speaks of: the facet's own, those that its words name, those of its unit; for a bare number the year
    or the only column whose range holds it."""
    own = catalogue.values.column_named(signal.facet)
    if own in catalogue.numbers and _comparable(catalogue.numbers[own], dimension):
        return (own,)
    left = _left_over(signal, found)
    hinted = [name for name in catalogue.numbers if left & _words_of(name, catalogue)]
    if hinted:
        return tuple(name for name in hinted if _comparable(catalogue.numbers[name], dimension))
    if left - {dimension[1:]}:
        return ()
    if dimension:
        return tuple(n for n, c in catalogue.numbers.items() if c.dimension == dimension)
    spoken = set(stems(signal.span)) & {"mile", "km", "mileage", "owner"}
    return _holding(found[0].amount, catalogue, exclude_years=bool(spoken))


def _holding(amount: float, catalogue: Catalogue, exclude_years: bool) -> tuple[str, ...]:
    years = [n for n in catalogue.numbers if {"year", "年份", "年"} & set(name_words(n))]
    if years and int(amount) == amount and int(amount) in _YEARS and not exclude_years:
        return tuple(years)
    holding = tuple(
        name for name, column in catalogue.numbers.items()
        if column.low <= amount * _own_unit(name) <= column.high and name not in years
    )
    return holding if len(holding) == 1 else ()


def _own_unit(name: str) -> float:
    """What one of a column's bare numbers is in its dimension's unit: `mileage<=30000` speaks of miles as the column does."""
    return unit_of_name(name)[1]


def _comparable(column: NumberColumn, dimension: str) -> bool:
    """True when a number of the dimension may be held against the column; a bare number may be against any."""
    return not dimension or column.dimension == dimension or (not column.dimension and dimension not in _known())


def _left_over(signal: Signal, found: tuple[Quantity, ...]) -> set[str]:
    """The words of the value besides numbers and units: they say which number is meant."""
    rest = fold(signal.value)
    for quantity in reversed(found):
        keep = quantity.dimension[1:] if quantity.dimension.startswith("#") else ""
        rest = f"{rest[: quantity.start]} {keep} {rest[quantity.end :]}"
    return {_HINTS.get(word, word) for word in stems(rest)} - _PLAIN - {"x"}


def _words_of(name: str, catalogue: Catalogue) -> set[str]:
    return {word for alias in catalogue.values.names[name] for word in (*name_words(alias), *stems(alias))}


def _dimension_of(name: str, column: NumberColumn) -> str:
    if column.dimension:
        return column.dimension
    return next((DIMENSIONS[word] for word in name_words(name) if word in DIMENSIONS), "")


def _known() -> set[str]:
    return {dimension for dimension, _ in UNITS.values()}
