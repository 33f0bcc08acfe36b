"""Counting of alarms: false ones, late ones, and what would be noticed at an equal rate."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.migration import DriftSettings
from training.drift_detection import Paths, detection

MOVED = (
    ((1.0, 1.0, 5.0, 30.0), 2),  # noticed at 20 with its second act after the change
    ((1.0, 25.0, 30.0, 40.0), 2),  # an alarm before the change
    ((1.0, 1.0, 9.0, 9.0), 2),  # noticed at 5 only
)


def test_alarms_are_counted_where_they_fall() -> None:
    """One alarm a shopper: false for the quiet, late or too early for the others."""
    found = detection(Paths(np.array([1.0, 2.0, 3.0, 21.0]), MOVED), DriftSettings(bound=20.0), 0)
    assert (found["false_alarms"], found["false_alarms_per_1000"]) == (1, 250.0)
    assert found["noticed"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["noticed_before_the_change"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["delay_events_median"] == 2.0


def test_power_is_told_at_an_equal_rate_of_false_alarms() -> None:
    """The bound is put where at most 2 % of the quiet reach it, whatever the pace's own."""
    quiet = np.array([*np.linspace(1, 4, 98), 6.0, 8.0])
    found = detection(Paths(quiet, MOVED), DriftSettings(bound=1000.0), 0)
    assert found["noticed"] == 0.0
    assert found["at_2_percent"]["false_alarms"] == 2
    assert found["at_2_percent"]["noticed"] == pytest.approx(2 / 3, abs=1e-4)


def test_without_quiet_shoppers_no_rate_is_told() -> None:
    """A log without anybody whose taste stays has no false alarms to count, and says so."""
    found = detection(Paths(np.array([]), MOVED), DriftSettings(bound=20.0), 0)
    assert found["false_alarms_per_1000"] is None
    assert "at_2_percent" not in found
