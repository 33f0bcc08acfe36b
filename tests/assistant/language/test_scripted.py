"""The stand-in says what it was given, and nothing else."""

from __future__ import annotations

import pytest

from assistant.errors import GenerationError
from assistant.language import Generation, generate
from assistant.language.scripted import ScriptedModel, ScriptedReader
from assistant.notation import parse
from assistant.prompts import reading_prompt, review_prompt, writing_prompt
from assistant.schema import Message
from retrieval.schema import Signal

LINES = {"red shoes, under 80": "recommend | category=shoe | color~red | price<=80", "便宜点": "refine | price~便宜"}
READ = Generation(task="read")


@pytest.mark.parametrize("message", ["red shoes, under 80", "  Red shoes,\n under 80 ", "便宜点"])
def test_a_known_message_gets_its_line(message: str) -> None:
    """The message is found in the prompt, whatever stands on the screen or was said before."""
    reader = ScriptedReader(LINES)
    history = (Message("user", "message: hello"), Message("assistant", "hi"))
    line = generate(reader, reading_prompt(message, ("Acme Trail",), history), READ)
    assert line == LINES[" ".join(message.lower().split())]


def test_an_unknown_message_is_not_guessed_at() -> None:
    """Without a line the reading is the fall-back, a plain request without signals."""
    assert parse(generate(ScriptedReader(LINES), reading_prompt("blue socks"), READ)) == ("recommend", ())
    assert generate(ScriptedReader({}, fallback="chat"), reading_prompt("blue socks"), READ) == "chat"


def test_a_sentence_copies_facts() -> None:
    """What it writes about an item is copied from the prompt's facts."""
    prompt = writing_prompt("en", "Trail 3", ("material: mesh", "weight: 300 g", "sole: rubber"), (Signal("color", "~", "red"),))
    assert generate(ScriptedReader({}), prompt, Generation(task="write")) == "material: mesh, weight: 300 g."


def test_it_can_be_as_slow_as_a_model() -> None:
    """A slow stand-in meets its deadline as a real engine does, after what it had written."""
    model = ScriptedModel({"hi": "one two three four"}, seconds_a_piece=0.05)
    pieces: list[str] = []
    with pytest.raises(GenerationError):
        pieces += model.stream((Message("user", "hi"),), Generation(deadline=0.0))
    assert generate(model, (Message("user", "hi"),), Generation(max_tokens=2)) == "one two"
    assert generate(model, (Message("user", "unknown"),), Generation()) == ""


def test_reviews_have_lines_too() -> None:
    """A review is found in its prompt; one without a line is neither good nor bad."""
    reader, how = ScriptedReader({"Warm. And light!": 'rating=5 | warmth~warm "Warm"'}), Generation(task="review")
    assert generate(reader, review_prompt("warm. and light!"), how) == 'rating=5 | warmth~warm "Warm"'
    assert generate(reader, review_prompt("Love it, 5 stars"), how) == "rating=3"


def test_many_are_answered_one_after_another() -> None:
    """An answer that is cut off says so; one that a stop string ends is whole."""
    model = ScriptedModel({"hi": "one two three END four"})
    hows = [Generation(), Generation(max_tokens=2), Generation(stop=("END",))]
    written = dict(model.write_all([(Message("user", "hi"),)] * 3, hows))
    assert [written[n].text for n in range(3)] == ["one two three END four", "one two", "one two three "]
    assert [bool(written[n].problem) for n in range(3)] == [False, True, False]
    assert not any(each.first for each in written.values())
