"""Numbers with units in a text, brought to one unit a dimension: `2 lb` is 907.2 of `mass`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.text import fold, stem

_UNITS: dict[str, dict[str, float]] = {
    "mass": {"mg": 0.001, "g gram gramme gr 克": 1, "kg kilo kilogram 公斤 千克": 1000, "lb lbs pound 磅": 453.592,
             "oz ounce": 28.3495, "t ton tonne 吨": 1_000_000, "斤": 500},
    "length": {"mm millimeter 毫米": 1, "cm centimeter 厘米 公分": 10, "m meter 米": 1000, "in inch \" ″ ” 英寸 寸": 25.4,
               "ft foot ' ′ 英尺": 304.8, "yd yard": 914.4},
    "distance": {"km kilometer 公里 千米": 1, "mile mi 英里": 1.609344},
    "volume": {"ml milliliter cc 毫升": 1, "cl": 10, "dl": 100, "l liter ltr 升": 1000, "gal gallon 加仑": 3785.41,
               "qt quart": 946.353, "pint pt": 473.176},
    "power": {"w watt 瓦": 1, "kw kilowatt 千瓦": 1000},
    "energy": {"wh": 1, "kwh": 1000},
    "charge": {"mah 毫安 毫安时": 1, "ah": 1000},
    "time": {"sec second 秒": 1, "min minute 分钟": 60, "h hr hour 小时": 3600, "day 天": 86_400, "week 周": 604_800,
             "month 个月 月": 2_629_746, "year yr 年": 31_556_952},
    "data": {"mb": 0.001, "gb": 1, "tb": 1000},
    "pressure": {"psi": 1, "bar": 14.5038},
    "temperature": {"degree ° °c ℃ celsius 度 摄氏度": 1},
    "loudness": {"db decibel 分贝": 1},
    "voltage": {"v volt 伏": 1},
    "current": {"amp ampere": 1},
    "frequency": {"hz 赫兹": 1, "khz": 1000, "mhz": 1e6, "ghz": 1e9},
    "light": {"lm lumen 流明": 1},
    "people": {"person people seat seater 人": 1},
}
UNITS: dict[str, tuple[str, float]] = {
    unit: (dimension, factor)
    for dimension, units in _UNITS.items() for names, factor in units.items() for unit in names.split()
}
"""A unit as folded text, to its dimension and what one of it is in the dimension's own unit."""
DIMENSIONS: dict[str, str] = {
    "weight": "mass", "mass": "mass", "重量": "mass", "length": "length", "width": "length", "height": "length",
    "depth": "length", "diameter": "length", "dimension": "length", "长度": "length", "宽度": "length", "高度": "length",
    "直径": "length", "尺寸": "length", "capacity": "volume", "volume": "volume", "容量": "volume", "mileage": "distance",
    "里程": "distance", "power": "power", "wattage": "power", "功率": "power", "runtime": "time", "续航": "time",
    "brightness": "light", "亮度": "light",
}
"""The dimension that a column's name speaks of."""

_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_FRACTION = re.compile(r"(?:(\d+)[- ])?(\d+)/(\d+)")
_HAN_UNITS = "|".join(sorted((unit for unit in UNITS if not unit.isascii()), key=len, reverse=True))
_QUANTITY = re.compile(
    rf"(?P<number>(?:\d+[- ])?\d+/[1-9]\d*|{_NUMBER})\s?-?\s?"
    rf"(?P<unit>{_HAN_UNITS}|°c|°|(?!in\s+(?:\d|one\b))[a-z]+|[\"'′″”]|[㐀-鿿])?"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text in its dimension's own unit."""

    amount: float
    dimension: str
    """One of the names above; `#sheet` for a number of things; empty without a unit."""
    start: int
    end: int


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number of `text` with the unit that follows it; `60x90 cm` gives both sides."""
    found = [_read(match) for match in _QUANTITY.finditer(fold(text))]
    for index in range(len(found) - 2, -1, -1):  # "60 x 90 cm": a side takes the unit of the next one
        here, after = found[index], found[index + 1]
        if here.dimension in ("#x", "") and "x" in fold(text)[here.start : after.start] and after.dimension in _UNITS:
            between = fold(text)[here.start : after.start].rstrip("x ×")
            if re.fullmatch(_NUMBER, between):
                scale = _scale_of(fold(text)[after.start : after.end])
                found[index] = Quantity(here.amount * scale, after.dimension, here.start, here.end)
    return tuple(found)


def unit_of_name(name: str) -> tuple[str, float]:
    """Dimension and factor that a column's name gives to its bare numbers: `weight_g`, `Length (cm)`; `("", 1.0)` when none.

    A `mileage` without unit is in miles.
    """
    words = name_words(name)
    if len(words) > 1 and words[-1] in UNITS:
        return UNITS[words[-1]]
    return UNITS["mile"] if "mileage" in words else ("", 1.0)


def name_words(name: str) -> tuple[str, ...]:
    """The folded words of a column's name: `fuelType` is fuel, type."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return tuple(stem(word) for word in re.findall(r"[^\W_]+", fold(spaced)))


def _read(match: re.Match[str]) -> Quantity:
    unit = match["unit"] or ""
    known = UNITS.get(unit) or UNITS.get(stem(unit))
    if known is None:
        word = stem(unit) if unit else ""
        return Quantity(_amount(match["number"]), f"#{word}" if word else "", match.start(), match.end())
    return Quantity(_amount(match["number"]) * known[1], known[0], match.start(), match.end())


def _scale_of(text: str) -> float:
    unit = re.sub(rf"^(?:{_NUMBER})\s?-?\s?", "", text)
    known = UNITS.get(unit) or UNITS.get(stem(unit))
    return known[1] if known else 1.0


def _amount(number: str) -> float:
    fraction = _FRACTION.fullmatch(number)
    if fraction is not None:
        return float(fraction[1] or 0) + float(fraction[2]) / float(fraction[3])
    return float(number.replace(",", ""))
