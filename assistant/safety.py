"""What comes from outside is data: messages, titles, reviews and help pages are cleaned before anyone reads them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from retrieval.schema import Language

CONTROL_TOKEN = re.compile(r"<\|[^|<>]{0,40}\|>|<(?=/?s>)|\[/?INST\]", re.IGNORECASE)
_IDEOGRAPH = re.compile(r"[㐀-鿿豈-﫿]")
_LETTER = re.compile(r"[A-Za-zÀ-ɏͰ-ϿЀ-ӿ]")

_TO_A_MACHINE = re.compile(
    r"https?://|www\.|\b[a-z0-9-]+\.(?:example|com|net|shop|cn)\b|message me|half price|加我|加微信|微信号|红包|贷款|"
    r"(?:ignore|disregard|forget)\s+(?:all|any|the|your|previous|prior|above)\b|system\s+prompt|"
    r"\b(?:you|assistant|ai|bot)\s+(?:must|should|are\s+now)\b|\bas\s+an?\s+(?:ai|assistant)\b|"
    r"忽略.{0,8}(?:指令|指示|要求|规则)|系统提示|你(?:必须|现在是)|作为.{0,6}(?:助手|模型|AI)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A message fit to be read."""

    text: str
    note: str = ""
    """What was taken away, in words; empty when nothing was."""


def clean(message: str, limit: int) -> Cleaned:
    """`message` without control characters, invisible characters and model control tokens, at most `limit` long."""
    text = unicodedata.normalize("NFC", message[: limit * 4])
    text = CONTROL_TOKEN.sub(" ", text)
    text = "".join(
        " " if char in "\n\t\r" else char for char in text if char in "\n\t\r" or not _invisible(char)
    )
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) > limit or len(message) > limit * 4:
        return Cleaned(text[:limit], f"only the first {limit:,} of {len(message):,} characters were read")
    return Cleaned(text)


def _invisible(char: str) -> bool:
    category = unicodedata.category(char)
    return category in ("Cc", "Cs", "Co", "Cn") or (category == "Cf" and char != "\u200d")


def says_something(text: str) -> bool:
    """False for a message without any letter, ideograph or digit."""
    return any(char.isalnum() for char in text)


def language_of(text: str, default: Language = "en") -> Language:
    """The language of a message by its script; `default` when it has neither letters nor ideographs.

    One ideograph weighs two letters, so that "iphone手机壳" is Chinese.
    """
    ideographs = len(_IDEOGRAPH.findall(text))
    letters = len(_LETTER.findall(text))
    if not ideographs and not letters:
        return default
    return "zh" if ideographs * 2 >= letters * 0.5 and ideographs else "en"


def speaks_to_a_machine(text: str) -> bool:
    """True for text that tries to direct the assistant or to lead away from the shop: it is never quoted."""
    return _TO_A_MACHINE.search(text) is not None
