"""No span, no claim: does every content word of a sentence stand in the facts it may rest on? Pure.

The rule: numbers must stand in the facts as they are; words that carry meaning must stand there too, up to their
ending; words that only hold a sentence together, or only address the shopper, are free.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from retrieval.schema import NUMBER, Language

FREE_ENGLISH = frozenset(
    """a about after all also although always an and any are as at be because been before both but by can choice could do
    does each either even every fit fits fitting for from get gets give gives good has have having help helps here how i if
    in into is it item its it's just keep keeps let like made make makes match matches mention mentions more most much need
    needs of on one option or other our out over pick plus product shopper should since so some stay stays still suit suits
    take than that that's the their them then there these they this those to too try up use used uses very want wants was
    well were what when where which while who will wish with within would you your you're looking great reason right come
    comes describe describes described praise praises asked wanted weighs weigh runs holds hold they're goes takes being
    here's there's only he
    she""".split()
)
"""English words that claim nothing about an item, and put nothing into a person's mouth."""
_FREE_CHINESE = frozenset(
    "的了是在和也很都就有为您你这那它款个件把双条适合可以能会被用到对于以及而且并还更非常比较如果因为所以但是不过其与或让给从上下中里说价家用户提到"
    "推荐选择一位正好符合需要想要喜欢满足要求同时不错又只穿来得面做含装岁材质行"
)
_NEGATIONS = frozenset({"not", "no", "never", "without", "isn't", "doesn't", "won't", "free", "不", "没", "无", "非"})
_WORD = re.compile(r"[A-Za-zÀ-ɏ']+")
_UNITS = (
    "g|kg|mg|ml|l|cm|mm|m|km|w|kw|v|h|hours?|min|minutes|lm|db|inch|oz|lb|mah|gb|hz|khz|"
    "months?|weeks?|days?|years?|people|persons?"
)
_MEASURED = re.compile(rf"({NUMBER.pattern})[\s-]?({_UNITS})\b")
_AMOUNT = re.compile(rf"(?:{NUMBER.pattern}-)?{_MEASURED.pattern}")
_HAN = re.compile(r"[㐀-鿿]+")


def unsupported(sentence: str, facts: Iterable[str]) -> tuple[str, ...]:
    """The words and numbers of `sentence` that rest on none of the `facts`; empty when the sentence is grounded.

    A sentence that says one thing three times is none: its repeated words are given back. So are words for a person who says
    something: a buyer is only ever quoted.
    """
    ground = " ".join(facts).lower()
    lower = sentence.lower()
    measured = {(number, _stem(unit)) for number, unit in _MEASURED.findall(ground)}
    ground_numbers = {found.group() for found in NUMBER.finditer(ground)}
    missing = [found.group() for found in NUMBER.finditer(lower) if found.group() not in ground_numbers]
    missing += [
        f"{number} {unit}" for number, unit in _MEASURED.findall(lower)
        if (number, _stem(unit)) not in measured
    ]
    missing += _repeated(lower)
    stems = {_stem(word) for word in _WORD.findall(ground)}
    for word in _WORD.findall(lower):
        claims = word in _NEGATIONS or word not in FREE_ENGLISH
        if claims and _stem(word) not in stems:
            missing.append(word)
    missing += [piece for run in _HAN.findall(lower) for piece in _unsupported_han(run, ground)]
    return tuple(dict.fromkeys(missing))


def said_twice(sentence: str) -> tuple[str, ...]:
    """The measures, and the words of five letters or more, that a sentence says more than once: true each time, and no sentence
    that a seller would write."""
    lower = sentence.lower()
    words = [word for word in _WORD.findall(lower) if len(word) > 4]
    said = (*(f"{number} {unit}" for number, unit in _MEASURED.findall(lower)), *words)
    return tuple(dict.fromkeys(piece for piece in said if said.count(piece) > 1))


def sentence_grammar(language: Language, facts: Iterable[str]) -> str:
    """A Lark grammar (llguidance's dialect) of one sentence whose words are free or copied from the facts; what
    `unsupported` would refuse can hardly be written."""
    grounds = tuple(facts)
    pieces = _pieces_zh(grounds) if language == "zh" else _pieces_en(grounds)
    first = sorted({piece[:1].upper() + piece[1:] for piece in pieces if piece[:1].isalpha()})
    shape = _SENTENCE_ZH if language == "zh" else _SENTENCE_EN
    return "\n".join(["start: SENTENCE", f"OWN: {_either(pieces)}", f"FIRST: {_either(first)}", *shape]) + "\n"


_SENTENCE_EN = ('SEP: /[,;:]? /', 'SENTENCE: FIRST (SEP OWN){4,24} "."')
_SENTENCE_ZH = ('SEP: /[，,、；： ]/', 'SENTENCE: OWN (SEP? OWN){3,24} "。"')


def _pieces_en(grounds: Iterable[str]) -> list[str]:
    """The words of the grounds, a number together with its unit, and the free words."""
    text = " ".join(grounds)
    measured = {found.group() for found in _AMOUNT.finditer(text)}
    copied = {piece.strip(".,;:!?()\"“”") for piece in _AMOUNT.sub(" ", text).split()} | measured
    words = {word for word in copied if word and not _HAN.search(word)}
    words |= {word.lower() for word in words}
    words |= {word[:-1] if word.endswith("s") else word + "s" for word in words if word.isalpha() and len(word) > 3}
    return sorted(words | (FREE_ENGLISH - _NEGATIONS))


def _pieces_zh(grounds: Iterable[str]) -> list[str]:
    """Runs of two to six characters of the grounds, their Latin words and numbers with units, and the free characters."""
    text = " ".join(grounds)
    runs = _HAN.findall(text)
    copied = {run[at : at + size] for run in runs for size in range(2, 7) for at in range(len(run) - size + 1)}
    copied |= {run for run in runs if len(run) == 1} | {found.group() for found in re.finditer(r"\d[\d.]* ?[㐀-鿿]", text)}
    latin = {found.group() for found in re.finditer(rf"{_AMOUNT.pattern}|[A-Za-z0-9°][A-Za-z0-9.+%/°-]*", text)}
    return sorted(copied | latin | (_FREE_CHINESE - _NEGATIONS))


def _either(words: Iterable[str]) -> str:
    return " | ".join(json.dumps(word, ensure_ascii=False) for word in words) or '""'


def _repeated(sentence: str) -> list[str]:
    words = [word for word in _WORD.findall(sentence) if word not in FREE_ENGLISH]
    pairs = [run[i : i + 2] for run in _HAN.findall(sentence) for i in range(len(run) - 1)]
    return [said for said in dict.fromkeys((*words, *pairs)) if words.count(said) > 2 or pairs.count(said) > 2] + [
        found.group(1) for found in re.finditer(r"\b([a-z]{3,})(?:,| and| or)+ \1\b", sentence)
    ]


def _stem(word: str) -> str:
    """The word without its ending; coarse on purpose, both sides are cut alike."""
    word = word.strip("'")
    for ending in ("'s", "ingly", "ing", "edly", "ed", "es", "s", "ly", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _unsupported_han(run: str, ground: str) -> list[str]:
    """Chinese characters of `run` that are neither free nor part of a bigram standing in the facts."""
    missing = []
    for position, char in enumerate(run):
        if char in _FREE_CHINESE and char not in _NEGATIONS:
            continue
        before, after = run[max(position - 1, 0) : position], run[position + 1 : position + 2]
        joined = any(len(pair) == 2 and pair in ground for pair in (before + char, char + after))
        alone = (not before or before in _FREE_CHINESE) or (not after or after in _FREE_CHINESE)
        if not joined and not (alone and char in ground):
            missing.append(char)
    return missing
