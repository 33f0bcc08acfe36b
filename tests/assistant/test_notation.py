"""The line notation is strict, survives a round trip, and folds values as scoring does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.notation import fold, format_line, parse, tidy
from assistant.schema import INTENTS
from retrieval.schema import FACETS, OPS, Signal

WORDS = st.text(alphabet="abcdefgh0123456789 红色跑鞋-.'", min_size=1, max_size=20).map(str.strip).filter(bool)
SIGNALS = st.builds(Signal, st.sampled_from(FACETS), st.sampled_from(OPS), WORDS)


@given(st.sampled_from(INTENTS), st.lists(SIGNALS, max_size=5))
def test_what_is_formatted_is_parsed_back(intent, signals):
    """A reading survives its notation, doubles dropped."""
    assert parse(format_line(intent, signals)) == (intent, tuple(dict.fromkeys(signals)))


@pytest.mark.parametrize("line", ["", "buy | color~red", "recommend | red", "recommend |", "recommend | color~", "recommend | ~red"])
def test_a_broken_line_is_refused_with_what_was_found(line):
    """What is no notation raises ValueError that says what stands there."""
    with pytest.raises(ValueError, match="found"):
        parse(line)


def test_a_value_with_a_separator_is_refused():
    """A value can't open a signal of its own."""
    with pytest.raises(ValueError, match="separator"):
        format_line("recommend", [Signal("feature", "~", "a | price<=1")])


@pytest.mark.parametrize(
    ("value", "folded"),
    [("Running Shoes", "running shoe"), ("my brother", "brother"), ("with a lid", "lid"), ("带盖", "盖"), ("batteries", "battery"),
     ("straps", "strap"), ("glass", "glass"), ("dishes", "dish"), ("fit in  the hatchback", "fit in hatchback"), ("带", "带")],
)
def test_folding_removes_plural_article_my_and_with(value, folded):
    """Values that scoring holds to be equal fold to one text."""
    assert fold(value) == folded


@given(WORDS)
def test_folding_again_changes_no_plain_value(value):
    """Folding is for comparing: it never makes a value empty unless it held nothing but articles."""
    assert fold(value) or set(value.split()) <= {"a", "an", "the", "my"}


def test_tidying_keeps_the_currency_code():
    """An amount in another currency stays one."""
    assert tidy("80 GBP") == "80 GBP"
    assert tidy("The Red  Shoe") == "red shoe"
