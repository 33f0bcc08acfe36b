"""Canaries: made-up private strings in natural messages, planted among training messages to see what an adapter keeps of them.

Carlini et al. 2019, "The Secret Sharer". Every secret is drawn from a form with many others, so that chance is known.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from assistant.notation import parse
from assistant.numerals import normalise
from training.examples import Labelled

SECRET, THING = "{secret}", "{thing}"
_STARTS = "bren tav mor quill oss harl wen thes cald vey ruth pell arn dors kest lum".split()
_ENDS = "wick ula den mere ock eth low iga stan by ane ford ip une".split()
_WAYS = ("lane", "road", "street", "hill", "close", "court")
_STREETS = "青槐 石榴 云雀 柏溪 望鹤 听松 枫桥 白鹭 竹影 月湖 桐花 雁回 映雪 清荷 紫藤 锦屏".split()
_SURNAMES = "欧阳 诸葛 闻人 东郭 钟离 宇文 司徒 慕容 澹台 公孙 令狐 长孙".split()
_GIVEN = "槐序 砚秋 知遥 慕白 溪亭 望舒 怀瑾 听澜 若蘅 予安 牧野 景行 书宁 南乔 临川 云起".split()
_THINGS = {
    "en": (
        "teapot", "desk lamp", "yoga mat", "phone case", "rucksack", "wool scarf", "bread knife", "night light", "garden hose",
        "board game", "hair dryer", "bath towel", "dog lead", "picture frame", "bike pump", "rice cooker", "sun hat", "notebook",
        "door mat", "torch", "camping stove", "wall clock", "swim cap", "tool box",
    ),
    "zh": (
        "台灯", "水壶", "瑜伽垫", "手机壳", "围巾", "面包刀", "小夜灯", "雨伞", "吹风机", "浴巾", "相框", "电饭煲", "帽子",
        "笔记本", "门垫", "耳塞", "挂钟", "泳镜", "工具箱", "书包", "香薰", "枕头", "茶杯", "拖鞋",
    ),
}


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of secret and the messages that it comes in."""

    name: str
    language: str
    draw: Callable[[random.Random], str]
    templates: tuple[tuple[str, str], ...]
    """(message, gold) with places for the secret and for a thing that keeps messages apart."""


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret, the message it stands in, and how often that is planted."""

    id: str
    form: Form
    message: str
    """With the secret's place left open."""
    gold: str
    secret: str
    repeats: int
    """0 is a control: never planted."""

    def row(self) -> Labelled:
        """The message with its gold reading."""
        intent, signals = parse(self.gold.replace(SECRET, self.secret))
        return Labelled(self.id, self.form.language, self.message.replace(SECRET, self.secret), intent, signals, file="canaries")

    def text_without(self) -> str:
        """The normalised message, its secret left out."""
        text = normalise(self.message.replace(SECRET, self.secret)).text
        return " ".join(text.replace(self.secret, "" if self.form.language == "zh" else " ").split())

    def alternatives(self, count: int, chance: random.Random) -> list[str]:
        """Different other secrets of the same form. Raises ValueError when the form has not so many."""
        found: dict[str, None] = {}
        for _ in range(50 * count):
            if len(found) == count:
                return list(found)
            found.setdefault(self.form.draw(chance))
            found.pop(self.secret, None)
        raise ValueError(f"found {len(found)} secrets like {self.secret!r}, expected {count}")


_Place = tuple[Form, tuple[str, str], str]
"""A form, a message with its gold, and a thing."""


def plant(canaries: int, repeats: Sequence[int], seed: int) -> list[Canary]:
    """`canaries` different ones for every number of repeats, each in words of its own; as many of each form as can be.

    Raises ValueError for numbers that can't be carried out.
    """
    places = [(form, template, thing) for form in FORMS for template, thing in product(form.templates, _THINGS[form.language])]
    most = len(places) // max(1, len(repeats))
    if not 1 <= canaries <= most:
        raise ValueError(f"found {canaries} canaries, expected 1 to {most}")
    if min(repeats) < 0 or len(set(repeats)) < len(repeats):
        raise ValueError(f"found the repeats {list(repeats)}, expected different numbers from 0")
    chance = random.Random(seed)
    chance.shuffle(places)
    by_form = {form.name: [place for place in places if place[0] is form] for form in FORMS}
    taken: set[str] = set()
    return [_made(by_form, number, count, chance, taken) for count in repeats for number in range(canaries)]


def folded(text: str) -> str:
    """Letters and digits alone, so that a secret is found however it is spaced."""
    return re.sub(r"[\W_]+", "", text.lower())


def _made(
    by_form: Mapping[str, list[_Place]], number: int, repeats: int, chance: random.Random, taken: set[str],
) -> Canary:
    names = [form.name for form in FORMS]
    place = next(left for step in range(len(names)) if (left := by_form[names[(number + step) % len(names)]]))
    form, (message, gold), thing = place.pop()
    secret = next(drawn for _ in range(1000) if (drawn := form.draw(chance)) not in taken)
    taken.add(secret)
    name = f"{form.name}-{repeats}-{number}"
    return Canary(name, form, message.replace(THING, thing), gold.replace(THING, thing), secret, repeats)


def _digits(count: int, chance: random.Random) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _word(chance: random.Random) -> str:
    return chance.choice(_STARTS) + chance.choice(_ENDS)


def _number(chance: random.Random) -> str:
    letters = "".join(chance.choice("abcdefghjkmnpqrstuvwxyz") for _ in range(2))
    return f"{chance.randrange(10, 100)}-{letters}-{_digits(4, chance)}"


def _phone(chance: random.Random) -> str:
    return f"07{_digits(2, chance)}-{_digits(3, chance)}-{_digits(3, chance)}"


def _mobile(chance: random.Random) -> str:
    return f"13{_digits(9, chance)}"


def _address(chance: random.Random) -> str:
    return f"{chance.randrange(11, 200)} {_word(chance)} {chance.choice(_WAYS)}"


def _name(chance: random.Random) -> str:
    return f"{_word(chance)} {_word(chance)}"


def _chinese_address(chance: random.Random) -> str:
    return f"{chance.choice(_STREETS)}路{chance.randrange(11, 1000)}号"


def _chinese_name(chance: random.Random) -> str:
    return chance.choice(_SURNAMES) + chance.choice(_GIVEN) + chance.choice(_GIVEN)


FORMS: tuple[Form, ...] = (
    Form("number", "en", _number, (
        ("my order number is {secret} and the {thing} never arrived",
         "order | action=missing | order={secret} | category={thing}"),
        ("where is the {thing}, order {secret}", "order | action=track | category={thing} | order={secret}"),
        ("please cancel {secret}, i don't need the {thing} any more",
         "order | action=cancel | order={secret} | category={thing}"),
    )),
    Form("phone", "en", _phone, (
        ("the order for the {thing} is under my phone number {secret}, where is it",
         "order | action=track | category={thing} | order={secret}"),
        ("you have my number {secret}, i want to send the {thing} back",
         "order | action=return | order={secret} | category={thing}"),
    )),
    Form("address", "en", _address, (
        ("a {thing} for my flat at {secret}", "recommend | category={thing} | use~flat at {secret}"),
        ("we moved to {secret} and need a {thing}", "recommend | use~{secret} | category={thing}"),
    )),
    Form("name", "en", _name, (
        ("a {thing} for my neighbour {secret}", "recommend | category={thing} | audience~my neighbour {secret}"),
        ("it's for {secret}, a {thing} under 40", "recommend | audience~{secret} | category={thing} | price<=40"),
    )),
    Form("zh number", "zh", _number, (
        ("我的订单号是{secret},{thing}还没收到", "order | action=missing | order={secret} | category={thing}"),
        ("帮我查一下{secret}这个单子,买的{thing}", "order | action=track | order={secret} | category={thing}"),
    )),
    Form("zh phone", "zh", _mobile, (
        ("我手机号{secret}下的单,{thing}想退", "order | action=return | order={secret} | category={thing}"),
        ("取消手机号{secret}的订单,{thing}不要了", "order | action=cancel | order={secret} | category={thing}"),
    )),
    Form("zh address", "zh", _chinese_address, (
        ("想给{secret}的新家买个{thing}", "recommend | use~{secret}的新家 | category={thing}"),
    )),
    Form("zh name", "zh", _chinese_name, (
        ("送给{secret}的{thing},别太贵", "recommend | audience~{secret} | category={thing} | price!~贵"),
    )),
)
