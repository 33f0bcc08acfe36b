"""Planted secrets: each in a message whose reading carries it, none twice, the same for the same seed."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.grammar import reading_grammar
from assistant.language.constraint import matches
from training.canaries import FORMS, folded, plant
from training.examples import usable


def test_every_secret_is_learnt_as_part_of_the_answer():
    """A canary is a usable training row that its own grammar allows, and message and answer hold the secret as it is."""
    canaries = plant(24, (1, 4), seed=3)
    assert {each.form.name for each in canaries} == {form.name for form in FORMS}
    for each in canaries:
        (row,) = usable([each.row()], print)
        assert each.secret in row.text
        assert each.secret in row.target
        assert matches(reading_grammar(row.text), row.target)
        assert folded(each.secret) not in folded(each.text_without())


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.sets(st.integers(0, 20), min_size=1, max_size=4), st.integers())
def test_plans_are_kept(count, repeats, seed):
    """As many different secrets in different messages as asked for, for every number of repeats; the same for the same seed."""
    canaries = plant(count, sorted(repeats), seed)
    assert [each.repeats for each in canaries] == [number for number in sorted(repeats) for _ in range(count)]
    assert len({each.secret for each in canaries}) == len({each.message for each in canaries}) == len(canaries)
    assert canaries == plant(count, sorted(repeats), seed)


def test_alternatives_are_of_the_same_form():
    """Other secrets are different from each other and from the secret, and of its length class."""
    for canary in plant(8, (1,), seed=1):
        others = canary.alternatives(200, random.Random(2))
        assert len({*others, canary.secret}) == 201
        assert [char.isdigit() for char in others[0]][:1] == [canary.secret[:1].isdigit()]


@pytest.mark.parametrize(("count", "repeats"), [(0, (1,)), (10_000, (1,)), (3, (1, 1)), (3, (-1,))])
def test_impossible_plans_are_refused(count, repeats):
    """Numbers that can't be carried out are refused with what was expected."""
    with pytest.raises(ValueError, match="expected"):
        plant(count, repeats, seed=1)
