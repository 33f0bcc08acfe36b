"""Kinship words and the labels that they stand for."""

from __future__ import annotations

import pytest

from retrieval.people import grown_up, labels_for


@pytest.mark.parametrize(
    ("person", "label", "grown"),
    [
        ("my mother", "women", True), ("my bf's mum", "women", True), ("闺蜜", "女士", True), ("我爸", "男士", True),
        ("grandma", "elderly", True), ("3岁孩子", "儿童", False), ("my nephews", "kids", False),
    ],
)
def test_kin_are_labelled(person: str, label: str, grown: bool) -> None:
    """The last kinship word decides."""
    assert label in labels_for(person)
    assert grown_up(person) is grown


@pytest.mark.parametrize("person", ["beginner", "large dogs", "敏感肌", ""])
def test_others_are_not(person: str) -> None:
    """Who is no kin gets no label."""
    assert labels_for(person) == () and not grown_up(person)
