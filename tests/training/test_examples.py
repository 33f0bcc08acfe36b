"""Labelled messages become prompts and targets that can be copied; bad rows are reported; disturbing keeps gold right."""

import json
import random

import pytest

from assistant.notation import fold, parse
from training.examples import DATA, Labelled, example, hold_out, mark, read_messages, usable
from training.noise import Noise, disturb, pool_of

ALWAYS = Noise(typo=1, value=1, number=1, titles=1, commas=1)


@pytest.fixture(scope="module")
def shipped():
    """The labelled messages that come with the project."""
    return [row for file in sorted((DATA / "messages").glob("*.jsonl")) for row in read_messages(file, print)]


@pytest.fixture
def labelled():
    """A message with the given gold."""

    def make(message, gold, **more):
        intent, signals = parse(gold)
        return Labelled("x", more.pop("language", "en"), message, intent, signals, **more)

    return make


def test_every_shipped_message_but_a_few_can_be_copied(shipped):
    """More than 99 % of the gold values are contiguous pieces of their message."""
    assert len(shipped) > 1800
    assert len(usable(shipped, lambda row: None)) > 0.99 * len(shipped)


def test_a_target_means_its_gold(shipped):
    """The line to write folds to the gold line."""
    for marked, row in [(mark(row), row) for row in shipped[:300] if row.id not in {"ta423", "ta425"}]:
        intent, signals = parse(marked.target)
        assert intent == row.intent
        assert {(s.facet, s.op, fold(s.value)) for s in signals} == {(s.facet, s.op, fold(s.value)) for s in row.signals}


def test_values_stand_in_the_order_of_the_text_and_as_typed(labelled):
    """Closed classes first, then what is copied, left to right, number words as digits."""
    row = labelled("Number two, but in red and under fifty pounds", "refine | price<=50 GBP | color~red | item=2", shown=("A", "B"))
    assert example(mark(row)).target == "refine | item=2 | color~red | price<=50 GBP"


def test_a_value_from_outside_is_refused(labelled):
    """Gold that doesn't stand in the message can't be learnt by copying."""
    with pytest.raises(ValueError, match="does not stand in the message"):
        mark(labelled("a red shoe", "recommend | color~blue"))


def test_bad_rows_are_reported_with_their_line(tmp_path):
    """Line, what was found, cure; the good ones are read."""
    good = {"id": "1", "language": "en", "message": "hi", "gold": "chat"}
    lines = [json.dumps(good), "{", json.dumps({**good, "gold": "buy"}), json.dumps({"id": "1"}), json.dumps({**good, "message": " "})]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines))
    bad = []
    assert [row.message for row in read_messages(path, bad.append)] == ["hi"]
    assert [row.line for row in bad] == [2, 3, 4, 5]
    assert all(row.cure for row in bad)


def test_disturbed_messages_keep_their_gold_in_the_text(shipped):
    """Whatever is changed, every copied value still stands where its mark says, and items stay on the screen."""
    marked = usable(shipped, lambda row: None)
    pool, chance = pool_of(marked), random.Random(3)
    for message in marked[::3]:
        changed = disturb(message, pool, ALWAYS, chance)
        intent, signals = parse(changed.target)
        assert intent == message.intent
        assert [(s.facet, s.op) for s in signals] == [(s.facet, s.op) for s in dict.fromkeys(parse(message.target)[1])]
        for place in changed.marks:
            if place.start >= 0:
                assert changed.text[place.start : place.end].strip()
            elif place.signal.facet == "item":
                assert 1 <= int(place.signal.value) <= len(changed.shown)


def test_titles_that_are_named_move_with_their_number(labelled):
    """A reference by name follows the title to its new place."""
    message = mark(labelled("does the kettle whistle", "ask_item | item=1 | feature~whistle", shown=("Moss Kettle", "Tern Mug")))
    pool = pool_of([message])
    only_titles = Noise(typo=0, value=0, number=0, titles=1, commas=0)
    for seed in range(8):
        changed = disturb(message, pool, only_titles, random.Random(seed))
        assert f"item={changed.shown.index('Moss Kettle') + 1}" in changed.target


def test_validation_holds_back_a_tenth_of_every_file(shipped):
    """No row is in both parts, and every file is in both."""
    train, kept = hold_out(shipped)
    assert len(train) + len(kept) == len(shipped)
    assert {row.file for row in train} == {row.file for row in kept}
    assert not {row.id for row in train} & {row.id for row in kept}


def test_validation_messages_are_not_trained_on(shipped):
    """The shipped validation set shares no message with the training set."""
    kept = [row for file in (DATA / "validation").glob("*.jsonl") for row in read_messages(file, print)]
    assert len(kept) >= 150
    assert not {row.message for row in kept if len(row.message) > 12} & {row.message for row in shipped}
