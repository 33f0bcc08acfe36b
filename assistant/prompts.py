"""Types to prompt messages: the only place with prompt text. Training uses the same functions as inference."""

from __future__ import annotations

from assistant.schema import Message
from retrieval.schema import Signal

READ_SYSTEM = "Read the shopper."
WRITE_SYSTEM = "Recommend the item."
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


def writing_prompt(
    language: str, title: str, facts: tuple[str, ...], wishes: tuple[Signal, ...], quote: str = "", *, tuned: bool = True,
) -> tuple[Message, ...]:
    """The prompt whose answer is one or two sentences on why the item suits the wishes.

    `facts` are copied from the item (`material: mesh`); `quote` is a reviewer's own words or empty. An untuned model
    is told in plain words what to do.
    """
    if not tuned:
        return _plain_writing_prompt(title, facts, wishes)
    lines = [f"language: {language}", f"item: {title}"]
    lines += [f"fact: {fact}" for fact in facts]
    if quote:
        lines.append(f"review: {quote}")
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
