"""Types to prompt messages: the only place with prompt text. Training uses the same functions as inference."""

from __future__ import annotations

from assistant.schema import Message
from retrieval.schema import Signal

READ_SYSTEM = "Read the shopper."
REVIEW_SYSTEM = "Read the review."
WRITE_SYSTEM = "Recommend the item."
SERVICE_SYSTEM = "Answer from the pages."
INTENT_SYSTEM = "Name the intent."
SEPARATOR = " | "

EXAMPLES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        (), "rain jacket for my dad, under 120, not black",
        "recommend | category=rain jacket | audience~my dad | price<=120 | color!=black",
    ),
    (("Tern Kettle", "Moss Kettle"), "is the second one quiet?", "ask_item | item=2 | feature~quiet"),
    (("Tern Kettle", "Moss Kettle"), "something cheaper please", "refine | price~cheaper"),
    ((), "where is my order 4417", "order | action=track | order=4417"),
    ((), "can i return opened shampoo", "policy | topic=returns | category=shampoo"),
    ((), "hello there", "chat"),
    ((), "想要一双防水的徒步鞋,500以内,不要皮的", "recommend | category=徒步鞋 | feature~防水 | price<=500 | material!=皮"),
)
"""What an untuned model is shown before the message: (shown titles, message, reading)."""

REVIEW_EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        "Great sound for the money, but the cable broke after a week.",
        'rating=3 | sound~great "Great sound for the money" | cable!~broke "the cable broke after a week"',
    ),
    ("Love it!", "rating=5"),
    ("面料很舒服，就是尺码偏小", 'rating=4 | 面料~舒服 "面料很舒服" | 尺码!~偏小 "尺码偏小"'),
    ("Stopped working on day two. Waste of money.", 'rating=1 | durability!~stopped working "Stopped working on day two"'),
)
"""What an untuned model is shown before the review: (review, its notation)."""
SERVICE_EXAMPLES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "how long do i have to send shoes back",
        ("Returns: Unworn shoes can be sent back within 30 days.", "Shipping: Parcels leave daily."),
        '1 "Unworn shoes can be sent back within 30 days."',
    ),
    ("do you repair watches", ("Shipping: Parcels leave daily.",), "0"),
)
"""What an untuned model is shown before the question: (question, passages, answer)."""


def intent_prompt(question: str) -> tuple[Message, ...]:
    """The prompt whose answer is the name of the intent of a question to customer service."""
    return Message("system", INTENT_SYSTEM), Message("user", question)


TEACH_SYSTEM = """You label messages of shoppers, in English or Chinese. Answer with one line and nothing else:
<intent> | <facet><op><value> | <facet><op><value> ...
Intents: recommend (a new request for products), refine (changes the request: cheaper, another brand), compare (shown \
items), ask_item (a question about an item), feedback (likes, dislikes, owns or bought a shown item), order (an own \
order), policy (the shop's rules), human (wants a person), memory (what is remembered of the shopper), chat (greetings, \
thanks, anything else; no signals).
Ops: = must be, != must not be, <= and >= bounds, ~ would like, !~ would rather not. The kind of product is hard \
(category=tent); all else is ~ unless the shopper says must, only, no, not, without, under, at least or the like.
Facets: category (the whole compound that names a shelf), brand, price (a number without its sign, a foreign currency \
after it: 80 EUR), rating, color, material, size, style, use (activity, place, occasion, what it is for), audience (who it \
is for), feature (all else), item (the number of a shown item, or a product's name), order (its number), action (track, \
cancel, change, return, replace, missing, refund, payment, invoice), topic (of a policy: returns, shipping, payment, \
warranty, privacy, price, discount, invoice, gift card, other; of memory: remember, forget, show).
A value is one contiguous piece of the message, in its own words and spelling, lower case, without articles. Never invent \
one."""
"""What a larger model is told before its examples when it labels messages for a smaller one."""


def teaching_prompt(
    message: str, shown: tuple[str, ...] = (), history: tuple[Message, ...] = (), *,
    examples: tuple[tuple[tuple[str, ...], str, str], ...] = (),
) -> tuple[Message, ...]:
    """The prompt by which a larger model writes the line notation of `message`, after `examples` in the form of `EXAMPLES`.

    All but its last message is the same for every message, so that a server reads it once.
    """
    shots: list[Message] = []
    for titles, text, line in (*EXAMPLES, *examples):
        shots += [Message("user", _reading_question(text, titles, ())), Message("assistant", line)]
    return (Message("system", TEACH_SYSTEM), *shots, Message("user", _reading_question(message, shown, history[-2:])))


def reading_prompt(
    message: str, shown: tuple[str, ...] = (), history: tuple[Message, ...] = (), *, tuned: bool = True,
) -> tuple[Message, ...]:
    """The prompt whose answer is the line notation of `message`.

    `message` is the normalised text (`numerals.normalise`). `shown` are the titles on the screen, first is number 1;
    only the last two messages of `history` are used.
    A tuned model gets no examples: prompts are kept short because reading is mostly prefill.
    """
    shots: list[Message] = []
    if not tuned:
        for titles, text, line in EXAMPLES:
            shots += [Message("user", _reading_question(text, titles, ())), Message("assistant", line)]
    question = Message("user", _reading_question(message, shown, history[-2:]))
    return (Message("system", READ_SYSTEM), *shots, question)


def _reading_question(message: str, shown: tuple[str, ...], history: tuple[Message, ...]) -> str:
    lines = [f"{turn.role}: {_clip(turn.text, 80).lower()}" for turn in history]
    if shown:
        lines.append("shown: " + "; ".join(f"{n} {_clip(title, 48).lower()}" for n, title in enumerate(shown, 1)))
    lines.append(f"message: {message}")
    return "\n".join(lines)


def review_prompt(text: str, *, tuned: bool = True) -> tuple[Message, ...]:
    """The prompt whose answer is the notation of a review: its rating, then its aspects with quotes."""
    shots: list[Message] = []
    if not tuned:
        for review, line in REVIEW_EXAMPLES:
            shots += [Message("user", f"review: {review}"), Message("assistant", line)]
    return (Message("system", REVIEW_SYSTEM), *shots, Message("user", f"review: {text}"))


def service_prompt(question: str, passages: tuple[str, ...], *, tuned: bool = True) -> tuple[Message, ...]:
    """The prompt whose answer is the number of the passage that answers the question, from 1, and its sentence; or 0."""
    shots: list[Message] = []
    if not tuned:
        for asked, pages, line in SERVICE_EXAMPLES:
            shots += [Message("user", _service_question(asked, pages)), Message("assistant", line)]
    return (Message("system", SERVICE_SYSTEM), *shots, Message("user", _service_question(question, passages)))


def _service_question(question: str, passages: tuple[str, ...]) -> str:
    pages = [f"{number}: {' '.join(passage.split())}" for number, passage in enumerate(passages, 1)]
    return "\n".join([*pages, f"question: {question}"])


def writing_prompt(
    language: str, title: str, facts: tuple[str, ...], wishes: tuple[Signal, ...], *, tuned: bool = True,
) -> tuple[Message, ...]:
    """The prompt whose answer is one or two sentences on why the item suits the wishes.

    `facts` are copied from the item (`material: mesh`). An untuned model is told in plain words what to do.
    """
    if not tuned:
        return _plain_writing_prompt(title, facts, wishes)
    lines = [f"language: {language}", f"item: {title}"]
    lines += [f"fact: {fact}" for fact in facts]
    lines.append("wishes: " + (", ".join(str(wish) for wish in wishes) or "none"))
    return (Message("system", WRITE_SYSTEM), Message("user", "\n".join(lines)))


def _plain_writing_prompt(title: str, facts: tuple[str, ...], wishes: tuple[Signal, ...]) -> tuple[Message, ...]:
    asked = ", ".join(wish.value for wish in wishes) or "something good"
    known = "; ".join(facts)
    return (
        Message("system", "You write one short sentence that tells a shopper why a product suits them, using the facts only."),
        Message("user", "Shopper wants: rain jacket, light. Product: Tarn Shell. Facts: feature: waterproof; weight: 210 g."),
        Message("assistant", "The Tarn Shell is a waterproof rain jacket with a weight of 210 g, so it is light."),
        Message("user", f"Shopper wants: {asked}. Product: {title}. Facts: {known}."),
    )


def _clip(text: str, length: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
