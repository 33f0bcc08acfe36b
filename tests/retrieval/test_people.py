"""Kinship words and the labels that they stand for."""

from __future__ import annotations

import pytest

from retrieval.people import grown_up, labels_for, without_ages


@pytest.mark.parametrize(
    ("person", "label", "grown"),
    [
        ("my mother", "women", True), ("my bf's mum", "women", True), ("闺蜜", "女士", True), ("我爸", "男士", True),
        ("grandma", "elderly", True), ("3岁孩子", "儿童", False), ("my nephews", "kids", False),
        ("3 year old", "kids", False), ("an 8-month-old", "children", False), ("6个月大的", "儿童", False),
    ],
)
def test_kin_are_labelled(person: str, label: str, grown: bool) -> None:
    """The last kinship word decides."""
    assert label in labels_for(person)
    assert grown_up(person) is grown


@pytest.mark.parametrize("person", ["beginner", "large dogs", "敏感肌", "", "a 15 year old", "60岁"])
def test_others_are_not(person: str) -> None:
    """Who is no kin gets no label."""
    assert labels_for(person) == () and not grown_up(person)


@pytest.mark.parametrize(("text", "left"), [
    ("blocks for a 3 year old", "blocks for a  "), ("6岁的书包", " 的书包"), ("a 3 year warranty", "a 3 year warranty"), ("3 layers", "3 layers"),
])
def test_ages_are_no_words_of_a_title(text: str, left: str) -> None:
    """A warranty and a jacket's layers keep their numbers."""
    assert without_ages(text) == left
