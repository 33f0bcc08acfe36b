"""Changes of a marked message that keep its gold right: slips of the finger, other values, other titles on the screen."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.grammar import chains
from training.examples import Mark, Marked

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SWAPPED = ("category", "brand", "color", "material", "audience", "style")
_FIXED = re.compile(r"any|whatever|matter|所谓|不限|\d")
"""Values that lift a wish, or count: never put into another message."""
_PLACE_WORDS = re.compile(
    r"\d|first|second|third|last|one\b|both|all|none|former|latter|left|right|middle|either|neither|第|左|右|前|后|中间|上|下|[一二三两俩]|都|全"
)


@dataclass(frozen=True, slots=True)
class Noise:
    """How often each change is made, 0 to 1."""

    typo: float = 0.12
    """A slip inside one word; half of real messages have none, so this stays low."""
    value: float = 0.35
    """Another value of the same facet out of the training messages: the words around it are learnt, not the value."""
    number: float = 0.5
    """Another amount or order number."""
    titles: float = 0.5
    """Other titles on the screen, or the same in another order."""
    commas: float = 0.1
    """Commas left out, as hasty people do."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Values by (language, facet) and lists of titles, to draw from."""

    values: dict[tuple[str, str], tuple[str, ...]]
    screens: dict[tuple[str, int], tuple[tuple[str, ...], ...]]


def pool_of(messages: Sequence[Marked]) -> Pool:
    """What the messages offer for substitution."""
    values: dict[tuple[str, str], set[str]] = {}
    screens: dict[tuple[str, int], set[tuple[str, ...]]] = {}
    for message in messages:
        for mark in message.marks:
            if mark.start >= 0 and mark.signal.facet in _SWAPPED and not _FIXED.search(mark.signal.value):
                values.setdefault((message.language, mark.signal.facet), set()).add(message.text[mark.start : mark.end])
        if message.shown:
            screens.setdefault((message.language, len(message.shown)), set()).add(message.shown)
    return Pool({k: tuple(sorted(v)) for k, v in values.items()}, {k: tuple(sorted(v)) for k, v in screens.items()})


def disturb(message: Marked, pool: Pool, noise: Noise, chance: random.Random) -> Marked:
    """A variant of `message` whose gold is right; the message itself when no change is drawn."""
    for share, change in (
        (noise.value, lambda m: _other_value(m, pool, chance)),
        (noise.number, lambda m: _other_number(m, chance)),
        (noise.titles, lambda m: _other_titles(m, pool, chance)),
        (noise.commas, _without_commas),
        (noise.typo, lambda m: _slip(m, chance)),
    ):
        if chance.random() < share:
            message = change(message)
    return message


def _alone(message: Marked, mark: Mark) -> bool:
    """True when the mark's words stand once, and no other mark touches them."""
    words = message.text[mark.start : mark.end]
    others = [m for m in message.marks if m is not mark and m.start >= 0]
    return message.text.count(words) == 1 and all(m.end <= mark.start or m.start >= mark.end for m in others)


def _other_value(message: Marked, pool: Pool, chance: random.Random) -> Marked:
    places = [m for m in message.marks if m.start >= 0 and m.signal.facet in _SWAPPED and _alone(message, m)]
    if not places:
        return message
    mark = chance.choice(places)
    choices = pool.values.get((message.language, mark.signal.facet), ())
    plural = message.text[: mark.end].endswith("s")
    fitting = [value for value in choices if value.endswith("s") == plural]
    return message.substitute(mark.start, mark.end, chance.choice(fitting)) if fitting else message


def _other_number(message: Marked, chance: random.Random) -> Marked:
    places = [
        m for m in message.marks
        if m.start >= 0 and m.signal.facet in ("price", "order") and m.end - m.start >= 2 and _alone(message, m)
    ]
    if len(places) != 1:
        return message  # two amounts could change their order
    mark = places[0]
    old = message.text[mark.start : mark.end]
    if mark.signal.facet == "price" and re.fullmatch(r"\d+", old):
        step = 5 if len(old) < 3 else 10 ** (len(old) - 2) * 5
        new = str(chance.randrange(2, 20) * step)
    elif mark.signal.facet == "order":
        new = "".join(chance.choice("123456789") if c.isdigit() else c for c in old)
    else:
        return message
    return message.substitute(mark.start, mark.end, new)


def _other_titles(message: Marked, pool: Pool, chance: random.Random) -> Marked:
    if not message.shown:
        return message
    titles = set(re.findall(r"[a-z0-9]{3,}|[一-鿿]", " ".join(message.shown).lower()))
    named = titles & set(re.findall(r"[a-z0-9]{3,}|[一-鿿]", message.text))
    if not named:
        return replace(message, shown=chance.choice(pool.screens[message.language, len(message.shown)]))
    if _PLACE_WORDS.search(message.text) or any(m.start < 0 and m.signal.facet == "brand" for m in message.marks):
        return message
    order = list(range(len(message.shown)))
    chance.shuffle(order)
    marks = tuple(_moved(mark, order) for mark in message.marks)
    return replace(message, shown=tuple(message.shown[old] for old in order), marks=marks)


def _moved(mark: Mark, order: list[int]) -> Mark:
    if mark.signal.facet != "item" or mark.start >= 0:
        return mark
    return replace(mark, signal=replace(mark.signal, value=str(order.index(int(mark.signal.value) - 1) + 1)))


def _without_commas(message: Marked) -> Marked:
    for comma in reversed(list(re.finditer(r"[,，](?= |[一-鿿])", message.text))):
        message = message.substitute(comma.start(), comma.end(), " " if comma.group() == "，" else "")
    return message


def _slip(message: Marked, chance: random.Random) -> Marked:
    words = [w for run in chains(message.text) for w in run if w[1] - w[0] >= 5 and message.text[w[0] : w[1]].isalpha()]
    words = [w for w in words if message.text[w[0] : w[1]].isascii()]
    if not words:
        return message
    start, end = chance.choice(words)
    at = chance.randrange(start + 1, end - 1)
    return message.substitute(start, end, _slipped(message.text[start:end], at - start, chance))


def _slipped(word: str, at: int, chance: random.Random) -> str:
    kind = chance.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    row = next((keys for keys in _KEYS if word[at] in keys), word[at])
    place = row.index(word[at])
    return word[:at] + row[max(0, min(len(row) - 1, place + chance.choice((-1, 1))))] + word[at + 1 :]
