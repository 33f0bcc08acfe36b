"""Number words become digits before a message is read, so that a value can be copied: `fifty` is 50, 两百 is 200."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from assistant import chinese_numerals, english_numerals
from assistant.amounts import place_of


@dataclass(frozen=True, slots=True)
class Normalised:
    """A message as the model reads it, with the way back to what was typed."""

    original: str
    text: str
    """Lower case, half-width, number words as digits."""
    starts: tuple[int, ...]
    """For every character of `text`, where its source starts in `original`."""
    ends: tuple[int, ...]
    """For every character of `text`, where its source ends in `original`."""

    def span(self, start: int, end: int) -> str:
        """The typed words behind `text[start:end]`; empty for an empty range."""
        return self.original[self.starts[start] : self.ends[end - 1]] if 0 <= start < end <= len(self.text) else ""

    def find(self, value: str) -> str:
        """The typed words behind the first whole-word place of `value` in `text`; empty when it does not stand there."""
        wanted = value.strip().lower()
        if not wanted:
            return ""
        if re.match(r"\d[\d.,]*(?: [a-z]{3})?$", wanted):
            place = place_of(self.text, wanted)
            return self.span(*place) if place else ""
        edge_a = r"(?<![a-z0-9])" if wanted[0].isascii() and wanted[0].isalnum() else ""
        edge_b = r"(?![a-z0-9])" if wanted[-1].isascii() and wanted[-1].isalnum() else ""
        found = re.search(edge_a + re.escape(wanted) + edge_b, self.text)
        if found is None:
            at = self.text.find(wanted)
            return self.span(at, at + len(wanted)) if at >= 0 else ""
        return self.span(found.start(), found.end())


def normalise(message: str) -> Normalised:
    """`message` in lower case and half-width with its number words as digits, and the map back to the typed text."""
    plain = "".join(_plain(char) for char in message)
    edits = sorted([*english_numerals.numbers_in(plain), *chinese_numerals.numbers_in(plain)])
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end, digits in [*edits, (len(plain), len(plain), "")]:
        pieces += [plain[at:start], digits]
        starts += [*range(at, start), *[start] * len(digits)]
        ends += [*range(at + 1, start + 1), *[end] * len(digits)]
        at = end
    return Normalised(message, "".join(pieces), tuple(starts), tuple(ends))


def _plain(char: str) -> str:
    """One character for one, so that places in the text stay what they were."""
    if char in "‘’ʼ":
        return "'"
    if char in "“”":
        return '"'
    if char.isspace():
        return " "
    folded = unicodedata.normalize("NFKC", char).lower()
    return folded if len(folded) == 1 and char != "，" else char  # a comma is no part of a number in Chinese text
