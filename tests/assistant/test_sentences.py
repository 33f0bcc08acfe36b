"""Texts are cut where a sentence ends, and nowhere else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.sentences import sentence_spans, sentences_of


@pytest.mark.parametrize(("text", "sentences"), [
    ("Parcels cost 3.95 under 40.00. Above it they are free!", ("Parcels cost 3.95 under 40.00.", "Above it they are free!")),
    ("love it. works fine", ("love it.", "works fine")),
    ("good... but not great. ok", ("good... but not great.", "ok")),
    ("Fits e.g. size 5.5 and Mr. Lee's desk. Nice.", ("Fits e.g. size 5.5 and Mr. Lee's desk.", "Nice.")),
    ("It works great.I love it.", ("It works great.", "I love it.")),
    ("面料很舒服。退货运费3.95元，由谁出？“好。”", ("面料很舒服。", "退货运费3.95元，由谁出？", "“好。”")),
    ("one line\nanother, no stop\n\n  ", ("one line", "another, no stop")),
    ("?! ... 。", ()),
])
def test_sentences(text: str, sentences: tuple[str, ...]) -> None:
    """A stop ends a sentence unless it stands in a number or an abbreviation; so does the end of a line."""
    assert sentences_of(text) == sentences


@given(st.text(st.sampled_from("ab19.,!?…。！？ \n\r\u2028\u3000“”()Z好价")))
@example("\u2028.a\r\n。")
def test_every_word_stands_in_one_sentence(text: str) -> None:
    """Spans follow one another, begin and end in no white space, lie in one line, and leave out no letter or digit."""
    spans = sentence_spans(text)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() and len(text[start:end].splitlines()) == 1 for start, end in spans)
    inside = {at for start, end in spans for at in range(start, end)}
    assert not [at for at, char in enumerate(text) if char.isalnum() and at not in inside]


@given(st.integers(0, 9999), st.integers(0, 99), st.sampled_from(["costs {} today", "价格{}元", "{}", "under {}, ok"]))
def test_a_number_is_never_cut(whole: int, part: int, sentence: str) -> None:
    """A decimal stays in one piece."""
    text = sentence.format(f"{whole}.{part:02}")
    assert sentences_of(text) == (text,)
