"""`daogou train distill`: a larger model labels messages and reviews for the small one, in the same notation."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant.errors import GenerationError
from assistant.language import Generation
from assistant.language.bulk import BulkModel
from assistant.notation import format_review
from assistant.numerals import normalise
from assistant.prompts import review_prompt, teaching_prompt
from assistant.review_reading import plain_review, review_grammar, review_reading
from assistant.safety import says_something
from assistant.schema import INTENTS
from retrieval.feeds.source import open_source
from training.drafts import Progress, Unlabelled, all_drafts
from training.examples import BadRow, Labelled, mark
from training.paid_answers import PaidAnswers
from training.reviews import aspects_example
from training.self_training import labelled_row

Shots = tuple[tuple[tuple[str, ...], str, str], ...]
"""Examples in the form of `prompts.EXAMPLES`."""
_LONGEST_REVIEW = 240
"""Tokens of the reading of a review; a teacher's tokens are not the small model's."""


@dataclass(frozen=True, slots=True)
class Taught:
    """Training rows that a teacher gave."""

    rows: tuple[dict[str, object], ...]
    left_out: dict[str, int]
    """How many can't be learnt from, by the reason."""


def shots_of(rows: Sequence[Labelled], each: int = 2, seed: int = 0) -> Shots:
    """`each` labelled messages an intent and language to show a teacher, drawn from those without a history."""
    chance = random.Random(seed)
    found: list[tuple[tuple[str, ...], str, str]] = []
    for intent in INTENTS:
        for language in sorted({row.language for row in rows}):
            fitting = [row for row in rows if (row.intent, row.language) == (intent, language) and not row.history]
            drawn = chance.sample(fitting, min(each, len(fitting)))
            found += [(row.shown, normalise(row.message).text, row.gold) for row in drawn]
    chance.shuffle(found)
    return tuple(found)


def teach_messages(
    teacher: PaidAnswers, rows: Sequence[Unlabelled], shots: Shots = (), progress: Progress = lambda done, of: None
) -> Taught:
    """The messages as the teacher reads them, in the format of training messages. Raises GenerationError.

    An answer that is no reading, or has a value that does not stand in the message, is left out.
    """
    kept, left_out = [], Counter[str]()
    for draft in all_drafts(teacher, rows, progress, partial(teaching_prompt, examples=shots)):
        try:
            labelled = draft.labelled()
        except ValueError:
            left_out["no reading"] += 1
            continue
        try:
            mark(labelled)
        except ValueError:
            left_out["a value that does not stand in the message"] += 1
            continue
        kept.append(labelled_row(labelled))
    return Taught(tuple(kept), dict(left_out))


def teach_reviews(teacher: BulkModel, texts: Sequence[str], progress: Progress = lambda done, of: None) -> Taught:
    """The reviews as the teacher reads them, in the format of training reviews. Raises GenerationError.

    An answer that is no reading is left out; so is an aspect whose quote does not stand in the review.
    """
    plain = [plain_review(text) for text in texts]
    hows = [Generation(_LONGEST_REVIEW, review_grammar(text), "review", stop=("\n",)) for text in plain]
    found: dict[int, dict[str, object]] = {}
    left_out = Counter[str]()
    answers = teacher.write_all([review_prompt(text, tuned=False) for text in plain], hows)
    for done, (place, written) in enumerate(answers, 1):
        progress(done, len(texts))
        try:
            reading = review_reading(written, texts[place])
            gold = format_review(reading.rating, reading.aspects)
            aspects_example(f"d{place + 1}", texts[place], gold)
            found[place] = {"id": f"d{place + 1}", "text": texts[place], "gold": gold}
        except (GenerationError, ValueError):
            left_out["no reading"] += 1
    return Taught(tuple(found[place] for place in sorted(found)), dict(left_out))


def read_review_texts(path: Path, on_error: Callable[[BadRow], None]) -> Iterator[str]:
    """The reviews of a file: JSON Lines with `text`, or one review a line; a bad line goes to `on_error`. Raises FeedError."""
    with open_source(path) as source:
        lines = "".join(source.chunks).split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            text = str(json.loads(line)["text"]) if line.lstrip().startswith("{") else line.strip()
        except (ValueError, KeyError, TypeError) as error:
            on_error(BadRow(path.name, number, str(error), "Give a review as text, or an object with text."))
            continue
        if says_something(text):
            yield text
