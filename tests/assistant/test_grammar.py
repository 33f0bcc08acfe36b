"""The grammar of a reading takes what stands in the message and nothing else."""

import itertools

import llguidance
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.grammar import chains, reading_grammar, spans
from assistant.numerals import normalise


@pytest.fixture(scope="module")
def accepts():
    """Whether the grammar takes a line, byte by byte: no model's tokenizer is needed."""
    tokenizer = llguidance.LLTokenizer("byte")

    def check(grammar: str, line: str) -> bool:
        matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_lark(grammar), log_level=0)
        assert not matcher.is_error(), matcher.get_error()
        taken = matcher.try_consume_tokens(list(line.encode()))
        return taken == len(line.encode()) and matcher.is_accepting()

    return check


MESSAGE = normalise("a waterproof running shoe for my wife, size 38, under £80, not nike").text


@pytest.mark.parametrize(
    "line",
    ["recommend | category=running shoe | feature~waterproof | audience~my wife | size~size 38 | price<=80 GBP | brand!=nike", "chat",
     "recommend", "human", "policy | topic=gift card | category=running shoe", "order | action=track"],
)
def test_what_stands_in_the_message_is_taken(accepts, line):
    """Whole-word pieces of the message, its numbers and the closed classes are all that a reading needs."""
    assert accepts(reading_grammar(MESSAGE), line)


@pytest.mark.parametrize(
    "line",
    ["recommend | brand!=adidas", "recommend | price<=90 GBP", "recommend | price<=80", "recommend | item=1", "recommend | feature~water",
     "recommend | category=wife, size", "recommend | topic=returns", "chat | color~nike", "buy", "recommend | colour~nike",
     "order | action=steal", "recommend | category=", "recommend | feature<=nike"],
)
def test_what_is_invented_is_refused(accepts, line):
    """No value, number, item, facet or class from outside; no half word; nothing across a comma."""
    assert not accepts(reading_grammar(MESSAGE), line)


def test_items_go_up_to_what_is_shown(accepts):
    """An item is a number on the screen."""
    grammar = reading_grammar("the 2nd but cheaper", ("Nimbus Road", "Acme Trail"))
    assert accepts(grammar, "refine | item=2 | price~cheaper")
    assert accepts(grammar, "refine | brand!=acme")
    assert not accepts(grammar, "refine | item=3")


def test_chinese_values_are_pieces_of_characters(accepts):
    """Chinese needs no spaces; a space in the message may be part of a value or its end."""
    grammar = reading_grammar(normalise("防水的徒步鞋 女 两百以内 不要皮的").text)
    assert accepts(grammar, "recommend | feature~防水 | category=徒步鞋 | audience~女 | price<=200 | material!=皮")
    assert not accepts(grammar, "recommend | category=登山鞋")


def test_a_catalogue_adds_its_facets(accepts):
    """A facet of the catalogue may be used, an unknown one not."""
    assert accepts(reading_grammar("a diesel car", facets=("fuel",)), "recommend | fuel=diesel")
    assert not accepts(reading_grammar("a diesel car"), "recommend | fuel=diesel")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_every_message_has_a_grammar(accepts, message, shown):
    """Whatever is typed or shown, the grammar compiles and `chat` is a reading."""
    assert accepts(reading_grammar(normalise(message).text, tuple(shown)), "chat")


@given(st.text(alphabet="ab c,.'红鞋 12", max_size=40))
def test_values_start_and_end_with_words(text):
    """A span holds words at both ends and crosses no comma."""
    for start, end in spans(text):
        assert text[start:end].strip() == text[start:end] != ""
    assert all(a[1] <= b[0] for run in chains(text) for a, b in itertools.pairwise(run))
