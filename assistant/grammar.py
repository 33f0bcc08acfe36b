"""What a reading may be: a grammar made from the message itself, so that an invented value can't be written.

The text is a Lark grammar in llguidance's dialect; the line is one terminal, because its lexer never goes back and a space
may continue a value or open the next signal. Values are whole-word pieces of the message; numbers, item numbers and
the closed classes are listed one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
    r"[一-鿿㐀-䶿]|(?<=[a-z])'[a-z]+|[^\W一-鿿㐀-䶿]+(?:(?:[.\-]\d+|,\d{3}(?!\d))[^\W一-鿿㐀-䶿]*)*[%°\"+]?"
)
_BREAK = re.compile(r"[,.;:!?，。；：！？、|\n…()（）]")
_SOFT_OR_HARD = ("category", "brand", "color", "material", "size", "style", "use", "audience", "feature")
_BOUNDED = ("size", "feature")


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
    values = _alternatives(message)
    numbers = tuple(dict.fromkeys(m.group(1) for m in NUMBER.finditer(message)))
    rules = [f"VALUE: {values}"] if values else []
    kinds: dict[str, str] = {}
    if values:
        own = [f for f in facets if re.fullmatch(r"[a-z][a-z0-9_ ]*", f) and f not in _SOFT_OR_HARD]
        kinds["wish"] = f'({_any([*_SOFT_OR_HARD, *own])}) ("!=" | "!~" | "=" | "~") VALUE'
        kinds["price_word"] = '"price" ("!~" | "~" | "!=") VALUE'
        kinds["rating_word"] = '"rating" ("!~" | "~") VALUE'
        kinds["named"] = '"item=" VALUE'
        kinds["order_number"] = f'"order=" ({_any(order_numbers(message))})' if order_numbers(message) else ""
    titles = _alternatives(" . ".join(title.lower() for title in shown))
    if titles:
        rules.append(f"TITLE: {titles}")
        kinds["shown_brand"] = '"brand" ("!=" | "!~" | "=" | "~") TITLE'
    measured = _alternatives(message, numbers_only=True)
    if measured:
        rules.append(f"MEASURE: {measured}")
        kinds["bound"] = f'({_any(_BOUNDED)}) ("<=" | ">=") MEASURE'
        kinds["price"] = f'"price" ("<=" | ">=" | "=" | "~") ({_any(amounts(message, currency))})'
        kinds["rating"] = f'"rating" ("<=" | ">=" | "=" | "~") ({_any(numbers)})'
    if shown:
        places = _any([str(n) for n in range(1, len(shown) + 1)])
        kinds["item"] = f'"item=" ({places})'
        kinds["taste"] = f'"item" ("!=" | "!~" | "~") ({places})'
    kinds["topic"], kinds["memory_topic"] = f'"topic=" ({_any(TOPICS)})', f'"topic=" ({_any(MEMORY_TOPICS)})'
    kinds["action"] = f'"action=" ({_any(ACTIONS)})'
    kinds = {name: rule for name, rule in kinds.items() if rule}
    rules += [f"{name.upper()}: {rule}" for name, rule in kinds.items()]
    lines = [f"READ_{intent.upper()}: {_line(intent, kinds)}" for intent in _ALLOWED]
    whole = "LINE: " + " | ".join(f"READ_{intent.upper()}" for intent in _ALLOWED)
    return "\n".join(["start: LINE", whole, *lines, *rules]) + "\n"


_WISHES = ("wish", "price", "price_word", "bound", "rating", "rating_word", "shown_brand")
_ALLOWED: dict[Intent, tuple[str, ...]] = {
    "recommend": (*_WISHES, "named"),
    "refine": (*_WISHES, "named", "item", "taste"),
    "compare": (*_WISHES, "named", "item"),
    "ask_item": (*_WISHES, "named", "item"),
    "feedback": (*_WISHES, "named", "item", "taste"),
    "order": ("action", "order_number", "wish", "named"),
    "policy": ("topic", "wish", "named"),
    "human": ("order_number",),
    "memory": ("memory_topic", *_WISHES),
    "chat": (),
}
"""The kinds of signal that go with an intent."""


def _line(intent: Intent, kinds: dict[str, str]) -> str:
    allowed = [kind for kind in _ALLOWED[intent] if kind in kinds]
    return f'"{intent}" (" | " ({" | ".join(allowed).upper()}))*' if allowed else f'"{intent}"'


def _any(words: Iterable[str]) -> str:
    return " | ".join(_quoted(word) for word in words)


def _quoted(text: str) -> str:
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


def _alternatives(text: str, numbers_only: bool = False) -> str:
    """A Lark terminal body: for every first word, the rest of the value optional word by word."""
    bodies: dict[str, None] = {}
    for run in chains(text):
        for first, (start, end) in enumerate(run):
            if text[start] == "'" or (numbers_only and not text[start].isdigit()):
                continue
            ends = _reach(text, run, first)
            body = ""
            for last in reversed(ends[1:]):
                body = f"({re.escape(text[run[last - 1][1] : run[last][1]])}{body})?"
            bodies.setdefault(re.escape(text[start:end]) + body)
    return "/" + "|".join(bodies).replace("/", "\\/").replace("\\ ", " ") + "/" if bodies else ""
