"""The types of a conversation. A `Turn` holds everything that one message led to.

Everything here is a value; standard library and `retrieval.schema` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from retrieval.schema import Item, Language, Money, Query, Quote, Signal, Slate

Intent = Literal[
    "recommend", "refine", "compare", "ask_item", "feedback", "order", "policy", "human", "memory", "chat",
]
INTENTS: tuple[Intent, ...] = (
    "recommend", "refine", "compare", "ask_item", "feedback", "order", "policy", "human", "memory", "chat",
)
Role = Literal["system", "user", "assistant"]
Origin = Literal["message", "review", "click", "purchase", "stated", "profile"]
"""What an interest was learnt from; `stated` is one that the shopper asked to be remembered, `profile` its name in turns
that were stored before it was called so."""
Term = Literal["session", "long"]
ReplyKind = Literal["recommend", "nothing_fits", "compare", "answer", "service", "handoff", "memory", "chat"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt or of a transcript."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message was understood to say."""

    intent: Intent
    language: Language
    signals: tuple[Signal, ...] = ()
    text: str = ""
    """The message as it was typed, cleaned of control characters."""
    by: str = ""
    """The engine that read it; `plain text` when no model could, and the message is searched as it stands."""


@dataclass(frozen=True, slots=True)
class ReviewReading:
    """What a review was understood to say."""

    rating: int
    """1 to 5, the likeliest."""
    shares: tuple[float, ...]
    """The probability of each rating, 1 first."""
    aspects: tuple[Signal, ...] = ()
    """`~` praises and `!~` complaints; the span of each is a quote that stands verbatim in the review."""

    @property
    def expected(self) -> float:
        """The mean of the rating, 1 to 5."""
        return sum(star * share for star, share in enumerate(self.shares, 1))

    @property
    def sentiment(self) -> tuple[float, float, float]:
        """The probability of negative (1, 2), neutral (3) and positive (4, 5)."""
        one, two, three, four, five = self.shares
        return one + two, three, four + five


@dataclass(frozen=True, slots=True)
class Interest:
    """A signal that is held of a shopper, with how strongly. Firm when the signal is hard."""

    signal: Signal
    strength: float
    """0 to 1, at the moment `at`; fades from then on."""
    source: Origin
    at: datetime
    """The moment that the strength holds for: that of the newest evidence, or to which it has been faded."""
    turn: int = 0
    """The number of the turn, from 1, that it was last stated in; 0 for what does not come of this session."""
    term: Term = "session"
    """`long` outlives the session."""
    sentence: str = ""
    """The words of the shopper that it comes from; the title of the item for behaviour."""
    pinned: bool = False
    """True for one that the shopper wants kept as it is: it does not fade, and nothing inferred replaces it."""
    since: datetime | None = None
    """When it was first seen, for its age; None means `at`."""

    def __post_init__(self) -> None:
        if self.source == "profile":
            object.__setattr__(self, "source", "stated")
            object.__setattr__(self, "term", "long")

    @property
    def stated(self) -> bool:
        """True for what the shopper asked to be remembered, or pinned."""
        return self.source == "stated" or self.pinned


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a shopper now. Derived from turns, never mutated."""

    interests: tuple[Interest, ...] = ()
    """Those of the session and, with `term` long, those that outlive it."""
    shown: tuple[str, ...] = ()
    """Ids shown in this session, oldest first."""
    rejected: tuple[str, ...] = ()
    """Ids disliked or owned: not shown again."""
    liked: tuple[str, ...] = ()
    set_aside: tuple[Interest, ...] = ()
    """Long-term interests that a wish of this session stands in for until the next request."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """What is wished for now: said in this session, or asked to be remembered. What was learnt from behaviour stays out."""
        return tuple(interest.signal for interest in self.interests if interest.term == "session" or interest.stated)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One card: an item with the reasons to take it. Every reason rests on the item's data or on a quote."""

    item: Item
    title: str
    """In the shopper's language where the shop has it."""
    price: Money | None
    reasons: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    receipt: str = "relevance"
    sentence: str = ""
    """The model's argument for it; empty when a template worded it, which only repeats the reasons."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a help page that an answer quotes."""

    page_id: str
    version: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A quick reply to a question, and what it says: read exactly, without a model."""

    text: str
    line: str
    """In the notation: `refine | use~hiking`."""
    words: tuple[str, ...] = ()
    """A message of nothing but these says the same: "yes, keep it" to a question that asks for no more."""


@dataclass(frozen=True, slots=True)
class Question:
    """The one question that a reply asks, because its answer is expected to tell most."""

    facet: str
    text: str
    answers: tuple[Answer, ...]
    gain: float = 0.0
    """Bits that the answer is expected to tell of which item is meant."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the shopper gets. While it streams, `text` and `recommendations` grow."""

    kind: ReplyKind
    text: str = ""
    """The whole reply in words."""
    recommendations: tuple[Recommendation, ...] = ()
    quick_replies: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    dropped: tuple[str, ...] = ()
    """Sentences that the model wrote and the grounding check refused."""
    opening: str = ""
    """The part of the text before the items, for a face that draws these as cards; empty when there are none."""
    closing: str = ""
    """The part after the items."""
    question: Question | None = None
    """What is asked besides; its answers come first among the quick replies."""


@dataclass(frozen=True, slots=True)
class Degradation:
    """A step that could not be done as it should, and what was done instead."""

    step: str
    reason: str

    def __str__(self) -> str:
        return f"{self.step}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the message came in, except `read`, `search`, `rank`: milliseconds spent there."""

    read: float = 0.0
    search: float = 0.0
    rank: float = 0.0
    first_token: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange, whole: a page shows its reply, a check reads its slate, training reads stored turns, a bug report is one."""

    id: str
    session_id: str
    number: int
    """From 1."""
    message: str
    at: datetime
    reading: Reading
    profile: Profile
    reply: Reply
    query: Query | None = None
    slate: Slate | None = None
    shopper_id: str = ""
    screen: tuple[str, ...] = ()
    """Ids of the items on the screen after the turn, first is number 1."""
    degraded: tuple[Degradation, ...] = ()
    timings: Timings = Timings()
    done: bool = False
    """False while the reply still grows."""
