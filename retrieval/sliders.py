"""What a merchant sets by hand: sliders, promotions, pins and bans, each with its range and what it does. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

REACH = 0.15
"""The most that promotion, margin and stock together add to a score, of its span among the contenders: they order near ties,
and a clearly better fit stays in front."""
TABLES = ("balance", "promotions", "pins", "bans", "synonyms")
"""The tables of `settings.toml` that hold the sliders."""


def slider(default: float, low: float, high: float, meaning: str) -> Any:
    """A number field with its range and its meaning, which the command shows."""
    return field(default=default, metadata={"low": low, "high": high, "meaning": meaning})


def sliders_of(settings: object) -> tuple[tuple[str, Field[Any]], ...]:
    """(name, field with `low`, `high` and `meaning`) of the number fields of a group."""
    return tuple((each.name, each) for each in fields(settings) if "meaning" in each.metadata)  # type: ignore[arg-type]


def _check(table: str, settings: object) -> None:
    for name, each in sliders_of(settings):
        value, low, high = getattr(settings, name), each.metadata["low"], each.metadata["high"]
        if not low <= value <= high or (isinstance(each.default, int) and value != int(value)):
            kind = "whole number" if isinstance(each.default, int) else "number"
            raise ValueError(f"{table}.{name}: found {value}, expected a {kind} from {low:g} to {high:g}")


@dataclass(frozen=True, slots=True)
class BalanceSettings:
    """How far the order by score may be left for a better mix. Raises ValueError for a number out of its range."""

    diversity: float = slider(0.25, 0, 1, "weight of 'unlike those already picked' against the score; 0.25 changes near ties")
    price_spread: float = slider(0.08, 0, 1, "what the same price as a pick costs an item")
    brand_share: float = slider(0.5, 0, 1, "most of a slate that one brand fills, rounded up; lifted when a brand is asked for")
    category_share: float = slider(0.67, 0, 1, "the same for one shelf; lifted when a category is asked for")
    explore_from: int = slider(3, 1, 100, "items from which on a slate may explore; a shorter one is all relevance")
    explore_reach: float = slider(0.6, 0, 1, "least score of an explored item, of the way from weak contenders to strong ones")
    seller_share: float = slider(1.0, 0, 1, "most of a slate that one seller fills, rounded up")
    category_balance: float = slider(0.05, 0, 1, "weight of a mix of categories like the shopper's interests, or like what fits")
    exploration: float = slider(0.1, 0, 0.5, "share of the slots that go to items of which clicks still have to be learnt")
    margin: float = slider(0.0, 0, 1, "how much a higher margin counts among near ties; needs a cost in the feed")
    stock: float = slider(0.0, 0, 1, "how much a fuller stock counts among near ties; needs stock in the feed")

    def __post_init__(self) -> None:
        _check("balance", self)

    def exploring(self, times: float) -> BalanceSettings:
        """The same with `times` as much exploration, as far as its range goes."""
        return self if times == 1.0 else replace(self, exploration=min(self.exploration * max(times, 0.0), 0.5))


@dataclass(frozen=True, slots=True)
class Promotions:
    """Items that the shop wants seen: they win near ties, and never against a clearly better fit."""

    boost: float = slider(0.5, 0, 1, f"1 lifts a promoted item by {REACH:.0%} of the span of the scores")
    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Names of shelves, in any language of the catalogue."""

    def __post_init__(self) -> None:
        _check("promotions", self)


@dataclass(frozen=True, slots=True)
class Bans:
    """What is never shown, whatever is asked for."""

    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pin:
    """The first slot for a kind of product or a word of the query."""

    word: str
    items: tuple[str, ...]
    """Ids; the first that meets every hard wish and was not shown before gets the slot."""


@dataclass(frozen=True, slots=True)
class Sliders:
    """Everything that a merchant sets about the order of a slate. Raises ValueError for an item both banned and pinned."""

    balance: BalanceSettings = BalanceSettings()
    promotions: Promotions = Promotions()
    pins: tuple[Pin, ...] = ()
    bans: Bans = Bans()
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(a shopper's word, the shop's words for it), beside those that the thesaurus knows."""

    def __post_init__(self) -> None:
        for pin in self.pins:
            for item in pin.items:
                if item in self.bans.items:
                    raise ValueError(f"item {item} is pinned for {pin.word!r} and banned; expected one of them. Remove the other")
        if both := set(self.promotions.items) & set(self.bans.items):
            raise ValueError(f"item {min(both)} is promoted and banned; expected one of them. Remove the other")


DEFAULT_SLIDERS = Sliders()
BY_SCORE_ALONE = Sliders(BalanceSettings(
    diversity=0, price_spread=0, brand_share=1, category_share=1, category_balance=0, exploration=0,
))
"""What a preview holds the sliders against."""


def sliders_from(tables: Mapping[str, Any]) -> Sliders:
    """The sliders that the tables of a settings file say; a table that is not there has its defaults.

    Raises ValueError with what was found and what was expected.
    """
    balance = _table(tables, "balance", _names(BalanceSettings))
    promotions = _table(tables, "promotions", _names(Promotions))
    bans = _table(tables, "bans", _names(Bans))
    pins, synonyms = _table(tables, "pins", None), _table(tables, "synonyms", None)
    numbers: dict[str, Any] = {name: _number(f"balance.{name}", value) for name, value in balance.items()}
    promoted: dict[str, Any] = {n: (_number if n == "boost" else _texts)(f"promotions.{n}", v) for n, v in promotions.items()}
    return Sliders(
        BalanceSettings(**numbers),
        Promotions(**promoted),
        tuple(Pin(word, _texts(f"pins.{word}", items)) for word, items in pins.items()),
        Bans(**{name: _texts(f"bans.{name}", value) for name, value in bans.items()}),
        tuple((word, _texts(f"synonyms.{word}", names)) for word, names in synonyms.items()),
    )


def _names(group: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(group))


def _table(tables: Mapping[str, Any], name: str, known: tuple[str, ...] | None) -> Mapping[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, Mapping):
        raise ValueError(f"{name}: found {table!r}, expected a table [{name}]")
    unknown = sorted(set(table) - set(known)) if known is not None else []
    if unknown:
        raise ValueError(f"{name}.{unknown[0]}: found an unknown name, expected one of {', '.join(known or ())}")
    return table


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name}: found {value!r}, expected a number")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"{name}: found {value!r}, expected a text or a list of texts")
    return tuple(dict.fromkeys(str(text) for text in texts))
