"""The flow of a turn: message -> reading -> profile -> query -> slate -> reply, one step a line."""

from __future__ import annotations

import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from assistant.answers import about_items, compare_items
from assistant.interests import fold, query_for, show, without
from assistant.language import LanguageModel
from assistant.leaning import leaning_wishes, leanings, session_drift, unspoken, which_today
from assistant.migration import exploration
from assistant.own_review import answer_feedback
from assistant.phrases import gives_up
from assistant.questions import answers_to, next_question
from assistant.reading import BUTTON, read_message
from assistant.remembered import remembered_wishes
from assistant.schema import Degradation, Message, Profile, Reply, Timings, Turn
from assistant.service import HelpDesk, answer_order
from assistant.service_router import ServiceRouter
from assistant.settings import Settings
from assistant.smalltalk import hand_over, on_memory, small_talk
from assistant.writing import Writer
from retrieval.schema import Interaction, Item, Language
from retrieval.search import Search
from retrieval.shop import Shop


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Assistant:
    """A shop that can be talked to. State is the tuple of turns that the caller keeps."""

    shop: Shop
    search: Search
    model: LanguageModel | None
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = _now
    clock: Callable[[], float] = time.perf_counter
    router: ServiceRouter | None = None
    """Of questions to customer service, where the shop has trained one."""
    help_desk: HelpDesk = field(init=False)

    def __post_init__(self) -> None:
        self.help_desk = HelpDesk(self.shop, self.settings, self.router)

    def respond(
        self, message: str, history: Sequence[Turn] = (), *, session_id: str = "", shopper_id: str = "",
        profile: Profile | None = None,
    ) -> Turn:
        """The finished turn."""
        *_, last = self.stream(message, history, session_id=session_id, shopper_id=shopper_id, profile=profile)
        return last

    def stream(
        self, message: str, history: Sequence[Turn] = (), *, session_id: str = "", shopper_id: str = "",
        profile: Profile | None = None, cancel: threading.Event | None = None,
    ) -> Iterator[Turn]:
        """Turns whose reply grows; the last one is `done`. What goes wrong on the way is in `degraded`.

        `profile` is what is known before the message; None is what the last turn of the history ended with.
        """
        started, earlier = self.clock(), history[-1] if history else None
        screen = self.shop.items(earlier.screen) if earlier else ()
        language: Language = earlier.reading.language if earlier else "en"

        reading, degraded = read_message(
            message, model=self.model, shown=[item.words(language)[0] for item in screen], history=_transcript(history),
            answers=answers_to(history), currency=self.shop.settings.currency, default=language, settings=self.settings,
            cancel=cancel,
        )
        read_ms = self._since(started)
        number = len(history) + 1
        before = profile or (earlier.profile if earlier else Profile())
        if earlier and earlier.slate and reading.by == BUTTON and gives_up(reading.text):
            before = without(before, earlier.slate.blocked_by)
        profile = fold(before, reading, screen, self.now(), number)
        turn = Turn(
            uuid.uuid4().hex, session_id or uuid.uuid4().hex, number, message[: self.settings.message_limit], self.now(),
            reading, profile, Reply("chat"), shopper_id=shopper_id, screen=earlier.screen if earlier else (),
            degraded=degraded, timings=Timings(read=read_ms),
        )
        first = 0.0
        for grown in self._answer(turn, before, screen, history, cancel):
            first = first or (self._since(started) if grown.reply.text else 0.0)
            turn = replace(grown, timings=replace(grown.timings, first_token=first, total=self._since(started)))
            yield turn
        yield replace(turn, done=True)

    def warm_up(self) -> None:
        """Load what the first message would otherwise wait for."""
        self.search.view()
        self.help_desk.refresh()
        if self.model is not None:
            read_message("hello", model=self.model, settings=self.settings)

    def _answer(
        self, turn: Turn, before: Profile, screen: Sequence[Item], history: Sequence[Turn], cancel: threading.Event | None
    ) -> Iterator[Turn]:
        reading = turn.reading
        if reading.intent in ("recommend", "refine"):
            yield from self._recommend(turn, screen, history, cancel)
            return
        match reading.intent:
            case "compare":
                reply = compare_items(reading, screen, self.shop, self.search)
            case "ask_item":
                reply = about_items(reading, screen, history, self.shop, self.search)
            case "feedback":
                turn, reply = answer_feedback(turn, screen, self.shop)
            case "order":
                reply = answer_order(reading, self.shop, turn.shopper_id)
            case "policy":
                reply, notes = self.help_desk.answer(reading, self.model, cancel)
                turn = replace(turn, degraded=turn.degraded + notes)
            case "memory":
                reply = on_memory(reading, before, turn.profile, turn.at)
            case "human":
                reply = hand_over(reading)
            case _:
                reply = small_talk(reading, begun=bool(history))
        yield replace(turn, reply=reply)

    def _recommend(
        self, turn: Turn, screen: Sequence[Item], history: Sequence[Turn], cancel: threading.Event | None
    ) -> Iterator[Turn]:
        drift = session_drift(turn.profile, history, self.shop.items)
        inferred = leaning_wishes(turn.profile, leanings(drift))
        query = replace(
            query_for(turn.profile, turn.reading, screen, history, self.settings.limit), interests=leanings(drift),
            exploration=exploration(drift), remembered=remembered_wishes(turn.profile),
            seed=zlib.crc32(f"{turn.session_id}/{turn.number}".encode()),  # another draw every time: its chances are logged
        )
        query = replace(query, signals=(*query.signals, *inferred))
        slate, standing, spent = self.search.survey(replace(query, history=self._past(turn)))
        slate = unspoken(slate, inferred)
        timings = replace(turn.timings, search=_sum(spent, _FINDING), rank=_sum(spent, _RANKING))
        writer = Writer(self.shop, self.model, self.settings)
        profile = show(turn.profile, slate.items)
        screen_ids = tuple(item.id for item in slate.items) or tuple(miss.item.id for miss in slate.near_misses)
        found = replace(
            turn, query=query, slate=slate, profile=profile, screen=screen_ids or turn.screen, timings=timings,
            degraded=turn.degraded + tuple(Degradation("search", note) for note in slate.degraded),
        )
        view, language = self.search.view(), turn.reading.language
        question = which_today(turn.profile, drift, history, language, view.catalogue.shelves) if slate.picks else None
        question = question or next_question(view, standing, found, history, self.settings.questions)
        for reply in writer.write(turn.reading, turn.profile, slate, cancel, question):
            yield replace(found, reply=reply, degraded=found.degraded + tuple(writer.degraded))

    def _past(self, turn: Turn) -> tuple[Interaction, ...]:
        """What the shopper did in the shop, and liked in this session."""
        done = tuple(self.shop.interactions(turn.shopper_id)) if turn.shopper_id else ()
        return (*done, *(Interaction(turn.shopper_id, item, "like", turn.at) for item in turn.profile.liked))

    def _since(self, started: float) -> float:
        return (self.clock() - started) * 1000


_FINDING = ("view", "embed", "filter", "understand", "near")
_RANKING = ("score", "balance", "fetch", "evidence")


def _sum(spent: Mapping[str, float], steps: Sequence[str]) -> float:
    return sum(spent.get(step, 0.0) for step in steps)


def _transcript(history: Sequence[Turn]) -> list[Message]:
    """The last exchange as the model is shown it: the shopper's words and the first line of the reply."""
    return [
        message
        for turn in history[-1:]
        for message in (Message("user", turn.message), Message("assistant", turn.reply.text.split("\n", 1)[0]))
    ]
