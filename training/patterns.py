"""Messages made from hand-written patterns and a lexicon: of the shipped kinds of shop, or of any imported catalogue."""

from __future__ import annotations

import random
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.notation import parse, tidy
from retrieval.schema import Item
from training.examples import DATA, Labelled

Kind = Mapping[str, tuple[str, ...]]
"""What one kind of shop fills the slots with."""
_SLOT = re.compile(r"\{([a-z]+?)(2?)\}")
_ORDINALS = {
    "en": (("first", "second", "third"), ("1st", "2nd", "3rd")),
    "zh": (("第一个", "第二个", "第三个"), ("第一款", "第二款", "第三款"), ("1号", "2号", "3号")),
}
_OWN = frozenset({"price", "low", "high", "stars", "number", "order", "ordinal", "place"})
"""Slots that are counted or numbered, not looked up."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of a language, and the kinds of shop that come with them."""

    language: str
    lines: tuple[str, ...]
    kinds: tuple[Kind, ...]


def read_patterns(language: str, folder: Path = DATA / "patterns") -> Patterns:
    """The shipped patterns of a language."""
    table = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
    kinds = tuple({slot: tuple(words) for slot, words in kind.items()} for kind in table["kinds"])
    return Patterns(language, tuple(table["patterns"]), kinds)


def kinds_of(items: Iterable[Item], least: int = 2) -> tuple[Kind, ...]:
    """What a catalogue fills the slots with, a kind for every department: its shelves, brands, titles and attribute values."""
    found: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for item in items:
        department = found[item.category[0] if item.category else ""]
        if item.category:
            department["category"].setdefault(item.category[-1].lower())
        if item.brand:
            department["brand"].setdefault(item.brand.lower())
        department["name"].setdefault(item.title)
        for attribute in item.attributes:
            for value in attribute.values:
                department[attribute.name].setdefault(value.lower())
    kinds = [{slot: tuple(words) for slot, words in kind.items() if len(words) >= least} for kind in found.values()]
    return tuple(kind for kind in kinds if "category" in kind)


def compose(patterns: Patterns, count: int, seed: int, kinds: tuple[Kind, ...] | None = None) -> list[Labelled]:
    """`count` labelled messages, every pattern about equally often; `kinds` replaces the shipped ones."""
    chance = random.Random(seed)
    lines = chance.sample(patterns.lines, len(patterns.lines))
    found: list[Labelled] = []
    tries = 0
    while len(found) < count and tries < 20 * count:
        line = lines[tries % len(lines)]
        kind = chance.choice(kinds or patterns.kinds)
        tries += 1
        if all(slot in _OWN or len(kind.get(slot, ())) >= 2 for slot, _ in _SLOT.findall(line)):
            found.append(_filled(line, kind, patterns.language, f"p{patterns.language}{len(found)}", chance))
    return found


def _filled(line: str, kind: Kind, language: str, name: str, chance: random.Random) -> Labelled:
    screen, message, gold = _parts(line)
    words = {**_numbers(language, screen, chance), **_drawn(kind, chance)}

    def fill(text: str) -> str:
        return _SLOT.sub(lambda slot: words[slot.group(1) + slot.group(2)], text)

    intent, signals = parse(fill(gold))
    tidied = tuple(replace(signal, value=tidy(signal.value)) for signal in signals)
    shown = _screen(kind, screen, fill(message), chance)
    return Labelled(name, language, fill(message), intent, tidied, shown, file=f"patterns.{language}")


def _parts(line: str) -> tuple[int, str, str]:
    message, _, gold = line.partition(" => ")
    found = re.match(r"\[(\d)\] ", message)
    return (int(found.group(1)), message[found.end() :], gold) if found else (0, message, gold)


def _drawn(kind: Kind, chance: random.Random) -> dict[str, str]:
    words: dict[str, str] = {}
    for slot, choices in kind.items():
        pair = chance.sample(choices, min(2, len(choices)))
        words[slot], words[slot + "2"] = pair[0], pair[-1]
    return words


def _numbers(language: str, screen: int, chance: random.Random) -> dict[str, str]:
    step = chance.choice((5, 10, 50, 100))
    low, high = sorted(chance.sample(range(2, 30), 2))
    place, other = chance.sample(range(max(2, screen)), 2)
    ordinals = chance.choice(_ORDINALS[language])
    return {
        "price": str(low * step), "price2": str(high * step), "low": str(low * step), "high": str(high * step),
        "stars": chance.choice(("4", "4.5", "4.2", "4.8")), "number": str(chance.randrange(34, 47)),
        "order": chance.choice(("{}", "AB{}", "77-{}", "{}-X")).format(chance.randrange(1000, 999999)),
        "place": str(place + 1), "place2": str(other + 1), "ordinal": ordinals[place], "ordinal2": ordinals[other],
    }


def _screen(kind: Kind, count: int, message: str, chance: random.Random) -> tuple[str, ...]:
    """Titles that the message does not speak of by name."""
    brands, shelves = kind.get("brand", ("",)), kind["category"]
    titles = [f"{brand} {shelf}".strip().title() for brand in brands for shelf in shelves if brand not in message]
    return tuple(chance.sample(titles, min(count, len(titles))))
