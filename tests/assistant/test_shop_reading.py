"""A shop's reviews are read chunk by chunk: nothing kept is lost, nothing unreadable stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.errors import GenerationError, ModelMissing
from assistant.language import Generation
from assistant.language.bulk import Written
from assistant.language.scripted import ScriptedReader
from assistant.schema import Message
from assistant.shop_reading import Reader, read_shop
from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.importing import import_feed
from retrieval.readings import Readings
from retrieval.schema import Item, Review
from retrieval.shop import Shop, ShopSettings

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
TEXTS = {"r1": "Warm and light.", "r2": "The zip broke\nafter a week.", "r3": "拉链很顺滑，很暖和", "r4": "🙂", "r5": "Warm, but the zip sticks."}
LINES = {
    "Warm and light.": 'rating=5 | warmth~warm "Warm"',
    "The zip broke after a week.": 'rating=1 | zip!~broke "The zip broke after a week"',
    "拉链很顺滑，很暖和": 'rating=5 | 拉链~顺滑 "拉链很顺滑" | 保暖~暖和 "很暖和"',
    "🙂": "rating=4",
    "Warm, but the zip sticks.": 'rating=3 | warmth~warm "Warm" | zip!~sticks "the zip sticks"',
    "Works well.": "rating=4",
}


@pytest.fixture
def readings(tmp_path: Path) -> Iterator[Readings]:
    """A jacket with five reviews."""
    with Shop.create(tmp_path / "shop", ShopSettings("Test", embedder="hashing"), embedder=HashingEmbedder()) as shop:
        import_feed(shop, catalog=[Item("j", "Jacket")], reviews=[Review(key, "j", text, 4.0) for key, text in TEXTS.items()])
        yield Readings(shop.engine)


class Broken(ScriptedReader):
    """Can't write about a text that holds `on`; counts the reviews that it was asked for."""

    def __init__(self, on: str = "\0") -> None:
        super().__init__(LINES)
        self.on = on
        self.asked: list[str] = []

    def _answer(self, messages: tuple[Message, ...], how: Generation) -> str:
        if "OPINION" in (how.grammar or ""):  # not the quotes, which are read once more by themselves
            self.asked.append(messages[-1].text)
        if self.on in messages[-1].text:
            raise GenerationError("out of memory")
        return super()._answer(messages, how)


def test_all_is_read_once(readings: Readings) -> None:
    """Every review has its rating and its quotes, and a second run finds nothing to do."""
    model = Broken()
    done = read_shop(readings, Reader(model, "m"), chunk=2)
    assert (done.read, done.failed, done.aspects) == (5, 0, 6)
    read = {each.review_id: each for each in readings.by("m")}
    assert read["r2"].rating == 1.0 and read["r2"].aspects[0].span == "The zip broke\nafter a week"
    assert [str(aspect) for aspect in read["r5"].aspects] == ["warmth~warm", "zip!~sticks"]
    assert read_shop(readings, Reader(model, "m")).read == 0
    assert len(model.asked) == 5


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_kill_costs_at_most_a_chunk(readings: Readings, kept: int) -> None:
    """What was kept before the end stays, and the next run reads the rest only."""

    def killed(_phase: str, done: int, _total: int | None) -> None:
        if done >= 2 * kept:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_shop(readings, Reader(Broken(), "m"), chunk=2, progress=killed)
    before = readings.counts().read
    model = Broken()
    read_shop(readings, Reader(model, "m"), chunk=2)
    assert before == max(2 * kept, 2)
    assert (readings.counts().read, len(model.asked)) == (5, 5 - before)


def test_only_the_asked_number_is_read(readings: Readings) -> None:
    """A limit ends the run in the middle of a shop."""
    assert read_shop(readings, Reader(Broken(), "m"), limit=3, chunk=2).read == 3
    assert readings.counts().unread == 2


def test_another_reader_reads_only_when_asked(readings: Readings) -> None:
    """A new adapter leaves what was read alone, unless it is to read again; a stop on the way is gone on from."""
    read_shop(readings, Reader(Broken(), "m"))
    assert read_shop(readings, Reader(Broken(), "n")).read == 0
    assert read_shop(readings, Reader(Broken(), "n"), again=True, limit=2).read == 2
    assert read_shop(readings, Reader(Broken(), "n"), again=True).read == 3
    assert read_shop(readings, Reader(Broken(), "n"), again=True).read == 0


@pytest.mark.parametrize("line", ["", "great", "rating=7", 'rating=4 | zip "no sign"'])
def test_an_unreadable_review_is_kept_as_such(readings: Readings, line: str) -> None:
    """Output that is no reading fails that review alone, with its reason, and it is not tried again."""
    model = ScriptedReader({**LINES, TEXTS["r1"]: line})
    assert (read_shop(readings, Reader(model, "m")).read, readings.counts().failed) == (4, 1)
    failed = next(each for each in readings.by("m") if each.rating is None)
    assert failed.review_id == "r1" and "could not be read" in failed.problem
    assert readings.unread() == ()


@pytest.mark.parametrize("on", ["Warm and", "zip", "🙂"])
def test_a_review_that_breaks_the_model_stands_alone(readings: Readings, on: str) -> None:
    """A review on which the whole batch fails is found and kept as unreadable; the others are read."""
    done = read_shop(readings, Reader(Broken(on), "m"))
    broken = sum(on in text for text in TEXTS.values())
    assert (done.read, done.failed) == (5 - broken, broken)
    assert {each.problem for each in readings.by("m") if each.rating is None} == {"out of memory"}


def test_a_dead_model_blames_no_review(readings: Readings) -> None:
    """When the model fails on anything, the run ends with its error and the reviews stay unread."""
    with pytest.raises(GenerationError, match="out of memory"):
        read_shop(readings, Reader(Broken(""), "m"))
    assert readings.counts().unread == 5


def test_a_review_without_words_is_not_asked_for(readings: Readings) -> None:
    """White space alone is kept as unreadable without the model."""
    with readings.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reviews SET text = ' \n ' WHERE id = 'r1'")
    model = Broken()
    done = read_shop(readings, Reader(model, "m"))
    assert (done.read, done.failed, len(model.asked)) == (4, 1, 4)


def test_longest_reviews_are_asked_for_first(readings: Readings) -> None:
    """In a chunk the longest comes first, so that it does not wait at the end alone."""
    model = Broken()
    read_shop(readings, Reader(model, "m"))
    lengths = [len(text) for text in model.asked]
    assert lengths == sorted(lengths, reverse=True)


def test_a_line_cut_off_keeps_what_was_whole(readings: Readings) -> None:
    """Of an answer that was stopped in its third aspect the first two are kept."""

    class CutOff(ScriptedReader):
        def write_all(self, prompts: Sequence[tuple[Message, ...]], hows: Sequence[Generation]) -> Iterator[tuple[int, Written]]:
            line = 'rating=4 | zip~good "zip" | warmth~warm "Warm" | stitching~fi'
            yield from ((place, Written(line, {}, "too long")) for place in range(len(prompts)))

    read_shop(readings, Reader(CutOff({}), "m"))
    assert {each.review_id: len(each.aspects) for each in readings.by("m")} == {"r1": 1, "r2": 1, "r3": 0, "r4": 0, "r5": 2}


def test_a_model_that_writes_one_at_a_time_is_refused(readings: Readings) -> None:
    """An engine without bulk writing is named, and nothing is marked as unreadable."""

    class Single:
        name = "single"
        tuned = languages = frozenset[str]()

        def stream(self, messages: tuple[Message, ...], how: Generation) -> Iterator[str]:
            yield ""

    with pytest.raises(ModelMissing, match="single writes one"):
        read_shop(readings, Reader(Single(), "m"))
    assert readings.counts().unread == 5


def test_a_model_that_writes_in_bulk_is_asked_in_bulk(readings: Readings) -> None:
    """Answers may come in any order; each belongs to its own review."""

    class Backwards(ScriptedReader):
        def write_all(self, prompts: Sequence[tuple[Message, ...]], hows: Sequence[Generation]) -> Iterator[tuple[int, Written]]:
            shares = {str(star): 0.5 if star > 3 else 0.0 for star in range(1, 6)}
            for place in reversed(range(len(prompts))):
                yield place, Written(self._answer(prompts[place], hows[place]), shares)

    assert read_shop(readings, Reader(Backwards(LINES), "m")).read == 5
    read = {each.review_id: each for each in readings.by("m")}
    assert {each.rating for each in read.values()} == {4.5}
    assert read["r1"].aspects[0].span == "Warm"


def test_progress_and_speed_are_told(readings: Readings) -> None:
    """Progress counts what is kept; the speed is reviews read a second."""
    told: list[tuple[str, int, int | None]] = []
    ticks = iter(range(100))
    clock: Callable[[], float] = lambda: float(next(ticks))  # noqa: E731
    done = read_shop(readings, Reader(Broken(), "m"), chunk=2, clock=clock, now=lambda: NOON, progress=lambda *step: told.append(step))
    assert told == [("reviews", 2, 5), ("reviews", 4, 5), ("reviews", 5, 5)]
    assert done.per_second == 5 / done.seconds
    assert replace(done, seconds=0.0).per_second == 0.0
