"""Text to tokens: the one normaliser that catalogue, wishes and ranking share, English and Chinese."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, NamedTuple

HAN = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_㐀-鿿]+(?:['’][^\W\d_㐀-鿿]+)?|[㐀-鿿]")
_STOP = re.compile(r"[.,;:!?()|\n，。；：！？]")
_ARTICLES = frozenset({"a", "an", "the"})

_NEGATORS = frozenset("no not without non never zero isn't aren't doesn't don't faux imitation semi".split())
_IMITATORS = frozenset({"vegan", "artificial", "synthetic", "fake", "pu", "mock"})
_IMITATED = frozenset({"leather", "suede", "fur", "wool", "down", "silk", "snakeskin", "skin"})
_FILLERS = frozenset({"any", "added", "real", "genuine", "animal", "harmful", "of", "in", "is", "use", "contain", "have", "need"})
_LISTED = frozenset({"or", "nor", "and"})
_HAN_NEGATORS = tuple("不添加 不使用 未添加 无添加 不含 没有 不带 不用 无需 不是 人造 无 不 零 非 免 仿".split())
_HAN_WHOLES = frozenset(
    "不锈 不仅 不但 不只 不同 不错 不少 不过 不论 不管 不断 不易 无线 无论 无比 无限 无缝 非常 免费 零食 零售 零钱 仿佛".split()
)
"""Words that begin like a negation and are none."""
_MAYBE_NEGATED = re.compile(
    r"\b(?:no|not|without|non|never|zero|free|faux|imitation|semi|vegan|artificial|synthetic|fake|pu|mock|\w+n't)\b|[不没未无零非免仿人]"
)

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "kids": "kid", "feet": "foot", "teeth": "tooth", "mice": "mouse",
    "knives": "knife", "shelves": "shelf", "leaves": "leaf", "scarves": "scarf", "loaves": "loaf", "wolves": "wolf",
    "halves": "half", "lens": "lens", "lenses": "lens", "series": "series", "species": "species", "chassis": "chassis",
    "gas": "gas", "bus": "bus", "always": "always", "shoes": "shoe", "axes": "axe", "tyre": "tire", "tyres": "tire",
    "colour": "color", "colours": "color", "grey": "gray", "aluminium": "aluminum", "jewellery": "jewelry",
    "fibre": "fiber", "fibres": "fiber", "metre": "meter", "metres": "meter", "litre": "liter", "litres": "liter",
    "centre": "center", "polarised": "polarized", "organiser": "organizer", "organisers": "organizer",
    "moisturiser": "moisturizer", "moisturising": "moisturizing", "pyjama": "pajama", "pyjamas": "pajama",
}
"""Plurals and spellings that no rule gives."""


class _Fold(dict[int, int]):
    """Characters to their folded form, one to one so that positions stay; filled as characters are met."""

    def __missing__(self, code: int) -> int:
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        result = ord(folded) if len(folded) == 1 else code
        self[code] = result
        return result


_FOLD = _Fold()


class Token(NamedTuple):
    """A folded word or a single Chinese character, and where it stands. A tuple: a large shop makes them by the ten million."""

    text: str
    start: int
    end: int
    after_stop: bool
    """True at the beginning and after punctuation: no phrase reaches across."""
    negated: bool = False
    """True where the text says that it is not so: `leather` in "leather-free", 皮革 in 不含皮革."""


def fold(text: str) -> str:
    """`text` in lower case, full width as half width, traditional characters as simplified; of the same length."""
    if text.isascii():
        return text.lower()
    folded = text.translate(_FOLD)
    return folded.translate(_simplified()) if HAN.search(folded) else folded


def scan(text: str) -> tuple[Token, ...]:
    """The tokens of `text` in order, each with its place and whether it is negated."""
    folded = fold(text)
    found: list[Token] = []
    end = 0
    for match in _WORD.finditer(folded):
        word = match.group()
        if word in _ARTICLES:
            continue
        start = match.start()
        stop = not found or (folded[end:start] != " " and bool(_STOP.search(folded, end, start)))  # mostly one space
        end = match.end()
        found.append(Token(stem(word), start, end, stop))
    return _negate(folded, found) if _MAYBE_NEGATED.search(folded) else tuple(found)


def denied(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The negated tokens as plain ones, a phrase wherever they stand together: what a text says that it is not."""
    found = []
    for place, token in enumerate(tokens):
        if token.negated:
            joined = place > 0 and tokens[place - 1].negated and not token.after_stop
            found.append(Token(token.text, token.start, token.end, not joined))
    return tuple(found)


def stems(text: str) -> tuple[str, ...]:
    """The folded words and single Chinese characters of `text`, in order: what a phrase is compared by."""
    return tuple(stem(word) for word in _WORD.findall(fold(text)) if word not in _ARTICLES)


def tokens(text: str) -> tuple[str, ...]:
    """The words of `text` for search: folded English words; for Chinese jieba's words and the character bigrams."""
    folded = fold(text)
    if not HAN.search(folded):
        return stems(folded)
    found: list[str] = [stem(word) for word in _WORD.findall(folded) if not HAN.match(word) and word not in _ARTICLES]
    for run in re.findall(r"[㐀-鿿]+", folded):
        words = _jieba().lcut(run)
        found += dict.fromkeys([*words, *(run[i : i + 2] for i in range(len(run) - 1))])
    return tuple(found)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A folded word in the singular, in American spelling, without possessive ending."""
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


def _negate(folded: str, found: list[Token]) -> tuple[Token, ...]:
    marked = [False] * len(found)
    for index, token in enumerate(found):
        if HAN.match(token.text):
            continue
        following = found[index + 1].text if index + 1 < len(found) else ""
        if token.text in _NEGATORS or (token.text in _IMITATORS and following in _IMITATED):
            _mark_words(found, marked, index + 1)
        elif token.text == "free" and index and not token.after_stop and following != "of":
            marked[index - 1] = True
        elif token.text == "free" and following == "of":
            _mark_words(found, marked, index + 2)
    if HAN.search(folded):
        _mark_han(folded, found, marked)
    return tuple(
        Token(t.text, t.start, t.end, t.after_stop, True) if negated else t
        for t, negated in zip(found, marked, strict=True)
    )


def _mark_words(found: list[Token], marked: list[bool], index: int) -> None:
    """Marks the word at `index`, past words that only lead to it, and what `or` adds to it."""
    while index < len(found) and not found[index].after_stop:
        if found[index].text in _FILLERS:
            index += 1
            continue
        marked[index] = True
        if index + 1 < len(found) and found[index + 1].text in _LISTED:
            index += 2
            continue
        return


def _mark_han(folded: str, found: list[Token], marked: list[bool]) -> None:
    starts = {token.start: index for index, token in enumerate(found)}
    position = 0
    while position < len(folded):
        negator = next((n for n in _HAN_NEGATORS if folded.startswith(n, position)), "")
        if not negator or folded[position : position + 2] in _HAN_WHOLES:
            position += 1
            continue
        position += len(negator)
        reach = 4 if len(negator) > 1 and negator != "人造" else 2
        for place in range(position, min(position + reach, len(folded))):
            index = starts.get(place)
            if index is None or folded[place] == "的" or (place > position and found[index].after_stop):
                break
            marked[index] = True


@lru_cache(maxsize=1)
def _simplified() -> dict[int, int]:
    """Traditional characters to simplified ones, one to one."""
    import opencc  # loaded only where Chinese is met

    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(a): ord(b) for a, b in zip(characters, converted, strict=True) if a != b and len(b) == 1}


@lru_cache(maxsize=1)
def _jieba() -> Any:
    import logging

    import jieba  # takes a second: loaded only where Chinese is met

    jieba.setLogLevel(logging.WARNING)
    return jieba
