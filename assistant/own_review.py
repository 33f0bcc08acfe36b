"""A review written in the chat: offered when a shopper tells of a thing she owns, kept when she agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.interests import named, referred, wishes
from assistant.phrases import say
from assistant.schema import Answer, Question, Reading, Reply, Turn
from assistant.smalltalk import on_feedback
from retrieval.schema import Item, Review
from retrieval.shop import Shop
from retrieval.text import stems

OFFER = "review"
"""The facet of the question, and the topic of its yes."""
_YES, _NO = f"feedback | topic={OFFER}", "feedback"
_AGREED = (
    "yes", "yeah", "yep", "sure", "okay", "ok", "of course", "please do", "please", "go ahead", "keep it", "publish it",
    "好的", "好", "可以", "行", "同意", "嗯", "没问题", "当然", "发布", "保留", "吧",
)
_REFUSED = (
    "no", "nope", "rather not", "please don't", "don't", "thanks", "thank you",
    "不用", "不要", "不", "别", "算了", "谢谢", "了",
)


def answer_feedback(turn: Turn, screen: Sequence[Item], shop: Shop) -> tuple[Turn, Reply]:
    """What was understood of a reaction; besides, where it tells of a thing that the shopper owns, whether it may be kept as her
    review. The turn then shows that thing."""
    reading = turn.reading
    if agrees(reading):
        return turn, Reply("chat", say("review_kept", reading.language))
    reply = on_feedback(reading, screen)
    owned = _owned(turn, screen, shop) if turn.shopper_id and wishes(reading) else None
    if owned is None:
        return turn, reply
    title = owned.words(reading.language)[0]
    answers = (
        Answer(say("review_yes", reading.language), _YES, _AGREED), Answer(say("review_no", reading.language), _NO, _REFUSED),
    )
    question = Question(OFFER, say("review_offer", reading.language, title=title), answers)
    asked = replace(
        reply, text=f"{reply.text}\n\n{question.text}", quick_replies=tuple(answer.text for answer in answers), question=question
    )
    return replace(turn, screen=(owned.id,)), asked


def agrees(reading: Reading) -> bool:
    """True for the yes to an offer."""
    return any(signal.facet == "topic" and signal.value == OFFER for signal in reading.signals)


def review_of(turn: Turn, offered: Turn | None) -> Review | None:
    """The review that the turn agrees to: the words of the turn that it was offered in. None when none was offered.

    It has no stars: these are read from its words, as those of any review.
    """
    question = offered.reply.question if offered else None
    if offered is None or question is None or question.facet != OFFER or not agrees(turn.reading) or not offered.screen:
        return None
    return Review(
        f"chat-{offered.id}", offered.screen[0], offered.reading.text, author=turn.shopper_id, at=turn.at,
        language=offered.reading.language,
    )


def bought_by(shopper_id: str, shop: Shop) -> tuple[str, ...]:
    """Ids of the items that the shopper ordered or bought here, the newest first."""
    ordered = [item for order in shop.orders_of(shopper_id) for item, _ in order.items]
    acts = [act.item_id for act in shop.interactions(shopper_id) if act.kind == "purchase"]
    return tuple(dict.fromkeys((*ordered, *reversed(acts))))


def _owned(turn: Turn, screen: Sequence[Item], shop: Shop) -> Item | None:
    """The one thing that the message tells of as owned: a shown one that is said to be, else of those bought here the one whose
    kind or name the message says."""
    reading = turn.reading
    said_owned = {s.value for s in reading.signals if s.facet == "item" and s.op == "!="}
    shown = referred(reading, screen)
    bought = bought_by(turn.shopper_id, shop)
    if len(shown) == 1 and (shown[0].id in bought or said_owned):
        return shown[0]
    words = set(stems(" ".join((reading.text, *named(reading)))))
    told = [(len(words & _names(item)), item) for item in shop.items(bought)]
    best = max(told, key=lambda pair: pair[0], default=(0, None))
    return best[1] if best[0] and not shown else None


def _names(item: Item) -> set[str]:
    """The words that an item goes by: its shelf and its titles, in every language."""
    shelves = [*item.category[-1:], *(t.category[-1] for t in item.translations if t.category)]
    return set(stems(" ".join((*shelves, item.title, *(t.title for t in item.translations)))))
