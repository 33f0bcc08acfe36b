"""A review becomes a rating and aspects, each with the reviewer's own words; many reviews at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from assistant.errors import GenerationError
from assistant.language.bulk import BulkModel, Written
from assistant.language.model import Generation
from assistant.notation import parse_review
from assistant.prompts import review_prompt
from assistant.schema import ReviewReading
from retrieval.schema import Signal

ASPECTS = 5
"""Most aspects of one review."""
_LONGEST_LINE = 120
"""Tokens of a line."""
_ROOM = 720
"""What is read of a long review: two thirds from its beginning, one from its end. A Chinese character counts 3."""
PLAIN = str.maketrans({**dict.fromkeys([*range(32), *range(127, 160), 0x2028, 0x2029], " "), '"': "'", "|": "/"})
"""Characters that would break a line, one for one, so that a quote's place in the text is its place in the review."""
_CHUNK = re.compile(r"[一-鿿㐀-䶿]|[^\W一-鿿㐀-䶿]+(?:['’-][^\W一-鿿㐀-䶿]+)*|\s+|.", re.DOTALL)
_ASPECT = r"/[a-z][a-z0-9'\-]*( [a-z0-9'\-]+){0,2}|[一-鿿a-z0-9]{1,8}/"
_WORD = r"/[a-z0-9][a-z0-9'%.\-]*( [a-z0-9'%.\-]+){0,2}|[一-鿿a-z0-9%.]{1,10}/"


def plain_review(text: str) -> str:
    """What the model sees of a review: no line breaks or double quotes, the middle of a long one left out."""
    flat = text.translate(PLAIN).strip()
    costs = [3 if "一" <= char <= "鿿" else 1 for char in flat]
    if sum(costs) <= _ROOM:
        return flat
    return f"{flat[: _within(costs, _ROOM * 2 // 3)]} … {flat[len(flat) - _within(costs[::-1], _ROOM // 3) :]}"


def _within(costs: Sequence[int], room: int) -> int:
    """How many of the first characters fit."""
    for count, cost in enumerate(costs):
        room -= cost
        if room < 0:
            return count
    return len(costs)


def review_grammar(plain: str, aspects: int = ASPECTS) -> str:
    """The grammar of the readings of `plain` (see `plain_review`): every quote is a piece of it."""
    lines = ['start: LINE', 'RATING: "rating=" /[1-5]/', f"ASPECT: {_ASPECT}", f"WORD: {_WORD}"]
    if not aspects or not (chunks := _CHUNK.findall(plain)):
        return "\n".join([*lines, "LINE: RATING"]) + "\n"
    pieces = ", ".join(json.dumps(chunk, ensure_ascii=False) for chunk in chunks)
    lines += [
        f'PIECE: %regex {{ "substring_chunks": [{pieces}] }}',
        r'QUOTE: PIECE & /[^\s,.;:!?，。；：！？、…"].{1,118}/',
        'OPINION: " | " ASPECT ("~" | "!~") WORD " \\"" QUOTE "\\""',
        f"LINE: RATING OPINION{{0,{aspects}}}",
    ]
    return "\n".join(lines) + "\n"


def read_reviews(
    texts: Sequence[str], model: BulkModel, *, aspects: int = ASPECTS, tuned: bool = True,
    on_error: Callable[[int, GenerationError], None] | None = None,
) -> Iterator[tuple[int, ReviewReading]]:
    """(place, reading) of every review that says something. Each aspect's quote was read once more by itself: a praise whose own
    words are rather negative, and a complaint whose words are rather positive, is left out.

    `aspects` 0 reads the ratings alone. A review of which no reading can be made goes to `on_error` with its place, and the
    rest goes on. Raises GenerationError, also for such a review where `on_error` is None; ModelMissing.
    """
    plain = {place: plain_review(text) for place, text in enumerate(texts)}
    asked = [place for place, text in plain.items() if text]
    hows = [Generation(_LONGEST_LINE, review_grammar(plain[place], aspects), "review", stop=("\n",)) for place in asked]
    prompts = [review_prompt(plain[place], tuned=tuned) for place in asked]
    found: dict[int, ReviewReading] = {}
    for number, written in model.write_all(prompts, hows):
        place = asked[number]
        try:
            found[place] = review_reading(written, texts[place])
        except GenerationError as error:
            if on_error is None:
                raise
            on_error(place, error)
    yield from zip(found, agreeing(list(found.values()), model, tuned=tuned), strict=True)


def agreeing(readings: Sequence[ReviewReading], model: BulkModel, *, tuned: bool = True) -> list[ReviewReading]:
    """The readings without the aspects whose quote, read by itself, says the opposite. Raises GenerationError, ModelMissing."""
    quotes = [(place, aspect) for place, reading in enumerate(readings) for aspect in reading.aspects]
    how = Generation(_LONGEST_LINE, review_grammar("", 0), "review", stop=("\n",))
    prompts = [review_prompt(plain_review(aspect.span), tuned=tuned) for _, aspect in quotes]
    kept: list[list[tuple[int, Signal]]] = [[] for _ in readings]
    for number, written in model.write_all(prompts, [how] * len(prompts)):
        place, aspect = quotes[number]
        negative, _, positive = review_reading(written, aspect.span).sentiment
        if positive >= negative if aspect.wanted else negative >= positive:
            kept[place].append((number, aspect))
    return [
        replace(reading, aspects=tuple(aspect for _, aspect in sorted(standing, key=lambda pair: pair[0])))
        for reading, standing in zip(readings, kept, strict=True)
    ]


def review_reading(written: Written, text: str) -> ReviewReading:
    """What was written of a review, without aspects that do not stand in it. Raises GenerationError."""
    line = written.text.rsplit(" | ", 1)[0] if written.problem else written.text
    try:
        rating, aspects = parse_review(line)
    except ValueError as error:
        raise GenerationError(f"a review could not be read: {written.problem or error}") from error
    shares = stars(written.first) or {star: float(star == rating) for star in range(1, 6)}
    return ReviewReading(rating, tuple(shares[star] for star in range(1, 6)), _standing(aspects, text))


def _standing(aspects: Sequence[Signal], text: str) -> tuple[Signal, ...]:
    """The aspects with the review's own words; one whose quote names neither the aspect nor its word, and one that repeats an
    aspect or a part of a quote, is left out."""
    flat = text.translate(PLAIN)
    kept: dict[str, Signal] = {}
    taken: list[tuple[int, int]] = []
    for each in aspects:
        at = flat.find(each.span) if each.span else -1
        end = at + len(each.span)
        if at < 0 or each.facet in kept or not _named(each) or any(at < other_end and start < end for start, other_end in taken):
            continue
        kept[each.facet] = Signal(each.facet, each.op, each.value, "review", text[at:end])
        taken.append((at, end))
    return tuple(kept.values())


def _named(aspect: Signal) -> bool:
    """True when the beginning of a word, or a Chinese character, of the aspect or its word stands in the quote."""
    quote = aspect.span.lower()
    words = re.findall(r"[^\W\d_一-鿿]{3,}|\d+|[一-鿿]", f"{aspect.facet} {aspect.value}".lower())
    return any((word if word > "一" else word[:4]) in quote for word in words)


def stars(first: Mapping[str, float]) -> dict[int, float] | None:
    """The shares of the five ratings out of those of the tokens; None when these are no ratings."""
    found = {int(token): share for token, share in first.items() if token.strip() in {"1", "2", "3", "4", "5"}}
    return found if len(found) == 5 else None
