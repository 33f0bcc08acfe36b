"""A question and passages become a sentence of one of them, or no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import GenerationError
from assistant.language.constraint import matches
from assistant.language.scripted import ScriptedModel
from assistant.passages import Answer, answer_line, answer_question, answering_grammar, quotable

PAGES = ("Returns: Unworn shoes can be sent back within 30 days. Clean ones too! No fee.", "运费: 满49元包邮。不满的收8元。")


def test_only_sentences_of_the_pages_can_be_written() -> None:
    """A sentence, two that follow each other, or 0; never one of another page."""
    grammar = answering_grammar(PAGES)
    for line in ("0", '1 "Clean ones too!"', '1 "Clean ones too! No fee."', '2 "不满的收8元。"'):
        assert matches(grammar, line)
    for line in ("", "1", '2 "No fee."', '3 "No fee."', '1 "Unworn shoes No fee."', '1 "Returns"'):
        assert not matches(grammar, line)


def test_the_answer_is_verbatim() -> None:
    """The model's line becomes the place of the page and its sentence; 0 is no answer."""
    said = ScriptedModel(lambda messages, how: '2 "不满的收8元。"')
    assert answer_question("运费多少", PAGES, said) == Answer(1, "不满的收8元。")
    assert answer_question("hours?", PAGES, ScriptedModel(lambda messages, how: "0")) is None
    with pytest.raises(GenerationError, match="expected 0"):
        answer_question("hours?", PAGES, ScriptedModel({}))


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=80), min_size=1, max_size=4))
def test_every_sentence_can_be_answered_with(passages: list[str]) -> None:
    """Whatever stands on a help page, each of its sentences stands verbatim in it and fits the grammar."""
    flat = [" ".join(passage.split()) for passage in passages]
    grammar = answering_grammar(flat)
    for place, passage in enumerate(flat):
        for quote in quotable(passage)[:3]:
            assert quote in passage
            assert matches(grammar, answer_line(Answer(place, quote)))
