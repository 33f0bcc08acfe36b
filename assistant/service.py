"""Questions about orders and rules: answers from the shop's records and help pages, or a person."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

import numpy as np
from babel.dates import format_date
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.language import LanguageModel
from assistant.passages import answer_question
from assistant.phrases import STATUS, say
from assistant.schema import Degradation, Passage, Reading, Reply
from assistant.settings import Settings
from retrieval.schema import HelpPage, Language, Order
from retrieval.shop import Shop

_CANDIDATES = 3
"""Passages that the model reads for an answer."""


@dataclass(slots=True)
class HelpDesk:
    """The shop's help pages, cut into passages and embedded once per version of the shop."""

    shop: Shop
    settings: Settings = field(default_factory=Settings)
    _version: int = -1
    _passages: tuple[tuple[HelpPage, str], ...] = ()
    _vectors: NDArray[np.float32] | None = None

    def answer(
        self, reading: Reading, model: LanguageModel | None = None, cancel: threading.Event | None = None
    ) -> tuple[Reply, tuple[Degradation, ...]]:
        """The answer to a question about the rules, in the page's own words with its version; without one, a person takes over.

        A model that was tuned for it picks the sentence out of the nearest passages, or says that none answers; without it the
        nearest passage is quoted whole where it is near enough.
        """
        self.refresh()
        near = self._nearest(reading)
        if not near:
            return Reply("handoff", say("no_policy", reading.language)), ()
        if model is None or "service" not in model.tuned:
            page, text, enough = near[0]
            return self._quoting(reading, page, text) if enough else Reply("handoff", say("no_policy", reading.language)), ()
        texts = [f"{page.title}: {text}" for page, text, _ in near]
        try:
            found = answer_question(reading.text, texts, model, deadline=self.settings.read_deadline, cancel=cancel)
        except ModelError as error:
            note = Degradation("service", f"{error}; the nearest passage is quoted as it stands")
            return self._quoting(reading, *near[0][:2]), (note,)
        if found is None:
            return Reply("handoff", say("no_policy", reading.language)), ()
        page, text, _ = near[found.passage]
        return self._quoting(reading, page, text, found.quote), ()

    def _quoting(self, reading: Reading, page: HelpPage, text: str, quote: str = "") -> Reply:
        said = say("policy", reading.language, title=page.title, version=page.version, text=quote or text)
        return Reply("service", said, passages=(Passage(page.id, page.version, page.title, text),))

    def _nearest(self, reading: Reading) -> list[tuple[HelpPage, str, bool]]:
        """The passages nearest to the question, those on its topic first, and whether each is near enough to be an answer."""
        topics = {signal.value for signal in reading.signals if signal.facet == "topic"}
        own = [row for row, (page, _) in enumerate(self._passages) if page.language == reading.language]
        rows = own or list(range(len(self._passages)))
        if not rows or self._vectors is None:
            return []
        scores = self._vectors @ self.shop.embedder.embed([reading.text], query=True)[0]
        on_topic = {row for row in rows if self._passages[row][0].topic in topics}
        order = sorted(rows, key=lambda row: (row not in on_topic, -float(scores[row])))
        if len(on_topic) >= _CANDIDATES:  # one place is left for what the topic, which may be misread, leaves out
            outside = max((row for row in rows if row not in on_topic), key=lambda row: float(scores[row]), default=None)
            order = [*order[: _CANDIDATES - 1], *([outside] if outside is not None else order[_CANDIDATES - 1 :])]
        near = self.settings.policy_similarity
        return [(*self._passages[row], row in on_topic or float(scores[row]) >= near) for row in order[:_CANDIDATES]]

    def refresh(self) -> None:
        """Cut and embed the pages anew when the shop has changed."""
        if self._version == self.shop.version:
            return
        pages = self.shop.help_pages()
        self._passages = tuple((page, text) for page in pages for text in passages_of(page.text))
        texts = [f"{page.title}. {text}" for page, text in self._passages]
        self._vectors = self.shop.embedder.embed(texts) if texts else None
        self._version = self.shop.version


def passages_of(text: str) -> tuple[str, ...]:
    """The paragraphs of a help page as plain text, headings joined to what follows them."""
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", text) if block.strip()]
    passages: list[str] = []
    heading = ""
    for block in blocks:
        plain = re.sub(r"[*_`]|^#+\s*", "", block).strip()
        if block.startswith("#"):
            heading = plain
            continue
        passages.append(f"{heading}: {plain}" if heading else plain)
        heading = ""
    return tuple(passages)


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
