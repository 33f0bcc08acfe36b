"""Reads the reviews of a shop, chunk by chunk, each kept before the next is begun.

A kill costs a chunk in work and nothing that was kept. A review that can't be read is kept as such, with the reason, and not
tried again by the same reader.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assistant.errors import GenerationError, ModelMissing
from assistant.language.bulk import BulkModel
from assistant.language.model import LanguageModel
from assistant.review_reading import plain_review, read_reviews
from assistant.schema import ReviewReading
from retrieval.readings import Readings
from retrieval.schema import ReadReview
from retrieval.wheels import Progress

CHUNK = 128
"""Reviews kept in one transaction: what a kill costs, half a minute on two cores."""
_NO_WORDS = "it has no words"
_PLAIN_CASE = "Works well."
"""A review that every model can read: when it can't, the fault is not in the review."""


@dataclass(frozen=True, slots=True)
class ShopReading:
    """What a run over a shop's reviews did."""

    reader: str
    read: int = 0
    failed: int = 0
    aspects: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Reviews read a second, 0 when none were."""
        return self.read / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Reader:
    """A model that reads reviews, under the name by which its readings are told from those of others."""

    model: LanguageModel
    name: str
    """Model and adapter: another adapter is another reader."""

    @property
    def bulk(self) -> BulkModel:
        """The model, as one that writes many answers at once. Raises ModelMissing when it is none."""
        if not isinstance(self.model, BulkModel):
            raise ModelMissing(f"{self.model.name} writes one answer at a time; expected an engine with `write_all`")
        return self.model

    @property
    def tuned(self) -> bool:
        """True when the model was trained to read reviews."""
        return "review" in self.model.tuned


def read_shop(
    readings: Readings, reader: Reader, *, again: bool = False, limit: int | None = None, progress: Progress | None = None,
    chunk: int = CHUNK, clock: Callable[[], float] = time.perf_counter, now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ShopReading:
    """What was read now, of the reviews that nobody has read; with `again`, of those that this reader has not.

    Raises ModelError when the model fails, StoreError; what was kept until then stays.
    """
    started, done = clock(), ShopReading(reader.name)
    waiting = readings.unread(reader.name if again else None, limit)
    for start in range(0, len(waiting), chunk):
        found = _read_chunk(readings.texts(waiting[start : start + chunk]), reader)
        readings.save(found, reader.name, now())
        read = [each for each in found if not each.problem]
        done = replace(
            done, read=done.read + len(read), failed=done.failed + len(found) - len(read),
            aspects=done.aspects + sum(len(each.aspects) for each in read), seconds=clock() - started,
        )
        if progress:
            progress("reviews", min(start + chunk, len(waiting)), len(waiting))
    return replace(done, seconds=clock() - started)


def _read_chunk(texts: dict[str, str], reader: Reader) -> list[ReadReview]:
    """The longest first, so that at the end no long one is written alone."""
    ids = sorted((key for key, text in texts.items() if plain_review(text)), key=lambda key: len(texts[key]), reverse=True)
    found = _read_all([texts[key] for key in ids], reader.bulk, reader.tuned)
    told = [_told(key, texts[key], reading) for key, reading in zip(ids, found, strict=True)]
    return told + [ReadReview(key, text, None, problem=_NO_WORDS) for key, text in texts.items() if key not in set(ids)]


def _told(review_id: str, text: str, reading: ReviewReading | GenerationError) -> ReadReview:
    if isinstance(reading, GenerationError):
        return ReadReview(review_id, text, None, problem=str(reading))
    return ReadReview(review_id, text, reading.expected, reading.aspects)


def _read_all(texts: Sequence[str], model: BulkModel, tuned: bool) -> list[ReviewReading | GenerationError]:
    """The reading of each text, or why there is none. Raises ModelError when it is the model that fails.

    When the whole batch fails, the texts that it had not finished are halved until the one that breaks it stands alone.
    """
    found: dict[int, ReviewReading | GenerationError] = {}
    try:
        for place, reading in read_reviews(texts, model, tuned=tuned, on_error=found.__setitem__):
            found[place] = reading
    except GenerationError as error:
        _check_works(model, tuned)
        rest = [place for place in range(len(texts)) if place not in found]
        if len(rest) == 1:
            found[rest[0]] = error
        else:
            middle = len(rest) // 2
            for half in (rest[:middle], rest[middle:]):
                found.update(zip(half, _read_all([texts[place] for place in half], model, tuned), strict=True))
    return [found[place] for place in range(len(texts))]


def _check_works(model: BulkModel, tuned: bool) -> None:
    """Raises GenerationError when the model can't even begin to read a plain review."""
    for _ in read_reviews([_PLAIN_CASE], model, tuned=tuned, on_error=lambda _place, _error: None):
        pass
