"""No span, no claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llguidance import LLMatcher

from assistant.grounding import said_twice, sentence_grammar, unsupported

FACTS = ("material: mesh, rubber", "waterproof: yes", "weight: 480 g", "Kept my feet dry on a three day hike", "材质：网布", "防水徒步鞋")


@pytest.mark.parametrize(
    "sentence",
    ["These are waterproof and made of mesh.", "At 480 g it fits your wish.", "It kept feet dry on a three day hike.", "这款鞋防水，网布材质，适合徒步。"],
)
def test_supported(sentence: str) -> None:
    """A sentence made of facts and free words stands."""
    assert unsupported(sentence, FACTS) == ()


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("These are made of leather.", "leather"),
        ("At 420 g it is light.", "420"),
        ("These are not waterproof.", "not"),
        ("The best boots in the world.", "world"),
        ("这款鞋是牛皮的。", "牛"),
        ("This 3 g pair is waterproof.", "3 g"),
        ("Mesh, mesh and mesh again.", "mesh"),
        ("防水、防水、防水的鞋。", "防水"),
        ("Buyers say that these are waterproof.", "say"),
        ("买家说这款鞋防水。", "买"),
    ],
)
def test_unsupported(sentence: str, wrong: str) -> None:
    """An invented material, number, negation or boast is found, and so is what a person is said to say."""
    assert wrong in unsupported(sentence, FACTS)


@given(st.lists(st.sampled_from(FACTS), min_size=1, unique=True))
def test_a_fact_supports_itself(facts: list[str]) -> None:
    """Any fact, said as it stands, is grounded."""
    assert unsupported(" ".join(facts), FACTS) == ()


def test_the_grammar_compiles() -> None:
    """The grammar that keeps an untuned model to the facts is one that llguidance takes."""
    assert LLMatcher.validate_grammar(sentence_grammar("en", FACTS), None) == ""


@pytest.mark.parametrize(
    ("sentence", "twice"),
    [
        ("This kettle has 1500 W and a quiet of 1500 W.", ("1500 w",)), ("A washable bed with a washable cover.", ("washable",)),
        ("At 480 g it is light, and at 500 g so is the other.", ()), ("For your mother, these are for hikes.", ()),
    ],
)
def test_a_sentence_says_a_thing_once(sentence: str, twice: tuple[str, ...]) -> None:
    """A measure or a long word that comes back is found; small words may."""
    assert said_twice(sentence) == twice
