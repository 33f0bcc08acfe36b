"""Is a message told to be one that an adapter was trained on? By the loss of its answer, alone or against the base's. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from training.class_figures import Floats, Places, intervals

FALSE_RATES = np.linspace(0.0, 1.0, 41)
"""False-positive rates at which a `roc` is told."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Of answers, members of the training set first."""

    tuned: Floats
    untuned: Floats
    """The same by the base without adapter: how hard the message is in any case."""
    members: int

    @property
    def signs(self) -> dict[str, Floats]:
        """What is held against a threshold, higher for members: minus the loss (Yeom et al. 2018), and minus its ratio to the
        base's (after Carlini et al. 2021)."""
        return {"loss": -self.tuned, "against_base": -self.tuned / np.maximum(self.untuned, 1e-9)}


def membership(losses: Losses, seed: int) -> dict[str, Any]:
    """Area under the ROC curve with its 95 % bootstrap interval, the share of members found at 1 % false alarms, and the curve,
    by either sign. 0.5 is what guessing reaches."""
    member = np.arange(len(losses.tuned)) < losses.members
    signs = losses.signs
    areas = {name: _drawn_area(member, sign) for name, sign in signs.items()}
    ranges = intervals(areas, len(member), seed=seed)
    told = {name: {**_curve(member, sign), "interval": ranges[name]} for name, sign in signs.items()}
    return {
        "members": losses.members, "held_back": int(len(member) - losses.members),
        "loss_of_members": round(float(losses.tuned[member].mean()), 4),
        "loss_of_held_back": round(float(losses.tuned[~member].mean()), 4), **told,
    }


def _drawn_area(member: NDArray[np.bool_], sign: Floats) -> Callable[[Places], float]:
    return lambda drawn: _area(member[drawn], sign[drawn])


def _area(member: NDArray[np.bool_], sign: Floats) -> float:
    return float(roc_auc_score(member, sign)) if 0 < member.sum() < len(member) else 0.5


def _curve(member: NDArray[np.bool_], sign: Floats) -> dict[str, Any]:
    wrong, right, _ = roc_curve(member, sign)
    low = float(right[wrong <= 0.01].max())
    return {
        "auc": round(_area(member, sign), 4), "found_at_1_percent": round(low, 4),
        "roc": [round(float(each), 4) for each in np.interp(FALSE_RATES, wrong, right)],
    }
