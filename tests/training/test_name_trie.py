"""Likelihoods over a trie of names: one pass tells what writing each name out would tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.name_trie import NameTrie

NAMES = st.lists(st.lists(st.integers(0, 3), max_size=4).map(lambda name: (*name, 9)), min_size=1, max_size=8, unique=True)


def _chance(before, token):
    """A made-up model: how likely a token follows others."""
    weights = np.random.default_rng(hash((before, 7)) % 2**32).random(10) + 0.1
    return np.log(weights[token])


@given(NAMES)
def test_one_pass_over_the_trie_is_each_name_written_out(names):
    """The sums over branches equal the chain of every name, among the tokens that a name can go on with."""
    trie = NameTrie.of(names)
    paths = []
    for node, parent in enumerate(trie.parents):
        paths.append((*(paths[parent] if parent >= 0 else ()), int(trie.tokens[node])))
    found = np.zeros(len(names))
    for branch in trie.branches:
        before = paths[branch.node] if branch.node >= 0 else ()
        scores = np.array([_chance(before, token) for token in branch.tokens])
        for score, way in zip(scores - np.logaddexp.reduce(scores), branch.ways, strict=True):
            found[way] += score
    assert np.exp(found).sum() == pytest.approx(1)
    for number, name in enumerate(names):
        written = 0.0
        for length, token in enumerate(name):
            open_ = sorted({other[length] for other in names if other[:length] == name[:length] and len(other) > length})
            written += _chance(name[:length], token) - np.logaddexp.reduce([_chance(name[:length], each) for each in open_])
        assert found[number] == pytest.approx(written)


@given(NAMES)
def test_a_node_sees_itself_and_its_ancestors(names):
    """As many as its depth says, and no later one."""
    trie = NameTrie.of(names)
    assert (trie.sees().sum(axis=1) == trie.depths + 1).all()
    assert not np.triu(trie.sees(), 1).any()


def test_equal_names_are_refused():
    """Nothing could tell them apart."""
    with pytest.raises(ValueError, match="two names"):
        NameTrie.of([[1, 2], [1, 2]])
