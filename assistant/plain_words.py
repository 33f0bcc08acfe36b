"""A signal in plain words, as the assistant says it back: `price<=200` is "at most $200"."""

from __future__ import annotations

import re
from decimal import Decimal

from assistant.safety import language_of
from retrieval.money import format_money, money
from retrieval.schema import Language, Signal

_ANY_FACET: dict[Language, dict[str, str]] = {
    "en": {"!=": "not {v}", "!~": "rather not {v}", "<=": "at most {v}", ">=": "at least {v}"},
    "zh": {"!=": "不要{v}", "!~": "最好不要{v}", "<=": "不超过{v}", ">=": "不低于{v}"},
}
_PRICE: dict[Language, dict[str, str]] = {
    "en": {"<=": "at most {v}", ">=": "at least {v}", "~": "about {v}", "=": "for {v}"},
    "zh": {"<=": "{v}以内", ">=": "{v}以上", "~": "{v}左右", "=": "{v}"},
}
_FACET: dict[Language, dict[tuple[str, str], str]] = {
    "en": {
        ("rating", "<="): "at most {v} stars", ("rating", ">="): "{v} stars or more", ("audience", "~"): "for {v}",
        ("audience", "="): "for {v}", ("use", "~"): "for {v}", ("use", "="): "for {v}", ("brand", "~"): "by {v}",
        ("brand", "="): "by {v}", ("brand", "!="): "not by {v}", ("size", "~"): "size {v}", ("size", "="): "size {v}",
    },
    "zh": {
        ("rating", ">="): "评分{v}以上", ("audience", "~"): "给{v}", ("audience", "="): "给{v}", ("brand", "!="): "不要{v}牌",
    },
}
_MY: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": ((r"\bmy\b", "your"), (r"\bour\b", "your"), (r"\bme\b", "you")), "zh": ((r"我们家?|我家|我", "您"),),
}

_NAMES_IN_CHINESE = {
    "use": "用途", "feature": "特点", "audience": "适用人群", "material": "材质", "color": "颜色",
    "weight": "重量", "type": "类型", "waterproof": "防水", "capacity": "容量", "power": "供电",
    "size": "尺码", "connection": "连接方式", "age": "适用年龄", "fragrance": "香味", "texture": "质地",
    "season": "季节", "ingredient": "主要成分", "brightness": "亮度", "battery": "电池",
    "skin type": "肤质", "small parts": "含小零件", "theme": "主题", "noise": "噪音", "height": "高度",
    "hair type": "发质", "load": "承重", "max load": "最大承重", "wheels": "轮子", "length": "长度",
    "pages": "页数", "pieces": "件数", "flavor": "口味", "grain-free": "无谷", "protein": "蛋白质含量",
    "spf": "防晒指数", "contents": "内容物", "paper": "纸", "ruling": "内页", "language": "语言",
    "finish": "妆效", "speed settings": "风速档位", "coating": "涂层", "hob": "适用炉灶", "fit": "佩戴方式",
    "pattern": "指向性", "speed": "转速", "band": "波段", "layout": "配列", "switch": "轴体",
    "hand": "适用手", "temperature": "温标", "runtime": "续航", "diameter": "直径",
    "max weight": "最大承重", "voltage": "电压",
}
"""What a catalogue's English column names are called in Chinese; other names stay as they are."""


def column_name(name: str, language: Language) -> str:
    """The name of an attribute as the shopper reads it."""
    spoken = name.replace("_", " ")
    return _NAMES_IN_CHINESE.get(spoken, spoken) if language == "zh" else spoken


def wish_text(signal: Signal, language: Language, currency: str = "") -> str:
    """The wish as one short phrase; prices with the sign of the shop's `currency` when that is given."""
    value = _amount(signal, language, currency) if signal.facet == "price" else signal.value
    if signal.facet == "audience":
        for mine, yours in _MY[language_of(value, language)]:
            value = re.sub(mine, yours, value)
    if signal.facet == "price" and signal.number is not None and signal.op in _PRICE[language]:
        pattern = _PRICE[language][signal.op]
    else:
        pattern = _FACET[language].get((signal.facet, signal.op)) or _ANY_FACET[language].get(signal.op, "{v}")
    if pattern.startswith("for ") and re.match(r"(?:for|to|in|on|at)\b", value):
        pattern = "{v}"
    return pattern.format(v=value)


def _amount(signal: Signal, language: Language, currency: str) -> str:
    number: Decimal | None = signal.number
    if number is None or not re.fullmatch(r"[\d.,]+", signal.value) or not currency:
        return signal.value
    shown = format_money(money(number, currency), language)
    return re.sub(r"[.,]00$", "", shown)
