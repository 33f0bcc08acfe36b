"""The vote of several readers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.notation import format_line, parse
from training.ensembles import vote, voted
from training.metrics import Case

LINES = st.sampled_from(["chat", "recommend | category=tent", "recommend | category=tent | color~red", "refine | color!=red"])


def test_what_most_say_holds() -> None:
    """Intent by majority, signals that more than half give; a plural is the same signal."""
    said = [parse(line) for line in ("recommend | category=tents | color~red", "recommend | category=tent", "refine | color~red | size~2")]
    assert format_line(*vote(said)) == "recommend | category=tents | color~red"


def test_on_a_tie_the_first_reader_decides_the_intent() -> None:
    """And a signal that only half of them give is left out."""
    assert format_line(*vote([parse("refine | color~red"), parse("recommend | category=tent")])) == "refine"


@given(st.lists(LINES, min_size=1, max_size=5))
def test_readers_who_agree_are_taken_at_their_word(lines: list[str]) -> None:
    """One reader, or several that say the same, give their own reading; the vote has no signal that nobody gave."""
    assert vote([parse(lines[0])] * len(lines)) == parse(lines[0])
    given_signals = {signal for line in lines for signal in parse(line)[1]}
    assert set(vote([parse(line) for line in lines])[1]) <= given_signals


def test_readers_of_other_messages_are_refused() -> None:
    """Cases are put together by place, so that their messages must be the same."""
    case = Case("a", "en", "chat", (), "chat", (), 10.0)
    other = Case("b", "en", "chat", (), "chat", (), 10.0)
    assert voted([[case], [case]])[0].ms == 20.0
    with pytest.raises(ValueError, match="different messages"):
        voted([[case], [other]])
