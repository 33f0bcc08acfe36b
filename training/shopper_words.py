"""What simulated shoppers say, in English and Chinese, each message with the notation line that it means. Pure.

The words are patterns; which pattern is drawn. A message never names the item that is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from assistant.notation import format_line
from assistant.schema import Intent
from retrieval.schema import Language, Signal
from training.hidden_tastes import Taste

Move = Literal["open", "restate", "answer", "limit", "cheaper", "avoid", "wish", "like", "others"]
Breadth = Literal["kind", "department", "wishes"]
"""What an opening names: the kind of product, the department of it, or neither."""

_OPENINGS: dict[Language, tuple[str, ...]] = {
    "en": ("I'm looking for {kind}{more}", "I need {kind}{more}", "do you have {kind}{more}?", "{kind}{more}"),
    "zh": ("想买{kind}{more}", "我要{kind}{more}", "有{kind}吗{more}", "{kind}{more}"),
}
_VAGUE: dict[Language, tuple[str, ...]] = {
    "en": ("I'm looking for something{more}", "I need something{more}", "what do you have{more}?"),
    "zh": ("想买点东西{more}", "有什么推荐的吗{more}"),
}
_DEPARTMENTS: dict[Language, tuple[str, ...]] = {
    "en": ("do you have anything in {kind}{more}?", "what's in your {kind} department{more}?"),
    "zh": ("想逛逛{kind}{more}", "{kind}有什么推荐的{more}"),
}
_LIMITS: dict[Language, tuple[str, ...]] = {
    "en": ("under {v}", "at most {v}", "max {v}"), "zh": ("{v}以内", "预算{v}", "不超过{v}"),
}
_REFUSALS: dict[Language, tuple[str, ...]] = {"en": ("not {v}", "no {v}", "nothing {v}"), "zh": ("不要{v}的", "不要{v}")}
_WISHES: dict[Language, dict[str, tuple[str, ...]]] = {
    "en": {
        "use": ("for {v}", "ideally for {v}"), "audience": ("for {v}",), "feature": ("ideally {v}", "preferably {v}"),
        "material": ("ideally {v}", "preferably {v}"), "color": ("ideally {v}", "in {v}"), "style": ("ideally {v}",),
    },
    "zh": {
        "use": ("{v}用的", "主要{v}用"), "audience": ("给{v}用的",), "feature": ("最好{v}",),
        "material": ("最好是{v}的", "{v}的"), "color": ("最好是{v}的", "{v}的"), "style": ("最好是{v}的",),
    },
}
_CHEAPER: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (("something cheaper", "cheaper"), ("cheaper please", "cheaper")),
    "zh": (("有没有更便宜的", "便宜"), ("想要便宜点的", "便宜")),
}
_LIKE: dict[Language, tuple[str, ...]] = {
    "en": ("more like the {v}", "something like the {v}"), "zh": ("类似{v}的", "像{v}那样的"),
}
_PLACES: dict[Language, tuple[str, ...]] = {
    "en": ("first one", "second one", "third one", "fourth one", "fifth one"),
    "zh": ("第一个", "第二个", "第三个", "第四个", "第五个"),
}
_OTHERS: dict[Language, tuple[str, ...]] = {"en": ("show me others", "anything else?"), "zh": ("换一批", "还有别的吗")}


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a simulated shopper."""

    text: str
    line: str
    """What it means, in the notation: the truth that a reading is held against; the assistant does not get it."""
    move: Move
    told: tuple[Signal, ...] = ()
    """What it tells of her taste, in the words of the catalogue."""


def limit_of(taste: Taste) -> Signal | None:
    """The most she pays, as a signal."""
    return Signal("price", "<=", format(taste.limit.normalize(), "f")) if taste.limit is not None else None


def kind_of(taste: Taste) -> Signal:
    """The kind of product that she wants, as a signal."""
    return Signal("category", "=", taste.kind)


def opened(
    taste: Taste, told: Sequence[Signal], chance: Random, move: Move = "open", breadth: Breadth = "kind"
) -> Said:
    """Some of her wishes and limits, with the kind of product, its department, or neither."""
    language, parts = taste.language, [_part(taste, signal, chance) for signal in told]
    mark = ", " if language == "en" else "，"
    parts.sort(key=lambda part: not part.startswith("for "))  # "boots for hiking, under 80"
    joined = "".join(f" {part}" if part.startswith("for ") else f"{mark}{part}" for part in parts)
    pattern = chance.choice({"kind": _OPENINGS, "department": _DEPARTMENTS, "wishes": _VAGUE}[breadth][language])
    text = pattern.format(kind=taste.kind if breadth == "kind" else taste.department, more=joined)
    if breadth == "kind":
        told = (kind_of(taste), *told)
    named = (Signal("category", "=", taste.department),) if breadth == "department" else ()
    return Said(text, _line("recommend", taste, (*named, *told)), move, tuple(told))


def criticised(taste: Taste, signal: Signal, move: Move, chance: Random) -> Said:
    """One more limit or wish, for the slate that was shown."""
    return Said(_part(taste, signal, chance), _line("refine", taste, (signal,)), move, (signal,))


def cheaper(taste: Taste, chance: Random) -> Said:
    text, value = chance.choice(_CHEAPER[taste.language])
    return Said(text, format_line("refine", (Signal("price", "~", value),)), "cheaper")


def like(taste: Taste, number: int, chance: Random) -> Said:
    """More like the item of that number on the screen, from 1."""
    text = chance.choice(_LIKE[taste.language]).format(v=_PLACES[taste.language][number - 1])
    return Said(text, format_line("refine", (Signal("item", "=", str(number)),)), "like")


def others(taste: Taste, chance: Random) -> Said:
    return Said(chance.choice(_OTHERS[taste.language]), "refine", "others")


def _part(taste: Taste, signal: Signal, chance: Random) -> str:
    language = taste.language
    if signal.facet == "price":
        return chance.choice(_LIMITS[language]).format(v=signal.value)
    patterns = _REFUSALS[language] if signal.op == "!=" else _WISHES[language][signal.facet]
    return chance.choice(patterns).format(v=taste.spoken[signal])


def _line(intent: Intent, taste: Taste, signals: Sequence[Signal]) -> str:
    said = (Signal(s.facet, s.op, taste.spoken.get(s, s.value).lower()) for s in signals)
    return format_line(intent, said)
