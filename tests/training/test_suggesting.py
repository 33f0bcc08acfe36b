"""What is suggested is doubted and varied."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.drafts import Draft, Unlabelled
from training.suggesting import doubt_of, suggest


def _draft(number: int, share: float | None, problem: str = "") -> Draft:
    shares = () if share is None else (share,)
    return Draft(Unlabelled(str(number), "en", f"message {number}"), "recommend", shares, problem)


def _around(centre: int, count: int, random: np.random.Generator) -> np.ndarray:
    middle = np.eye(8, dtype=np.float32)[centre]
    return middle + 0.01 * random.normal(size=(count, 8)).astype(np.float32)


def test_no_two_alike() -> None:
    """Of forty doubted messages in four heaps, four suggestions are one of each heap, though one heap is doubted most."""
    random = np.random.default_rng(0)
    vectors = np.concatenate([_around(heap, 3 if heap < 3 else 31, random) for heap in range(4)])
    drafts = [_draft(n, 0.3 if n < 9 else 0.2) for n in range(40)]
    found = suggest(drafts[:12], vectors[:12], 4)
    assert sorted(int(each.draft.asked.id) // 3 for each in found) == [0, 1, 2, 3]


def test_the_sure_are_not_suggested() -> None:
    """With thrice as many sure messages as are wanted none of them is listed, and the most doubted comes first."""
    vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    drafts = [_draft(n, 0.99 if n >= 9 else 0.1 + n / 100) for n in range(40)]
    found = suggest(drafts, vectors, 3)
    assert all(int(each.draft.asked.id) < 9 for each in found)
    doubts = [each.doubt or 0.0 for each in found]
    assert doubts == sorted(doubts, reverse=True)


def test_untold_probabilities_leave_variety() -> None:
    """Without probabilities the score is null, and the list is still one of each heap."""
    random = np.random.default_rng(1)
    vectors = np.concatenate([_around(heap, 5, random) for heap in range(3)])
    found = suggest([_draft(n, None) for n in range(15)], vectors, 3)
    assert sorted(int(each.draft.asked.id) // 5 for each in found) == [0, 1, 2]
    assert all(each.row()["score"] is None for each in found)


def test_an_unreadable_message_is_doubted_wholly() -> None:
    """However sure the model was until its answer was cut off."""
    assert doubt_of(_draft(0, 0.99, problem="cut off")) == 1.0


@settings(deadline=None, max_examples=20)
@given(shares=st.lists(st.floats(0.01, 1.0), max_size=30), count=st.integers(1, 12), alike=st.booleans())
def test_as_many_as_there_are(shares: list[float], count: int, alike: bool) -> None:
    """Never more than asked for, never fewer than there are, none twice; also where all vectors fall together."""
    vectors = np.ones((len(shares), 4)) if alike else np.random.default_rng(0).normal(size=(len(shares), 4))
    found = suggest([_draft(n, share) for n, share in enumerate(shares)], vectors.astype(np.float32), count)
    assert len({each.draft.asked.id for each in found}) == len(found) == min(count, len(shares))
