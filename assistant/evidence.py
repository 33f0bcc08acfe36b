"""What may be said of an item: its facts, the reasons to take it, and a reviewer's own words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assistant.safety import language_of, speaks_to_a_machine
from retrieval.money import format_money
from retrieval.schema import Item, Language, Match, Quote, Review, Signal
from retrieval.text import tokens

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_FACTS = 6
_QUOTE_LENGTH = {"en": (18, 160), "zh": (6, 70)}


def facts_of(item: Item, matches: Sequence[Match], language: Language) -> tuple[str, ...]:
    """Facts to word a recommendation from, the ones that answer a wish first: `material: mesh`, `price: $129.00`."""
    proven = [f"{match.signal.facet}: {match.evidence}" for match in matches if match.where != "resemblance"]
    facts = [*proven, *(f"{name}: {', '.join(values)}" for name, values in attributes_of(item, language))]
    if item.price is not None:
        facts.append(f"price: {format_money(item.price, language)}")
    return tuple(dict.fromkeys(facts))[:_FACTS]


def attributes_of(item: Item, language: Language) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The item's attributes in the shopper's language where the shop has them translated."""
    translated = next((t.attributes for t in item.translations if t.language == language and t.attributes), ())
    return tuple((a.name.replace("_", " "), a.values) for a in translated or item.attributes if a.values)


def reasons_of(matches: Sequence[Match], language: Language) -> tuple[str, ...]:
    """One short line a wish that the item meets, with the words that prove it."""
    lines = []
    for match in matches:
        wish = wish_text(match.signal, language)
        same = match.evidence.casefold() in wish.casefold()
        lines.append(wish if same else f"{wish} — {match.evidence}")
    return tuple(dict.fromkeys(lines))


_OPS: dict[Language, dict[str, str]] = {
    "en": {"!=": "not {v}", "!~": "rather not {v}", "<=": "at most {v}", ">=": "at least {v}"},
    "zh": {"!=": "不要{v}", "!~": "最好不要{v}", "<=": "不超过{v}", ">=": "不低于{v}"},
}
_NAMES: dict[str, str] = {"price": "价格", "rating": "评分", "size": "尺寸"}


def wish_text(signal: Signal, language: Language) -> str:
    """A signal in plain words: `under`-bounds spelt out, negations kept."""
    words = _OPS[language].get(signal.op, "{v}").format(v=signal.value)
    if signal.op in ("<=", ">=") or signal.facet in ("price", "rating"):
        name = signal.facet if language == "en" else _NAMES.get(signal.facet, "")
        return f"{name} {words}".strip() if language == "en" else f"{name}{words}"
    return words


def quote_for(
    reviews: Iterable[Review], wishes: Sequence[Signal], language: Language, *, pleased: bool = True
) -> Quote | None:
    """The sentence of a review that speaks of the wishes most, None when none does.

    `pleased` takes buyers of 4 stars and up only, and may fall back on what they say of something else. Text that
    speaks to a machine is never quoted.
    """
    wanted = {token for wish in wishes if wish.wanted for token in tokens(wish.value)}
    best: tuple[float, Quote] | None = None
    for review in reviews:
        if speaks_to_a_machine(review.text):
            continue
        for sentence in sentences_of(review.text):
            score = _quote_score(sentence, review, wanted, language, pleased)
            if score > 0 and (best is None or score > best[0]):
                best = (score, Quote(review.id, sentence, language_of(sentence), review.rating))
    return best[1] if best else None


def _quote_score(sentence: str, review: Review, wanted: set[str], language: Language, pleased: bool) -> float:
    spoken = language_of(sentence)
    low, high = _QUOTE_LENGTH[spoken]
    displeased = review.rating is not None and review.rating < 4
    if not low <= len(sentence) <= high or (pleased and displeased):
        return 0.0
    shared = len(wanted & set(tokens(sentence)))
    # without a word of the wishes a content buyer's sentence is still worth a little, in the shopper's language only
    base = float(shared) if shared else (0.1 if pleased and spoken == language else 0.0)
    return base + (0.5 if spoken == language and shared else 0.0) - len(sentence) / 10_000


def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences of a text, each copied verbatim."""
    return tuple(found.group().strip() for found in _SENTENCE.finditer(text) if found.group().strip())
