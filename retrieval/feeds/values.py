"""What single cells mean: numbers, yes and no, stock, times, lists, paths and addresses.

Every function gives None or an empty tuple for an empty cell and raises RowRejected for one that it can't read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from retrieval.feeds.aliases import words
from retrieval.feeds.rejection import RowRejected
from retrieval.feeds.text import line, verbatim_line
from retrieval.schema import Attribute

VALUES = 100
"""Values kept of one attribute."""
NOTHING = frozenset({"", "nan", "null", "n/a", "#n/a", "<na>"})
YES = frozenset({"yes", "y", "true", "1", "t", "ja", "是", "有", "wahr", "oui"})
NO = frozenset({"no", "n", "false", "0", "f", "nein", "否", "无", "没有", "falsch", "non"})
IN_STOCK = YES | words("""
instock available preorder backorder onbackorder limitedavailability instoreonly onlineonly lowstock
vorrätig lieferbar auflager verfügbar 有货 现货 预售 在售
""")
OUT_OF_STOCK = NO | words("""
outofstock soldout unavailable discontinued notavailable
ausverkauft nichtvorrätig nichtlieferbar nichtverfügbar 无货 缺货 售罄 下架
""")
_TIMES = (
    "%m %d, %Y", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y.%m.%d", "%Y年%m月%d日",
    "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S UTC",
    "%a, %d %b %Y %H:%M:%S %z",
)


def text_of(value: object) -> str:
    """A scalar as a feed would write it: `Decimal("2.50")` is `2.50`, True is `yes`, None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal) and value.is_finite() and -12 < value.adjusted() < 30:
        return f"{value:f}"
    return value if isinstance(value, str) else str(value)


def is_empty(value: object) -> bool:
    """True for None, an empty list or object, and text that stands for nothing (`NaN`, `null`)."""
    if isinstance(value, str):
        return value.strip().casefold() in NOTHING
    return value is None or (isinstance(value, list | tuple | Mapping) and not value)


def values_of(value: object, verbatim: bool = False) -> tuple[str, ...]:
    """The values of a cell without repeats: the members of a list (in JSON text too) or the parts of `a|b`.

    `verbatim` keeps a single text whole.
    """
    clean = verbatim_line if verbatim else line
    if isinstance(value, str):
        parts: Iterable[object] = [value] if verbatim else _listed(value)
    elif isinstance(value, list | tuple):
        parts = value
    else:
        parts = [value]
    found = dict.fromkeys(clean(text_of(part)) for part in parts if not is_empty(part))
    return tuple(text for text in found if text)[:VALUES]


def _listed(text: str) -> list[object]:
    stripped = text.strip()
    if stripped.startswith("[") and stripped.endswith("]"):
        try:
            listed = json.loads(stripped, parse_float=Decimal)
        except ValueError:
            return [text]
        return list(listed)
    return list(text.split("|")) if "|" in text else [text]


def attributes_of(pairs: Iterable[tuple[str, object]], verbatim: bool = False) -> tuple[Attribute, ...]:
    """Attributes in order, one a name, those without a value left out; an object in a value is flattened."""
    gathered: dict[str, dict[str, None]] = {}
    for name, value in pairs:
        if isinstance(value, Mapping):
            inner = attributes_of(((f"{name} {key}".strip(), part) for key, part in value.items()), verbatim)
            for attribute in inner:
                gathered.setdefault(attribute.name, {}).update(dict.fromkeys(attribute.values))
        elif name and not is_empty(value) and (values := values_of(value, verbatim)):
            gathered.setdefault(verbatim_line(name, 80), {}).update(dict.fromkeys(values))
    return tuple(Attribute(name, tuple(values)) for name, values in gathered.items())


def decimal_of(value: object, column: str) -> Decimal | None:
    """The number of a cell; a decimal comma is read."""
    if is_empty(value):
        return None
    text = text_of(value).strip()
    try:
        number = Decimal(text.replace(",", ".") if re.fullmatch(r"-?\d+,\d{1,2}", text) else text.replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or isinstance(value, bool):
        raise RowRejected(column, value, "a number", "Correct the cell or leave it empty.")
    return number


def count_of(value: object, column: str) -> int | None:
    """The whole number of a cell; `12.0` is 12, a negative stock is 0."""
    number = decimal_of(value, column)
    if number is None:
        return None
    if number != number.to_integral_value() or abs(number) > 10**12:
        raise RowRejected(column, value, "a whole number", "Correct the cell or leave it empty.")
    return max(0, int(number))


def stars_of(value: object, column: str) -> float | None:
    """Stars from 1 to 5, `4.7 out of 5` included; 0 stands for not rated."""
    if isinstance(value, str):
        value = re.sub(r"(?i)\s*(/|out of|von)\s*5(\.0)?(\s*stars)?\s*$", "", value)
    number = decimal_of(value, column)
    if number is None or number == 0:
        return None
    if not Decimal("0.5") <= number <= 5:
        raise RowRejected(column, value, "stars from 1 to 5", "Convert the rating to five stars.")
    return max(1.0, float(number))


def truth_of(value: object, column: str) -> bool | None:
    """Yes or no."""
    if is_empty(value):
        return None
    word = text_of(value).strip().casefold()
    if word in YES or word in NO:
        return word in YES
    raise RowRejected(column, value, "yes or no", "Write 1 or 0.")


def availability_of(value: object, column: str) -> bool | None:
    """Whether the item can be bought; pre-orders and back-orders can."""
    if is_empty(value):
        return None
    text = text_of(value).rsplit("schema.org/", 1)[-1]
    word = re.sub(r"[\W_]+", "", text.casefold())
    if word in IN_STOCK or word in OUT_OF_STOCK:
        return word in IN_STOCK
    if re.fullmatch(r"-?\d+(\.0*)?", text.strip()):
        return Decimal(text.strip()) > 0
    raise RowRejected(column, value, "`in stock` or `out of stock`", "Correct the cell or leave it empty.")


def moment_of(value: object, column: str) -> datetime | None:
    """The time of a cell in UTC: Unix seconds to microseconds, ISO 8601, or a date that reads one way only."""
    if is_empty(value):
        return None
    text = " ".join(text_of(value).split())
    if re.fullmatch(r"\d{9,17}(\.\d+)?|\d{1,8}\.\d+", text):
        seconds = Decimal(text)
        while seconds >= 10**11:
            seconds /= 1000
        return datetime.fromtimestamp(float(seconds), UTC)
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        pass
    for shape in _TIMES:
        try:
            return _utc(datetime.strptime(text, shape))
        except ValueError:
            continue
    raise RowRejected(column, value, "a time such as 2026-05-18 or 2026-05-18T14:30:00Z", "Write it in that form.")


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


def path_of(value: object, verbatim: bool = False) -> tuple[str, ...]:
    """A category path from a list, a JSON list or `A > B`; a step that repeats the one before is left out."""
    if isinstance(value, str) and not verbatim:
        is_list = value.strip().startswith("[")
        parts: Iterable[object] = _listed(value) if is_list else re.split(r"\s*[>›»|]\s*", line(value))
    else:
        parts = value if isinstance(value, list | tuple) else [value]
    steps = [(verbatim_line if verbatim else line)(text_of(part), 120) for part in parts if not is_empty(part)]
    return tuple(step for at, step in enumerate(steps) if step and (verbatim or step not in steps[max(0, at - 1) : at]))


def address_of(value: object, column: str) -> str:
    """A web address or a path in the shop, empty for an empty cell; the first of several."""
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if is_empty(value):
        return ""
    address = verbatim_line(text_of(value), 2000)
    scheme = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*):", address)
    if scheme and scheme.group(1).lower() not in {"http", "https"}:
        raise RowRejected(column, address, "an http or https address", "Correct or remove the address.")
    return address
