"""The ranker: probabilities, one score, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import RankingError
from retrieval.ranking import ITEM_FEATURES, TEXT_FEATURES, Ranker, RankerFile, load_ranker


def _features(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    text = random.standard_normal((count, len(TEXT_FEATURES))).astype(np.float32)
    return text, np.zeros((count, len(ITEM_FEATURES)), dtype=np.float32)


def test_a_met_wish_counts_more_than_words() -> None:
    """Of two items that words fit alike, the one that meets a soft wish stands first, and is likelier."""
    text, item = _features(1)
    item = np.repeat(item, 2, axis=0)
    item[1, ITEM_FEATURES.index("wished")] = 1.0
    ranked = load_ranker().rank(np.repeat(text, 2, axis=0), item)
    assert ranked.score[1] > ranked.score[0]
    assert 0 < ranked.relevant[0] < ranked.relevant[1] < 1


def test_a_ranker_is_read_as_it_was_saved(tmp_path: Path) -> None:
    """What was saved ranks to the same numbers."""
    shipped, features = load_ranker(), _features(5)
    replace(shipped, click_share=0.5, told="mine").save(tmp_path)
    again = load_ranker(tmp_path)
    assert again.told == "mine"
    assert np.array_equal(again.rank(*features).click, shipped.rank(*features).click)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_refused(value: float) -> None:
    """A NaN among the features is an error and not an order."""
    text, item = _features(2)
    text[1, 0] = value
    with pytest.raises(RankingError, match="no finite numbers"):
        load_ranker().rank(text, item)


def test_a_ranker_with_weights_that_are_no_numbers_is_refused() -> None:
    """NaN weights never rank."""
    shipped = load_ranker()
    with pytest.raises(RankingError, match="Train it again"):
        replace(shipped, mean=np.full_like(shipped.mean, np.nan))


def test_a_broken_file_leaves_the_ranker_before_it_in_force(tmp_path: Path) -> None:
    """A shop goes on ranking while its newest ranker can't be read, and says why; a good one is taken without a restart."""
    mine = RankerFile(tmp_path)
    assert mine.current().told == load_ranker().told
    (tmp_path / "ranker.safetensors").write_bytes(b"no tensors")
    assert mine.current().told == load_ranker().told
    assert "can't be read" in mine.warning
    replace(load_ranker(), told="newer").save(tmp_path)
    assert (mine.current().told, mine.warning) == ("newer", "")


def test_no_ranker_names_the_cure(tmp_path: Path) -> None:
    """A folder without one says how to train one."""
    with pytest.raises(RankingError, match="daogou train ranker"):
        load_ranker(tmp_path)


def test_the_ranker_is_the_same_whatever_else_is_ranked() -> None:
    """A candidate's score does not depend on the others."""
    ranker: Ranker = load_ranker()
    text, item = _features(6)
    assert np.allclose(ranker.rank(text, item).score[:2], ranker.rank(text[:2], item[:2]).score, atol=1e-5)
