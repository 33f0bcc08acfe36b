"""Slate to reply: an opening that states true facts at once, then a grounded sentence an item, streamed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from assistant.errors import Bent, ModelError
from assistant.evidence import facts_of, quote_for, reasons_of
from assistant.grounding import said_twice, sentence_grammar, unsupported
from assistant.interests import CHEAPER
from assistant.language import Generation, LanguageModel
from assistant.phrases import join, say
from assistant.plain_words import wish_text
from assistant.prompts import writing_prompt
from assistant.safety import language_of
from assistant.schema import Degradation, Profile, Question, Reading, Recommendation, Reply
from assistant.settings import Settings
from retrieval.money import format_money
from retrieval.readings import Readings
from retrieval.schema import Item, Language, NearMiss, Pick, Signal, Slate
from retrieval.shop import Shop


@dataclass(slots=True)
class Writer:
    """Words replies to slates. The model only words: which items, in which order, is the slate's alone."""

    shop: Shop
    model: LanguageModel | None
    settings: Settings = field(default_factory=Settings)
    clock: Callable[[], float] = time.monotonic
    degraded: list[Degradation] = field(default_factory=list)
    """What fell short in the reply being written; taken by the turn."""

    def write(
        self, reading: Reading, profile: Profile, slate: Slate, cancel: threading.Event | None = None,
        question: Question | None = None,
    ) -> Iterator[Reply]:
        """Replies that grow: the opening first, then item by item, at last the question."""
        if not slate.picks:
            yield self._nothing(reading, slate)
            return
        deadline = self.clock() + self.settings.write_deadline
        currency = self.shop.currency
        opening = _opening(reading, profile, slate, currency)
        reply = Reply("recommend", opening, opening=opening)
        yield reply
        for number, pick in enumerate(slate.picks, 1):
            entry = self._recommendation(pick, profile.signals, reading.language)
            head = f"\n\n**{number}. {entry.title}**{_price(entry, reading.language)}"
            if pick.receipt == "exploration":
                head += f" · {say('surprise', reading.language)}"
            written, dropped = self._sentence(entry, pick, profile.signals, reading.language, deadline, cancel)
            entry = replace(entry, sentence=written)
            sentence = written or _template(entry, pick, reading.language)
            quotes = "".join(f" {say('quote', reading.language, text=q.text)}" for q in entry.quotes)
            reply = replace(
                reply,
                text=f"{reply.text}{head}\n{sentence}{quotes}",
                recommendations=(*reply.recommendations, entry),
                dropped=reply.dropped + dropped,
            )
            yield reply
        asked = question.text if question else ""
        closing = "\n\n".join(filter(None, (_closing(slate, reading.language, currency), asked)))
        text = f"{reply.text}\n\n{closing}" if closing else reply.text
        quick = _quick(slate, reading.language, question)
        yield replace(reply, text=text, closing=closing, quick_replies=quick, question=question)

    def _recommendation(self, pick: Pick, held: tuple[Signal, ...], language: Language) -> Recommendation:
        item = pick.candidate.item
        remarks = Readings(self.shop.engine).aspects_of([item.id]).get(item.id, ())
        quote = quote_for(self.shop.reviews_of(item.id), held, item, language, remarks)
        return Recommendation(
            item, item.words(language)[0], item.price, reasons_of(pick.candidate.matches, language, self.shop.currency),
            (quote,) if quote else (), pick.receipt,
        )

    def _sentence(
        self, entry: Recommendation, pick: Pick, held: tuple[Signal, ...], language: Language, deadline: float,
        cancel: threading.Event | None,
    ) -> tuple[str, tuple[str, ...]]:
        """The model's sentence, empty when it wrote none that is fluent and wholly supported; and what was dropped."""
        facts = facts_of(entry.item, pick.candidate.matches, language)
        tuned = self.model is not None and "write" in self.model.tuned
        left = deadline - self.clock()
        if self.model is None or left <= 0 or (language not in self.model.languages and not tuned):
            self._degrade(f"no model writes {language} here; sentences come from templates")
            return "", ()
        # The buyer's words follow verbatim; a sentence that retold them could put others into her mouth.
        prompt = writing_prompt(language, entry.title, facts, tuple(s for s in held if s.wanted), tuned=tuned)
        grounds = (*facts, entry.title, *(m.signal.value for m in pick.candidate.matches if m.signal.wanted))
        grammar = sentence_grammar(language, grounds)
        how = Generation(
            self.settings.sentence_tokens, grammar, "write", deadline=left, cancel=cancel, stop=("\n",),
            bend=self.settings.sentence_bend,
        )
        pieces: list[str] = []
        try:
            pieces.extend(self.model.stream(prompt, how))
            sentence = "".join(pieces).strip()
        except Bent:
            return "", ("".join(pieces).strip() + " …",)
        except ModelError as error:
            self._degrade(str(error))
            return "", ()
        wrong = unsupported(sentence, grounds) or said_twice(sentence)
        foreign = sentence and language_of(sentence, language) != language
        return ("", (sentence,)) if wrong or foreign else (sentence, ())

    def _nothing(self, reading: Reading, slate: Slate) -> Reply:
        language, currency = reading.language, self.shop.currency
        opening = _cheapest(reading, slate) or _blocked(reading, slate, currency)
        lines = [opening, *(_near(miss, language, currency) for miss in slate.near_misses)]
        cards = tuple(
            Recommendation(
                miss.item, miss.item.words(language)[0], miss.item.price, receipt="near miss",
                sentence=_costs_of(miss, language, currency),
            )
            for miss in slate.near_misses
        )
        return Reply("nothing_fits", "\n\n".join(lines), cards, quick_replies=(say("try_wider", language),), opening=opening)

    def _degrade(self, reason: str) -> None:
        entry = Degradation("write", reason)
        if entry not in self.degraded:
            self.degraded.append(entry)


def _opening(reading: Reading, profile: Profile, slate: Slate, currency: str) -> str:
    language = reading.language
    unmet = set(slate.relaxed)
    kept = [wish_text(signal, language, currency) for signal in profile.signals if signal not in unmet]
    count = len(slate.picks)
    if not kept:
        return say("found_plain", language, text=reading.text)
    text = say("found" if count > 1 else "found_one", language, count=count, wishes=join(kept, language))
    return f"{text} {say('found_many', language, fitting=slate.fitting, count=count)}" if slate.fitting > count * 2 else text


def _cheapest(reading: Reading, slate: Slate) -> str:
    """That what was shown is the cheapest, for who asked for cheaper where nothing is; empty otherwise."""
    asked = any(s.facet == "price" and s.wanted and s.value in CHEAPER for s in reading.signals)
    only = [miss.item for miss in slate.near_misses if [cost.facet for cost in miss.costs] == ["price"] and miss.item.price]
    if not asked or not only:
        return ""
    least = min(only, key=lambda item: item.price.amount if item.price else 0)
    price = format_money(least.price, reading.language) if least.price else ""
    return say("cheapest", reading.language, title=least.words(reading.language)[0], price=price)


def _closing(slate: Slate, language: Language, currency: str) -> str:
    unmet = [wish_text(signal, language, currency) for signal in slate.relaxed]
    return say("unmet", language, wishes=join(unmet, language)) if unmet else ""


def _quick(slate: Slate, language: Language, question: Question | None) -> tuple[str, ...]:
    if question is not None:
        return (*(answer.text for answer in question.answers), say("quick_others", language))
    keys = ["quick_cheaper", "quick_others", "quick_why"] + (["quick_compare"] if len(slate.picks) > 1 else [])
    return tuple(say(key, language) for key in keys)


def _price(entry: Recommendation, language: Language) -> str:
    return f" — {format_money(entry.price, language)}" if entry.price is not None else ""


def _blocked(reading: Reading, slate: Slate, currency: str) -> str:
    """What the shop has not, and what comes nearest to it."""
    language = reading.language
    wishes = join([wish_text(signal, language, currency) for signal in slate.blocked_by], language) or reading.text
    if not _another_kind(slate.blocked_by):
        return say("blocked", language, wishes=wishes)
    kinds = list(dict.fromkeys(filter(None, (_kind(miss.item, language) for miss in slate.near_misses))))
    return say("beside" if kinds else "not_sold", language, wishes=wishes, kinds=join(kinds, language))


def _another_kind(signals: Sequence[Signal]) -> bool:
    """True when all that the signals ask for is a kind of product."""
    return bool(signals) and all(signal.facet == "category" and signal.wanted for signal in signals)


def _kind(item: Item, language: Language) -> str:
    """The item's shelf as the shopper reads it; empty when it stands on none."""
    paths = [told.category for told in item.translations if told.language == language and told.category]
    path = paths[0] if paths else item.category
    return path[-1] if path else ""


def _costs_of(miss: NearMiss, language: Language, currency: str) -> str:
    costs, kind = _costs(miss, language, currency), _kind(miss.item, language)
    if _another_kind(miss.costs) and kind:
        return say("beside_costs", language, kind=kind, costs=costs)
    return say("costs", language, costs=costs)


def _near(miss: NearMiss, language: Language, currency: str) -> str:
    price = f" — {format_money(miss.item.price, language)}" if miss.item.price is not None else ""
    if _another_kind(miss.costs):
        return say("beside_line", language, title=miss.item.words(language)[0], price=price)
    return say("near", language, title=miss.item.words(language)[0], price=price, costs=_costs(miss, language, currency))


def _costs(miss: NearMiss, language: Language, currency: str) -> str:
    return join([wish_text(signal, language, currency) for signal in miss.costs], language)


def _template(entry: Recommendation, pick: Pick, language: Language) -> str:
    """The item's own data, what answers a wish first, when no model wording stands the check."""
    price = format_money(entry.price, language) if entry.price else ""
    told: dict[str, str] = {}
    for fact in facts_of(entry.item, pick.candidate.matches, language):
        if not price or price not in fact:
            told.setdefault(fact.split(":", 1)[0], fact)  # the first of a property is what was wished for
    facts = list(told.values())[:3]
    if language == "zh":
        return "；".join(fact.replace(": ", "：", 1) for fact in facts) + "。" if facts else ""
    return "; ".join(facts).capitalize() + "." if facts else ""
