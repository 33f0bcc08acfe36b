"""What a reading may be: a grammar made from the message itself, so that an invented value can't be written.

The text is a Lark grammar in llguidance's dialect; the line is one terminal, because its lexer never goes back and a space
may continue a value or open the next signal. Values are whole-word pieces of the message; numbers, item numbers and
the closed classes are listed one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.amounts import NUMBER, amounts
from assistant.schema import Intent

TOPICS = (
    "returns", "shipping", "payment", "warranty", "privacy", "price", "discount", "invoice", "gift card", "other",
)
MEMORY_TOPICS = ("remember", "forget", "show")
ACTIONS = ("track", "cancel", "change", "return", "replace", "missing", "refund", "payment", "invoice")
LONGEST = 9
"""Words in the longest value; a Chinese character counts half."""

_WORD = re.compile(
    r"[一-鿿㐀-䶿]|(?<=[a-z])'[a-z]+|\d[\w.]*(?=ish\b)|(?<=\d)ish\b|[^\W一-鿿㐀-䶿]+(?:(?:[.\-]\d+|,\d{3}(?!\d))[^\W一-鿿㐀-䶿]*)*[%°\"+]?"
)
_BREAK = re.compile(r"[,.;:!?，。；：！？、|\n…()（）]")
_WORDED = ("category", "brand", "color", "style", "use")
"""Facets whose values are never a number alone."""
_MEASURED = ("size", "feature", "material", "audience")
"""Facets whose values may be a number alone: a size, an age, an alloy."""
_ANY_OP = '("!=" | "!~" | "=" | "~")'


def chains(text: str) -> list[list[tuple[int, int]]]:
    """The words of `text` as (start, end), cut into runs that a value may not cross: at commas, stops, brackets."""
    runs: list[list[tuple[int, int]]] = [[]]
    last = 0
    for found in _WORD.finditer(text):
        if _BREAK.search(text, last, found.start()):
            runs.append([])
        runs[-1].append(found.span())
        last = found.end()
    return [run for run in runs if run]


def spans(text: str) -> list[tuple[int, int]]:
    """Every (start, end) of `text` that may be a value."""
    found: list[tuple[int, int]] = []
    for run in chains(text):
        for first in range(len(run)):
            if text[run[first][0]] == "'":
                continue
            found += [(run[first][0], run[last][1]) for last in _reach(text, run, first)]
    return found


def reading_grammar(
    message: str, shown: Sequence[str] = (), facets: Iterable[str] = (), *, currency: str | None = None,
) -> str:
    """The grammar of the readings of `message` (normalised text), with the `shown` titles and the catalogue's own `facets`.

    `currency` is the shop's (see `amounts`).
    """
    kinds = {**_wish_kinds(message, shown, facets, currency), **_closed_kinds(message, shown)}
    rules = [f"{name.upper()}: {rule}" for name, rule in kinds.items() if rule]
    lines = [f"READ_{intent.upper()}: {shape.rule(intent, kinds)}" for intent, shape in _SHAPES.items()]
    whole = "LINE: " + " | ".join(f"READ_{intent.upper()}" for intent in _SHAPES)
    return "\n".join(["start: LINE", whole, *lines, *rules]) + "\n"


@dataclass(frozen=True, slots=True)
class _Shape:
    """The kinds of signal that go with an intent, in their order."""

    rest: tuple[str, ...] = ()
    """Any number of these, in any order."""
    places: tuple[str, ...] = ()
    """Before them, items on the screen."""
    head: str = ""
    """Exactly one of this comes first ..."""
    bare: bool = False
    """... unless nothing at all follows the intent."""

    def rule(self, intent: Intent, kinds: Mapping[str, str]) -> str:
        """The terminal of the intent's lines."""
        body = f'"{intent}"' + (f' " | " {self.head.upper()}' if self.head else "")
        for group in (self.places, self.rest):
            allowed = [kind for kind in group if kinds.get(kind)]
            body += f' (" | " ({" | ".join(allowed).upper()}))*' if allowed else ""
        return f'"{intent}" | {body}' if self.bare else body


_NUMBERS = ("price", "bound", "rating")
_WISHES = ("wish", "measure", "price_word", "rating_word", "shown_brand", *_NUMBERS)
_ASKED = ("asked", "price_word", "rating_word")
_SHAPES: dict[Intent, _Shape] = {
    "recommend": _Shape((*_WISHES, "named"), places=("item",)),
    "refine": _Shape((*_WISHES, "named"), places=("item", "taste")),
    "compare": _Shape((*_ASKED, "kind", "named"), places=("item",)),
    "ask_item": _Shape((*_ASKED, "kind", "named"), places=("item",)),
    "feedback": _Shape((*_ASKED, "disliked", "named"), places=("item", "taste")),
    "order": _Shape(("order_number", "kind", "named", "asked"), head="action"),
    "policy": _Shape(("kind", "named"), head="topic"),
    "human": _Shape(("order_number",)),
    "memory": _Shape(_WISHES, head="memory_topic", bare=True),
    "chat": _Shape(),
}


def _wish_kinds(message: str, shown: Sequence[str], facets: Iterable[str], currency: str | None) -> dict[str, str]:
    """The kinds of signal whose values are copied."""
    wording, anything = _alternatives(message, bare_numbers=False), _alternatives(message)
    measured = _alternatives(message, numbers_first=True)
    titles = _alternatives(" . ".join(title.lower() for title in shown))
    numbers = tuple(dict.fromkeys(match.group(1) for match in NUMBER.finditer(message)))
    own = [facet for facet in facets if re.fullmatch(r"[a-z][a-z0-9_ ]*", facet) and facet not in (*_WORDED, *_MEASURED)]
    kinds: dict[str, str] = {}
    if wording:
        kinds["wish"] = f'({_any(_WORDED)}) {_ANY_OP} {wording}'
        kinds["kind"] = f'"category=" {wording}'
        kinds["named"] = f'"item=" {wording}'
        kinds["price_word"] = f'"price" ("!~" | "~" | "!=") {wording}'
        kinds["rating_word"] = f'"rating" ("!~" | "~") {wording}'
    if anything:
        kinds["measure"] = f"({_any([*_MEASURED, *own])}) {_ANY_OP} {anything}"
        kinds["asked"] = f'({_any([*_WORDED[1:], *_MEASURED, *own])}) "~" {anything}'
        kinds["disliked"] = f'({_any([*_WORDED[1:], *_MEASURED, *own])}) "!~" {anything}'
    if titles:
        kinds["shown_brand"] = f'"brand" {_ANY_OP} {titles}'
    if measured:
        kinds["bound"] = f'({_any([*_MEASURED, *own])}) ("<=" | ">=") {measured}'
        kinds["price"] = f'"price" ("<=" | ">=" | "=" | "~") ({_any(amounts(message, currency))})'
        kinds["rating"] = f'"rating" ("<=" | ">=" | "=" | "~") ({_any(numbers)})'
    return kinds


def _closed_kinds(message: str, shown: Sequence[str]) -> dict[str, str]:
    """The kinds of signal whose values are listed."""
    places, orders = _any([str(n) for n in range(1, len(shown) + 1)]), _any(order_numbers(message))
    return {
        "item": f'"item=" ({places})' if shown else "",
        "taste": f'"item" ("!=" | "!~" | "~") ({places})' if shown else "",
        "order_number": f'"order=" ({orders})' if orders else "",
        "topic": f'"topic=" ({_any(TOPICS)})',
        "memory_topic": f'"topic=" ({_any(MEMORY_TOPICS)})',
        "action": f'"action=" ({_any(ACTIONS)})',
    }


def _any(words: Iterable[str]) -> str:
    return " | ".join(quoted(word) for word in words)


def quoted(text: str) -> str:
    """`text` as a string of the grammar."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def order_numbers(message: str) -> list[str]:
    pieces = [m.group() for m in re.finditer(r"(?:[a-z]+[-./_#])*[a-z]*\d[a-z0-9]*(?:[-./_#][a-z0-9]+| \d+)*", message)]
    return list(dict.fromkeys([*pieces, *(part for piece in pieces for part in piece.split())]))


def _reach(text: str, run: list[tuple[int, int]], first: int) -> list[int]:
    """Indices of the words that a value starting at `first` may end with."""
    ends: list[int] = []
    length = 0.0
    for last in range(first, len(run)):
        length += 0.5 if "一" <= text[run[last][0]] <= "鿿" else 1
        if length > LONGEST:
            break
        ends.append(last)
    return ends


def _alternatives(text: str, numbers_first: bool = False, bare_numbers: bool = True) -> str:
    """A Lark terminal body: for every first word, the rest of the value optional word by word; empty when there is none.

    `numbers_first` keeps those that start with a digit, `bare_numbers` False leaves out those that are digits alone.
    """
    bodies: dict[str, None] = {}
    for run in chains(text):
        for first, (start, end) in enumerate(run):
            if text[start] == "'" or (numbers_first and not text[start].isdigit()):
                continue
            ends = _reach(text, run, first)
            body = ""
            for last in reversed(ends[1:]):
                words = re.escape(text[run[last - 1][1] : run[last][1]]) + body
                needed = not bare_numbers and last == first + 1 and text[start:end].isdigit()
                body = words if needed else f"({words})?"
            if bare_numbers or body or not text[start:end].isdigit():
                bodies.setdefault(re.escape(text[start:end]) + body)
    return "/" + "|".join(bodies).replace("/", "\\/").replace("\\ ", " ") + "/" if bodies else ""
