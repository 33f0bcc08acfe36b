"""What a shopper is shown of what is remembered of her: each interest in words, with where it comes from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from assistant.fading import fade
from assistant.plain_words import wish_text
from assistant.schema import Interest, Profile
from retrieval.schema import Language

_AGE: dict[Language, tuple[str, str, str]] = {
    "en": ("today", "yesterday", "{days} days ago"), "zh": ("今天", "昨天", "{days}天前"),
}
_STRENGTH: dict[Language, tuple[str, str, str]] = {
    "en": ("a guess", "likely", "sure"), "zh": ("猜测", "较可能", "确定"),
}
_ORIGIN: dict[Language, dict[str, str]] = {
    "en": {"message": "you wrote", "stated": "you asked me to remember", "review": "from your review",
           "click": "from what you looked at", "purchase": "from what you bought"},
    "zh": {"message": "您写过", "stated": "您要求记住", "review": "来自您的评价",
           "click": "来自您看过的商品", "purchase": "来自您买过的商品"},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One interest as its shopper reads it."""

    interest: Interest
    words: str
    origin: str
    """Where it comes from, in words; the sentence itself is the interest's."""
    age: str
    surety: str

    @property
    def lasting(self) -> bool:
        """True for one that outlives the session."""
        return self.interest.term == "long"

    @property
    def steps(self) -> int:
        """The strength in fifths, 1 to 5."""
        return max(1, min(5, ceil(self.interest.strength * 5)))


def entries(profile: Profile, language: Language, now: datetime, currency: str = "") -> tuple[Entry, ...]:
    """Every interest of the profile as strong as it is at `now`, the lasting ones first and the strongest of each; one that is
    held for the session and beyond it is told once."""
    held = fade((*profile.interests, *profile.set_aside), now)
    lasting = {str(interest.signal): interest for interest in held if interest.term == "long"}
    fleeting = {str(i.signal): i for i in held if i.term == "session" and str(i.signal) not in lasting}
    ordered = (sorted(part.values(), key=lambda i: (-i.strength, str(i.signal))) for part in (lasting, fleeting))
    return tuple(_entry(interest, language, now, currency) for part in ordered for interest in part)


def age(since: datetime, now: datetime, language: Language) -> str:
    """How long ago in words; a moment to come, as clocks that jump give, is today."""
    days = max((_aware(now) - _aware(since)).days, 0)
    today, yesterday, ago = _AGE[language]
    return today if days == 0 else yesterday if days == 1 else ago.format(days=days)


def _entry(interest: Interest, language: Language, now: datetime, currency: str) -> Entry:
    surety = _STRENGTH[language][0 if interest.strength < 0.4 else 1 if interest.strength < 0.75 else 2]
    return Entry(
        interest, wish_text(interest.signal, language, currency), _ORIGIN[language][interest.source],
        age(interest.since or interest.at, now, language), surety,
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
