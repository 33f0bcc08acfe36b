"""How the reviewers of the demo shop open, link and close, one voice a language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import yaml

from retrieval.demo.material import Polarity
from retrieval.schema import Language

VOICES = Path(__file__).parent / "voices"
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Voice:
    """The phrases of one language."""

    language: Language
    slots: Mapping[str, tuple[str, ...]]
    openings: Mapping[str, tuple[str, ...]]
    """By department id; `any` fits everywhere."""
    closers: Mapping[str, tuple[str, ...]]
    links: Mapping[str, tuple[str, ...]]
    """Words between two opinions: `same`, `turn` (praise to complaint), `redeem` (complaint to praise)."""
    short: Mapping[str, tuple[str, ...]]
    titles: Mapping[str, tuple[str, ...]]
    spam: tuple[str, ...]
    injections: tuple[tuple[Polarity, str], ...]

    def fill(self, phrase: str, rng: Random) -> str:
        """`phrase` with its slots filled and a capital at its start."""
        filled = _SLOT.sub(lambda found: rng.choice(self.slots[found[1]]), phrase)
        return filled[0].upper() + filled[1:]

    def telling(self, rng: Random) -> Voice:
        """The voice of one reviewer: the same spans of time and number of people all through."""
        settled = {name: (rng.choice(self.slots[name]),) for name in ("weeks", "months", "people")}
        return replace(self, slots={**self.slots, **settled})

    @property
    def gap(self) -> str:
        """What stands between two sentences."""
        return "" if self.language == "zh" else " "


def load_voice(language: Language, directory: Path = VOICES) -> Voice:
    """The voice of `language`. Raises KeyError when a part is missing."""
    raw: dict[str, Any] = yaml.safe_load((directory / f"{language}.yaml").read_text(encoding="utf-8"))

    def banks(name: str) -> dict[str, tuple[str, ...]]:
        return {key: tuple(map(str, phrases)) for key, phrases in raw[name].items()}

    return Voice(
        language,
        banks("slots"),
        banks("openings"),
        banks("closers"),
        banks("links"),
        banks("short"),
        banks("titles"),
        tuple(raw["spam"]),
        tuple((polarity, text) for polarity, text in raw["injections"]),
    )


@dataclass(slots=True)
class Deck:
    """Deals phrases so that each is used about as often as the others; mutable, one for a whole run."""

    used: Counter[str] = field(default_factory=Counter)

    def deal(self, phrases: Sequence[str], rng: Random, near: Counter[str] | None = None) -> str:
        """One of the phrases least used near by (for the same product), then least used at all."""
        close = near if near is not None else Counter()
        least = min((close[p], self.used[p]) for p in phrases)
        chosen = rng.choice([p for p in phrases if (close[p], self.used[p]) == least])
        self.used[chosen] += 1
        close[chosen] += 1
        return chosen
