"""Questions about orders and rules: answers from the shop's records and help pages, or a person."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from babel.dates import format_date

from assistant.errors import ModelError
from assistant.help_passages import HelpPassages
from assistant.language import LanguageModel
from assistant.passages import answer_question
from assistant.phrases import STATUS, say
from assistant.schema import Degradation, Passage, Reading, Reply
from assistant.service_router import ServiceRouter
from assistant.settings import Settings
from retrieval.schema import HelpPage, Language, Order
from retrieval.shop import Shop

_CANDIDATES = 3
"""Passages that the model reads for an answer."""


@dataclass(slots=True)
class HelpDesk:
    """The shop's help pages, cut and embedded once per version of the shop."""

    shop: Shop
    settings: Settings = field(default_factory=Settings)
    router: ServiceRouter | None = None
    """Sends questions to pages; without one they are found by meaning, words and topic alone."""
    _version: int = -1
    _passages: HelpPassages | None = None

    def answer(
        self, reading: Reading, model: LanguageModel | None = None, cancel: threading.Event | None = None
    ) -> tuple[Reply, tuple[Degradation, ...]]:
        """The answer to a question about the rules, in the page's own words with its version; without one, a person takes over.

        A model that was tuned for it picks the sentence out of the nearest passages, or says that none answers; without it the
        nearest passage is quoted whole, with the page's next best, where it is likely to answer.
        """
        topics = {signal.value for signal in reading.signals if signal.facet == "topic"}
        sent = self.router.route(reading.text) if self.router else None
        near = self.refresh().nearest(reading.text, reading.language, _CANDIDATES, topics, sent)
        if not near:
            return Reply("handoff", say("no_policy", reading.language)), ()
        first = near[0]
        if model is None or "service" not in model.tuned:
            if first.confidence < self.settings.policy_confidence:
                return Reply("handoff", say("no_policy", reading.language)), ()
            return self._quoting(reading, first.page, *first.context), ()
        texts = [f"{found.page.title}: {found.text}" for found in near]
        try:
            answer = answer_question(reading.text, texts, model, deadline=self.settings.read_deadline, cancel=cancel)
        except ModelError as error:
            note = Degradation("service", f"{error}; the nearest passage is quoted as it stands")
            return self._quoting(reading, first.page, *first.context), (note,)
        if answer is None:
            return Reply("handoff", say("no_policy", reading.language)), ()
        found = near[answer.passage]
        return self._quoting(reading, found.page, found.text, quote=answer.quote), ()

    def _quoting(self, reading: Reading, page: HelpPage, *texts: str, quote: str = "") -> Reply:
        said = say("policy", reading.language, title=page.title, version=page.version, text=quote or "\n\n".join(texts))
        return Reply("service", said, passages=tuple(Passage(page.id, page.version, page.title, text) for text in texts))

    def refresh(self) -> HelpPassages:
        """The pages as they are now, cut and embedded anew when the shop has changed."""
        version = self.shop.version
        if self._passages is None or self._version != version:
            self._passages, self._version = HelpPassages(self.shop.help_pages(), self.shop.embedder), version
        return self._passages


def answer_order(reading: Reading, shop: Shop, shopper_id: str) -> Reply:
    """What the records say of the shopper's own order. Nobody's order is shown without knowing whose it is."""
    language = reading.language
    actions = [signal.value for signal in reading.signals if signal.facet == "action"]
    numbers = [signal.value for signal in reading.signals if signal.facet == "order"]
    if not shopper_id:
        return Reply("service", say("order_login", language))
    own = shop.orders_of(shopper_id)
    order = _the_order(own, numbers)
    if order is None:
        key = "order_unknown" if numbers else "order_which"
        return Reply("service", say(key, language, order=numbers[0] if numbers else ""))
    text = _status(order, language)
    changing = [action for action in actions if action != "track"]
    if changing:
        return Reply("handoff", f"{text} {say('order_change', language, action=changing[0])}")
    return Reply("service", text)


def _the_order(own: tuple[Order, ...], numbers: list[str]) -> Order | None:
    if not numbers:
        return own[0] if len(own) == 1 else None
    wanted = numbers[0].casefold().lstrip("#")
    return next((order for order in own if order.id.casefold().lstrip("#") == wanted), None)


def _status(order: Order, language: Language) -> str:
    words = STATUS.get(order.status, {}).get(language, order.status)
    parts = [say("order_status", language, order=order.id, status=words)]
    if order.due is not None and order.status in ("paid", "packed", "shipped", "delayed"):
        due = format_date(order.due, "long", locale="zh_CN" if language == "zh" else "en_US")
        parts.append(say("order_due", language, due=due))
    if order.tracking:
        parts.append(say("order_tracking", language, carrier=order.carrier, tracking=order.tracking))
    return " ".join(parts)
