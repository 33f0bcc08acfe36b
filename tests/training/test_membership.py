"""Membership by loss: sure where members are easier, a guess where nothing differs, and the base's loss takes out difficulty."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.audit_plots import exposure_plot, roc_plot
from training.exposure import rank
from training.membership import Losses, membership


def _losses(tuned, untuned=None):
    tuned = np.array(tuned, dtype=float)
    return Losses(tuned, np.ones(len(tuned)) if untuned is None else np.array(untuned, dtype=float), len(tuned) // 2)


def test_members_with_lower_loss_are_told():
    """The area is 1 when every member has a lower loss than every other."""
    told = membership(_losses([0.1, 0.2, 0.3, 0.7, 0.8, 0.9]), seed=1)
    assert told["loss"]["auc"] == told["loss"]["found_at_1_percent"] == 1.0
    assert told["loss_of_members"] < told["loss_of_held_back"]


def test_equal_losses_tell_nothing():
    """Where nothing differs the area is a half, and its interval holds it."""
    chance = np.random.default_rng(0)
    told = membership(_losses(chance.random(400)), seed=1)
    low, high = told["loss"]["interval"]
    assert low < 0.5 < high
    assert high - low < 0.15


def test_the_base_takes_out_how_hard_a_message_is():
    """A member that is hard in any case is told by the ratio, not by the loss."""
    told = membership(_losses([2.0, 0.2, 1.0, 0.1], untuned=[8.0, 0.8, 1.0, 0.1]), seed=1)
    assert told["against_base"]["auc"] == 1.0
    assert told["loss"]["auc"] < 1.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=1, max_size=30))
def test_ranks_lie_between_first_and_last(scores):
    """A rank is between 1 and the number of scores, and 1 only for the highest."""
    place = rank(np.array(scores))
    assert 1 <= place <= len(scores)
    assert (place == 1) == (scores.count(max(scores)) == 1 and scores[0] == max(scores)) or len(scores) == 1


def test_pictures_are_written(tmp_path):
    """Both pictures come out of the figures alone."""
    told = {"mean": 2.0, "interval": [1.0, 3.0], "each": [1.0, 3.0]}
    exposure_plot({"alternatives": 7, "most": 3.0, "by_repeats": {"1": told, "4": told}}, tmp_path / "exposure.png")
    roc_plot(membership(_losses([0.1, 0.2, 0.3, 0.4]), seed=0), tmp_path / "roc.png")
    assert (tmp_path / "exposure.png").stat().st_size > 1000
    assert (tmp_path / "roc.png").stat().st_size > 1000
