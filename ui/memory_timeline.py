"""How a shopper's interests moved, month by month, as small bars in her memory panel; HTML and SVG, her words escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from markupsafe import Markup

from assistant.behaviour import Strength
from assistant.plain_words import wish_text
from retrieval.schema import Language, Signal
from ui.memory_words import words

MONTHS = 6
"""That the panel goes back; the newest is the one under way."""
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WIDE, _HIGH, _GAP = 22, 34, 6


def timeline_html(points: Sequence[Strength], language: Language) -> Markup:
    """A row of bars for each interest, in the order in which they are given; empty where there is nothing to compare."""
    rows = {value: [p for p in points if p.value == value] for value in dict.fromkeys(point.value for point in points)}
    if not rows or all(len(row) < 2 or not any(p.strength > 0 for p in row[:-1]) for row in rows.values()):
        return Markup("")
    drawn = Markup("").join(_row(value, row, language) for value, row in rows.items())
    return Markup("<h3>{}</h3><ul class='dg-moves'>{}</ul>").format(words("moved", language), drawn)


def _row(value: str, points: Sequence[Strength], language: Language) -> Markup:
    about = wish_text(Signal("category", "~", value), language)
    told = words("then", language).join(
        words("month", language, month=_month(point.at, language), steps=_fifths(point)) for point in points
    )
    bars = Markup("").join(_bar(place, point, language) for place, point in enumerate(points))
    return Markup(
        "<li><b>{about}</b><svg viewBox='0 0 {width} {height}' role='img' aria-label='{about}: {told}'>{bars}</svg></li>"
    ).format(about=about, width=len(points) * (_WIDE + _GAP), height=_HIGH + 16, told=told, bars=bars)


def _bar(place: int, point: Strength, language: Language) -> Markup:
    left, high = place * (_WIDE + _GAP) + _GAP // 2, max(2, round(_HIGH * max(point.strength, 0.0)))
    title = words("month", language, month=_month(point.at, language), steps=_fifths(point))
    return Markup(
        "<g><title>{title}</title><rect x='{x}' y='{y}' width='{w}' height='{h}' rx='3'{none}/>"
        "<text x='{middle}' y='{foot}' text-anchor='middle'>{month}</text></g>"
    ).format(
        title=title, x=left, y=_HIGH - high, w=_WIDE, h=high, none=Markup(" class='none'") if point.strength <= 0 else "",
        middle=left + _WIDE // 2, foot=_HIGH + 13, month=_month(point.at, language),
    )


def _fifths(point: Strength) -> int:
    return max(0, min(5, ceil(point.strength * 5)))


def _month(at: datetime, language: Language) -> str:
    return f"{at.month}月" if language == "zh" else _NAMES[at.month - 1]
