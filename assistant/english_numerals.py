"""English number words in a text, with their digits."""

from __future__ import annotations

import re

_ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "zero": 0,
}
_TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19,
}
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 1_000_000}
_NOTES = {"tenner": 10, "fiver": 5}
_SMALL = _ONES | _TEENS | _TENS
_ALL = "|".join(sorted([*_SMALL, *_SCALES], key=len, reverse=True))
_RUN = re.compile(rf"\b(?:a (?=hundred\b|thousand\b))?(?:{_ALL})(?:(?:[ -]| and (?=(?:{_ALL})\b))(?:{_ALL}))*\b")
_NOTE = re.compile(r"\b(?:a )?(tenner|fiver)s?\b")
_A_GRAND = re.compile(r"(?<=under |about |below | than |round | over |spend )a grand\b")


def numbers_in(text: str) -> list[tuple[int, int, str]]:
    """(start, end, digits) of every number word of the lower-case `text`; "one" alone is a pronoun and stays, "zero" a word."""
    found: list[tuple[int, int, str]] = []
    for note in _NOTE.finditer(text):
        found.append((note.start(), note.end(), str(_NOTES[note.group(1)])))
    for grand in _A_GRAND.finditer(text):
        found.append((grand.start(), grand.end(), "1000"))
    for run in _RUN.finditer(text):
        found += _split(run.group(), run.start())
    return sorted(found)


def _split(run: str, offset: int) -> list[tuple[int, int, str]]:
    words = [(m.group(), offset + m.start(), offset + m.end()) for m in re.finditer(r"[a-z]+", run)]
    if len(words) >= 3 and all(word in _ONES for word, _, _ in words):
        return [(words[0][1], words[-1][2], "".join(str(_ONES[word]) for word, _, _ in words))]
    found: list[tuple[int, int, str]] = []
    at = 0
    while at < len(words):
        length, value = _longest([word for word, _, _ in words[at:]])
        if length == 0:
            at += 1
            continue
        if length > 1 or words[at][0] not in {"one", "zero"}:
            found.append((words[at][1], words[at + length - 1][2], str(value)))
        at += length
    return found


def _longest(words: list[str]) -> tuple[int, int]:
    """How many leading words make one number, and the number; (0, 0) when the first makes none."""
    total, group, used, last = 0, 0, 0, ""
    for index, word in enumerate(words):
        if word == "a" and index == 0:
            group, last = 1, "a"
        elif word == "and" and last in _SCALES:
            continue
        elif word in _SCALES and index and last != "a" and group == 0 and total == 0:
            break
        elif word == "hundred" and (index and last):
            group *= 100
        elif word in _SCALES and index and last:
            total, group = total + group * _SCALES[word], 0
        elif words[index - 1] == "and" and words[index + 1 : index + 2] == ["hundred"]:
            break  # "two hundred and three hundred" are two numbers
        elif word in _SMALL and _fits(word, last, group):
            group = group * 100 + _SMALL[word] if last in _ONES and word in _TENS else group + _SMALL[word]
        else:
            break
        last, used = word, index + 1
    if used == 1 and last == "a":
        return 0, 0
    return used, total + group


def _fits(word: str, last: str, group: int) -> bool:
    if last == "" or last in _SCALES:
        return True
    if last in _TENS and word in _ONES:
        return word != "zero"
    return last in _ONES and word in _TENS and group < 10 and group > 0
