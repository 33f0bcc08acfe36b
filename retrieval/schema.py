"""The types of the retrieval layer: what a shop holds, what is wished for, and what was found.

Everything here is a value: frozen, slotted, compared by content, changed with `dataclasses.replace`.
Standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

Op = Literal["=", "!=", "<=", ">=", "~", "!~"]
Source = Literal["message", "review", "profile", "merchant"]
Receipt = Literal["relevance", "balance", "exploration"]
Language = Literal["en", "zh"]

OPS: tuple[Op, ...] = ("!=", "<=", ">=", "!~", "=", "~")  # longest first, so that a parser never splits one
HARD_OPS = frozenset({"=", "!=", "<=", ">="})
FACETS = (
    "category", "brand", "price", "rating", "color", "material", "size", "style",
    "use", "audience", "feature", "item", "order", "action", "topic",
)
"""The facets of the notation; a catalogue may add its attribute columns."""

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
"""How a number looks in a value or a title; the one pattern that reading, matching and grounding share."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One interest signal, `<facet><op><value>`: read from a message or a review, kept in a profile,
    carried by a query, named by a match, cited by a reply."""

    facet: str
    op: Op
    value: str
    source: Source = "message"
    span: str = ""
    """The exact words that the signal rests on; empty when it was not read from text."""

    def __post_init__(self) -> None:
        if not self.facet or not self.value.strip():
            raise ValueError(f"a signal needs a facet and a value, got {self.facet!r} and {self.value!r}")
        if self.op not in OPS:
            raise ValueError(f"unknown operator {self.op!r}; expected one of {' '.join(OPS)}")

    def __str__(self) -> str:
        return f"{self.facet}{self.op}{self.value}"

    @property
    def hard(self) -> bool:
        """True when an item that fails the signal must never be shown."""
        return self.op in HARD_OPS

    @property
    def wanted(self) -> bool:
        """False for `!=` and `!~`."""
        return not self.op.startswith("!")

    @property
    def number(self) -> Decimal | None:
        """The first number of the value, None when it has none: `80 EUR` is 80, `3kg` is 3."""
        found = NUMBER.search(self.value)
        if found is None:
            return None
        digits = found.group()
        if "," in digits and re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
            digits = digits.replace(",", "")
        try:
            return Decimal(digits.replace(",", "."))
        except InvalidOperation:
            return None

    @classmethod
    def parse(cls, text: str, source: Source = "message", span: str = "") -> Signal:
        """The signal written in `text`. Raises ValueError when there is no operator, facet or value."""
        found = re.search(r"!=|<=|>=|!~|=|~", text)
        if found is None:
            raise ValueError(f"no operator in {text!r}; expected one of {' '.join(OPS)}")
        op: Op = found.group()  # type: ignore[assignment]
        return cls(text[: found.start()].strip(), op, text[found.end() :].strip(), source, span)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents, fen; yen for JPY) with its ISO 4217 code."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(f"a price can't be negative, got {self.amount}")
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise ValueError(f"expected an ISO 4217 code such as USD or CNY, got {self.currency!r}")


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named property of an item with its values in the order of the feed: `Attribute("color", ("red", "grey"))`."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One buyable form of an item. `price` None means the item's own price."""

    id: str
    title: str = ""
    price: Money | None = None
    available: bool = True
    stock: int | None = None
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """The item's words in a further language."""

    language: str
    title: str
    description: str = ""
    category: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A product as the shop sells it."""

    id: str
    title: str
    description: str = ""
    category: tuple[str, ...] = ()
    """The path from the department to the shelf: `("Outdoor", "Hiking boots")`."""
    brand: str = ""
    price: Money | None = None
    """The lowest price at which it can be bought now."""
    list_price: Money | None = None
    rating: float | None = None
    """Mean stars, 1 to 5."""
    rating_count: int = 0
    available: bool = True
    url: str = ""
    image: str = ""
    attributes: tuple[Attribute, ...] = ()
    variants: tuple[Variant, ...] = ()
    translations: tuple[Translation, ...] = ()

    def __post_init__(self) -> None:
        if not self.id or not self.title.strip():
            raise ValueError(f"an item needs an id and a title, got {self.id!r} and {self.title!r}")

    def words(self, language: str) -> tuple[str, str]:
        """Title and description in `language`, in the feed's own where there is no translation."""
        for translation in self.translations:
            if translation.language == language:
                return translation.title, translation.description or self.description
        return self.title, self.description

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of an attribute, over the item, its variants and its translations."""
        attributes = [*self.attributes]
        attributes += [a for variant in self.variants for a in variant.attributes]
        attributes += [a for translation in self.translations for a in translation.attributes]
        return tuple(dict.fromkeys(v for a in attributes if a.name == name for v in a.values))


@dataclass(frozen=True, slots=True)
class Review:
    """What a buyer wrote. `rating` is the stars given, 1 to 5, or None."""

    id: str
    item_id: str
    text: str
    rating: float | None = None
    title: str = ""
    author: str = ""
    """An opaque id of the reviewer; never a name."""
    at: datetime | None = None
    language: str = ""
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """Something a shopper did with an item."""

    shopper_id: str
    item_id: str
    kind: Literal["view", "click", "cart", "purchase", "like", "dislike", "rating"]
    at: datetime
    value: float | None = None
    """Stars for `rating`, otherwise None."""


@dataclass(frozen=True, slots=True)
class Order:
    """A shopper's order as the shop's records have it."""

    id: str
    shopper_id: str
    status: str
    """One of placed, paid, packed, shipped, delivered, delayed, returning, returned, refunded, cancelled, lost."""
    placed_at: datetime
    items: tuple[tuple[str, int], ...] = ()
    """(item id, quantity)."""
    total: Money | None = None
    carrier: str = ""
    tracking: str = ""
    due: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HelpPage:
    """A versioned page of the shop's rules: policy answers quote it."""

    id: str
    language: str
    title: str
    text: str
    topic: str = "other"
    version: str = "1"
    effective: datetime | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for."""

    text: str
    language: str = "en"
    signals: tuple[Signal, ...] = ()
    like: tuple[str, ...] = ()
    """Ids of items that the results should resemble."""
    shown: tuple[str, ...] = ()
    """Ids shown before: demoted."""
    rejected: tuple[str, ...] = ()
    """Ids never to show again."""
    fresh: bool = False
    """Only items that were not shown, as long as there are any: "show me others"."""
    interests: tuple[tuple[str, float], ...] = ()
    """Kinds of product by name, with how much the shopper cares for each: the slate's mix follows them where it can."""
    remembered: tuple[tuple[Signal, float], ...] = ()
    """What the shopper is known to like or to avoid, and did not say now: each with its weight against a wish that is said, 0 to
    1. It orders what fits, and is never told as met or missed."""
    exploration: float = 1.0
    """How many times as much as usual to explore: more right after interests moved."""
    history: tuple[Interaction, ...] = ()
    """What the shopper did before, the oldest first: items that shoppers alike chose gain."""
    limit: int = 3
    pool: int = 200
    """Candidates fetched before ranking."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that stand verbatim in a review."""

    review_id: str
    text: str
    language: str = ""
    rating: float | None = None


@dataclass(frozen=True, slots=True)
class ReadReview:
    """What a model read in a review, or why it could read nothing."""

    review_id: str
    text: str
    """The text that was read."""
    rating: float | None
    """The stars that the text expresses, 1 to 5; None for a review that could not be read."""
    aspects: tuple[Signal, ...] = ()
    """`~` praises and `!~` complaints; the span of each is a quote that stands verbatim in the text."""
    problem: str = ""
    """Why it could not be read; empty for one that was."""

    def __post_init__(self) -> None:
        if bool(self.problem) == (self.rating is not None):
            found = f"rating {self.rating}, problem {self.problem!r}"
            raise ValueError(f"review {self.review_id}: found {found}; expected one of them")
        if self.rating is not None and not 1 <= self.rating <= 5:
            raise ValueError(f"review {self.review_id}: found rating {self.rating}, expected 1 to 5")
        for aspect in self.aspects:
            if not aspect.span or aspect.span not in self.text:
                raise ValueError(f"review {self.review_id}: found the quote {aspect.span!r}, expected words of the review")


@dataclass(frozen=True, slots=True)
class Remark:
    """What the reviewer of an item says of one aspect of it."""

    review_id: str
    aspect: Signal
    """`~` praises and `!~` complains; its span stands verbatim in the review."""


@dataclass(frozen=True, slots=True)
class Match:
    """That an item meets a signal, and the words of the item that prove it."""

    signal: Signal
    evidence: str
    """Copied from the item: an attribute value, a piece of title or description, or a formatted number."""
    where: str = "attribute"
    """attribute | title | description | category | brand | price | rating | resemblance."""
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may be shown, with why."""

    item: Item
    score: float
    """Higher is better; comparable within one query only."""
    similarity: float = 0.0
    """Cosine of query and item vectors, -1 to 1."""
    matches: tuple[Match, ...] = ()
    missed: tuple[Signal, ...] = ()
    """Soft signals that the item does not meet."""
    parts: tuple[tuple[str, float], ...] = ()
    """What its words, the wishes it meets, its stars, what shoppers alike chose ... add to the score, the greatest first."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A slot of the slate: the candidate, and why it stands there."""

    candidate: Candidate
    receipt: Receipt = "relevance"
    reason: str = ""
    """One sentence for the merchant: which rule gave the slot."""
    propensity: float = 1.0
    """The chance with which the slot, after the slots before it, was to show this item; 1 where nothing was left to chance."""
    explored: float = 0.0
    """The chance with which the slot was to explore: 0 for one that never does."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An item that nearly fits, and the hard signals it would cost."""

    item: Item
    costs: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Slate:
    """What is offered, in order."""

    picks: tuple[Pick, ...] = ()
    relaxed: tuple[Signal, ...] = ()
    """Soft wishes that no pick meets, or that could not be understood in this catalogue."""
    blocked_by: tuple[Signal, ...] = ()
    """The hard signals that together emptied the slate; empty when there are picks."""
    near_misses: tuple[NearMiss, ...] = ()
    fitting: int = 0
    """How many items of the shop meet every hard signal."""
    served_by: str = "exact"
    """exact | chroma: which index answered."""
    degraded: tuple[str, ...] = field(default=())
    """What did not work while searching, in words; empty when all did."""

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(pick.candidate.item for pick in self.picks)
