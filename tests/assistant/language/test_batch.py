"""Batches hold what a cache of one sequence holds, and their loop keeps every row busy."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import GenerationError
from assistant.language import Generation, open_model
from assistant.language.batch import Bulk, likeliest, shared_start
from assistant.language.chat_text import ChatText
from assistant.language.constraint import Vocabulary
from assistant.language.local import LocalModel
from assistant.schema import Message

WORD = 'start: /[a-z]{1,12}/ ";"'


class Dice:
    """A Batch whose scores depend on a row's tokens alone; it remembers how many rows it stepped at once."""

    limit = 4096

    def __init__(self, rows: int, width: int) -> None:
        self.rows = rows
        self.width = width
        self.held: dict[int, list[int]] = {}
        self.steps: list[int] = []

    def fill(self, row: int, tokens: Sequence[int]) -> Any:
        self.held[row] = list(tokens)
        return self._scores(row)

    def step(self, tokens: Mapping[int, int]) -> Any:
        self.steps.append(len(tokens))
        for row, token in tokens.items():
            self.held[row].append(token)
        return {row: self._scores(row) for row in tokens}

    def _scores(self, row: int) -> Any:
        seed = sum(place * token for place, token in enumerate(self.held[row], 1))
        return np.random.default_rng(seed).normal(size=self.width).astype(np.float32)


@pytest.fixture(scope="module")
def text(tiny: Path) -> ChatText:
    return ChatText(tiny)


@settings(deadline=None, max_examples=15)
@given(rows=st.integers(1, 5), names=st.lists(st.text("abc", max_size=6), max_size=9))
def test_rows_do_not_matter(text: ChatText, rows: int, names: list[str]) -> None:
    """However many rows there are, each prompt gets the same answer, and none is lost or doubled."""
    vocabulary = Vocabulary(text.tokenizer.to_str(), text.width, text.ends)
    prompts = [(Message("user", name),) for name in names]
    hows = [Generation(20, WORD) for _ in names]

    def told(rows: int) -> dict[int, str]:
        batch = Dice(rows, text.width)
        answers = list(Bulk(batch, text, vocabulary, threading.Lock()).write_all(prompts, hows))
        assert len(answers) == len(names)
        assert max(batch.steps, default=0) <= rows
        return {place: written.text for place, written in answers}

    assert told(rows) == told(1)


def test_a_free_row_is_filled_at_once(text: ChatText) -> None:
    """No row waits for the longest answer: with enough prompts every step but the last few is a full one."""
    batch = Dice(4, text.width)
    vocabulary = Vocabulary(text.tokenizer.to_str(), text.width, text.ends)
    prompts = [(Message("user", f"{n}"),) for n in range(40)]
    list(Bulk(batch, text, vocabulary, threading.Lock()).write_all(prompts, [Generation(20, WORD)] * 40))
    full = batch.steps.index(next(rows for rows in batch.steps if rows < 4))
    assert len(batch.steps) - full <= 14


def test_a_stop_string_ends_one_of_many(text: ChatText) -> None:
    """Neither the stop string nor what follows it is given out."""
    vocabulary = Vocabulary(text.tokenizer.to_str(), text.width, text.ends)
    how = Generation(20, 'start: "red shoe END blue"', stop=("END",))
    ((_, written),) = Bulk(Dice(2, text.width), text, vocabulary, threading.Lock()).write_all([(Message("user", "x"),)], [how])
    assert (written.text, written.problem) == ("red shoe ", "")


def test_an_answer_tells_how_sure_its_choices_were(text: ChatText) -> None:
    """One share for each choice under the grammar, none for what it forces; the first is that of the token in `first`."""
    vocabulary = Vocabulary(text.tokenizer.to_str(), text.width, text.ends)
    prompt, grammar = (Message("user", "x"),), 'start: ("a" | "b") "zz" ("c" | "d") "!"'
    hows = [Generation(20, grammar), Generation(5)]
    answers = dict(Bulk(Dice(2, text.width), text, vocabulary, threading.Lock()).write_all([prompt, prompt], hows))
    bound, free = answers[0], answers[1]
    assert len(bound.shares) == 2 and free.shares == ()
    assert bound.shares[0] == pytest.approx(bound.first[bound.text[0]])
    assert all(0.5 <= share <= 1 for share in bound.shares)


@pytest.mark.parametrize(("engine", "task"), [("onnx", None), ("transformers", None), ("transformers", "read")])
def test_a_row_scores_as_a_sequence_alone(tiny_home: Path, make_adapter: Callable[..., Path], engine: str, task: str | None) -> None:
    """Rows of any length, begun at any time, grown past their first memory, score as each would alone, adapter included."""
    adapter = make_adapter("read") if engine == "transformers" else None
    model: Any = open_model("tiny", engine, home=tiny_home, adapter=adapter, precision="bfloat16")
    batch, random = model._open_batch(task), np.random.default_rng(0)
    rows: dict[int, list[int]] = {}

    def check(row: int, scores: Any) -> None:
        alone = model._open_cache(task).append(rows[row])
        assert np.abs(scores - alone).max() < 0.05 * np.abs(alone).max()

    def fill(row: int, length: int) -> None:
        rows[row] = rows.get(row, [])[:5] + random.integers(3, 250, length).tolist()
        check(row, batch.fill(row, rows[row]))

    def step(*given: int) -> None:
        tokens = {row: int(random.integers(3, 250)) for row in given}
        for row, token in tokens.items():
            rows[row].append(token)
        for row, scores in batch.step(tokens).items():
            check(row, scores)

    fill(0, 9), fill(1, 40), fill(3, 1)
    step(0, 1, 3), step(0, 3), fill(1, 17), fill(2, 300), step(0, 1, 2, 3), step(2, 1), step(2)


def test_onnx_holds_no_more_than_its_limit(tiny_home: Path) -> None:
    """What does not fit in a row is refused before it is written anywhere."""
    batch = open_model("tiny", "onnx", home=tiny_home, adapter=None)._open_batch(None)  # type: ignore[attr-defined]
    with pytest.raises(GenerationError, match=f"at most {batch.limit}"):
        batch.fill(0, [5] * (batch.limit + 1))


def test_weights_are_loaded_once_and_memory_is_given_back(tiny_home: Path) -> None:
    """Calls share the weights; what a call held is freed as soon as its answers are closed."""
    model: Any = open_model("tiny", "onnx", home=tiny_home, adapter=None)
    opened: list[weakref.ref[Any]] = []
    open_batch = model._open_batch

    def watched(task: str | None) -> Any:
        batch = open_batch(task)
        opened.append(weakref.ref(batch))
        return batch

    bulk = LocalModel(
        model.name, model._text, model._open_cache, watched, tuned=model.tuned, languages=model.languages,
    )
    answers = bulk.write_all([(Message("user", "x"),)] * 3, [Generation(20, WORD)] * 3)
    next(answers)
    again = open_batch(None)
    assert again._session is opened[0]()._session and again._memory is not opened[0]()._memory
    answers.close()
    assert opened[0]() is None


def test_scores_that_are_no_numbers() -> None:
    """NaN is an error, never a token."""
    with pytest.raises(GenerationError, match="not finite"):
        likeliest(np.array([0.0, np.nan, 1.0], dtype=np.float32))
    assert likeliest(np.array([0.0, -np.inf, 1.0], dtype=np.float32)) == 2


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_a_shared_start_is_the_longest(old: list[int], new: list[int]) -> None:
    """What both begin with is equal, and the next token is not."""
    kept = shared_start(old, new)
    assert old[:kept] == new[:kept]
    assert old[kept : kept + 1] != new[kept : kept + 1] or kept == min(len(old), len(new))
