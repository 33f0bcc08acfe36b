"""Off-policy estimates against simulations whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.balance import BalanceSettings, Contender, balance
from training.evaluate_policy import LogError, evaluate_policy, read_log, write_log
from training.off_policy import Log, Shown, doubly_robust, effective, ips, reward_model, snips, table_of, weights

RATES = np.array([0.30, 0.25, 0.20, 0.05, 0.45, 0.02, 0.10, 0.15])
"""True click rates of eight items in the order of their scores: the fifth is a treasure that the ranker underrates."""


def _slate(share: float, seed: int) -> tuple[np.ndarray, list[Shown]]:
    """(true click rates of the slots, the slots as logged) of one slate of the product's own balance."""
    settings = BalanceSettings(exploration=share, explore_reach=0, diversity=0, price_spread=0)
    contenders = [Contender(f"i{n}", 1 - n / 10) for n in range(len(RATES))]
    slots = balance(contenders, np.eye(len(RATES), dtype=np.float32), 4, seed=seed, settings=settings)
    rates = RATES[[slot.place for slot in slots]]
    clicks = np.random.default_rng([seed, 9]).random(len(rates)) < rates
    shown = [
        Shown(str(seed), n + 1, contenders[slot.place].id, bool(clicks[n]), slot.propensity, slot.explored, slot.receipt)
        for n, slot in enumerate(slots)
    ]
    return rates, shown


def _truth(share: float, turns: int = 800) -> float:
    return float(np.mean([_slate(share, 10**6 + seed)[0].sum() for seed in range(turns)]))


@pytest.fixture(scope="module")
def logged() -> list[Shown]:
    return [one for seed in range(2000) for one in _slate(0.3, seed)[1]]


def test_the_truth_lies_in_the_intervals(logged: list[Shown]) -> None:
    """From a log of the real balance step at a share of .3, clicks at 0, .1 and .2 are estimated within the intervals."""
    shares = (0.0, 0.1, 0.2)
    report = evaluate_policy(logged, shares)
    for row, share in zip(report["candidates"], shares, strict=True):
        truth = _truth(share)
        for name in ("ips", "snips", "dr"):
            low, high = row["intervals"][name]
            assert low <= truth <= high, (share, name)
        assert row["warnings"] == []
        assert row["effective_turns"] > 200


def test_the_logged_share_is_estimated_as_it_was(logged: list[Shown]) -> None:
    """Under the logged settings themselves every weight is 1 and every estimate the logged mean."""
    report = evaluate_policy(logged, [0.3])
    row = report["candidates"][0]
    assert row["ips"] == row["snips"] == report["logged"]["value"]
    assert row["largest_weight"] == 1
    assert row["effective_turns"] == report["turns"]


def _quick_log(share: float, turns: int, seed: int) -> Log:
    """A log of two slots by a policy made in closed form: the draw has known chances in the second slot."""
    random = np.random.default_rng(seed)
    drawn = np.array([0.1, 0.6, 0.3])  # the chances of the draw; item 0 is the greedy one
    explore = random.random(turns) < 2 * share
    items = np.where(explore, random.choice(3, size=turns, p=drawn), 0)
    propensity = 2 * share * drawn[items] + (1 - 2 * share) * (items == 0)
    clicks = np.stack([random.random(turns) < 0.2, random.random(turns) < np.array([0.1, 0.3, 0.05])[items]], axis=1)
    explored = np.stack([np.zeros(turns), np.full(turns, 2 * share)], axis=1)
    ones = np.ones(turns)
    return Log(
        np.ones((turns, 2), dtype=bool), clicks.astype(float), np.stack([ones, propensity], axis=1), explored,
        np.stack([ones > 0, items == 0], axis=1), ("",) * turns,
    )


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4])
def test_estimates_have_no_bias(share: float) -> None:
    """Over two hundred logs the mean of each estimator is the truth within its own error."""
    explored = 2 * share
    truth = 0.2 + explored * (0.1 * 0.1 + 0.6 * 0.3 + 0.3 * 0.05) + (1 - explored) * 0.1
    found = []
    for seed in range(200):
        log = _quick_log(0.2, 400, seed)
        weight, untold = weights(log, share)
        assert untold == 0
        found.append([ips(log, weight).mean(), snips(log, weight, np.arange(400)), doubly_robust(log, weight, reward_model(log)).mean()])
    errors = np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - truth) < 3.5 * errors).all()


def test_the_model_steadies_the_estimate() -> None:
    """The doubly robust estimate varies less than the inverse propensity one."""
    pairs = []
    for seed in range(100):
        log = _quick_log(0.2, 300, seed)
        weight, _ = weights(log, 0.4)
        pairs.append([ips(log, weight).mean(), doubly_robust(log, weight, reward_model(log)).mean()])
    assert np.std(pairs, axis=0)[1] < np.std(pairs, axis=0)[0]


def test_a_share_that_the_log_never_reached_is_not_estimated(logged: list[Shown]) -> None:
    """Slots that never explored tell nothing of a share that would explore there: no number, and why."""
    row = evaluate_policy([one for seed in range(50) for one in _slate(0.1, seed)[1]], [0.5])["candidates"][0]
    assert row["ips"] is None
    assert "never did in the log" in row["warnings"][0]


def test_few_turns_are_warned_of(logged: list[Shown]) -> None:
    """An estimate that rests on little says so."""
    row = evaluate_policy(logged[:200], [0.0])["candidates"][0]
    assert "effective turns" in row["warnings"][0]


def test_false_chances_are_noticed(logged: list[Shown]) -> None:
    """Propensities that are not those of the log leave a mean weight other than 1, which is told."""
    false = [Shown(o.turn, o.slot, o.item, o.clicked, 0.2 if o.propensity < 1 else 1.0, 1.0 if o.propensity < 1 else 0.0) for o in logged]
    rows = evaluate_policy(false, [0.0])["candidates"]
    assert any("not the true ones" in text for text in rows[0]["warnings"])


def test_effective_turns_are_counted_by_kish() -> None:
    """Equal weights count in full, one weight alone counts as one."""
    assert effective(np.ones((10, 1))) == pytest.approx(10)
    assert effective(np.array([[1.0], [0.0], [0.0]])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"turn": "a", "slot": 1}', "line 2, item"),
        ('{"turn": "a", "slot": 1, "item": "i", "clicked": true, "propensity": 0, "explored": 0}', "propensity 0"),
        ('{"turn": "a", "slot": 1, "item": "i", "clicked": true, "propensity": 0.5, "explored": 0}', "can't come of the other"),
        ("nonsense", "line 2"),
    ],
    ids=["missing column", "chance of nothing", "chance without exploring", "no JSON"],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, says: str) -> None:
    """A line that can't be used is told with its number and what was expected."""
    path = tmp_path / "log.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(LogError, match=says):
        list(read_log(path))


def test_a_log_is_read_as_it_was_written(tmp_path: Path, logged: list[Shown]) -> None:
    """What is exported is the log."""
    write_log(logged[:40], tmp_path / "log.jsonl")
    assert list(read_log(tmp_path / "log.jsonl")) == logged[:40]


@pytest.mark.parametrize(("slots", "says"), [([], "no slate"), ([1], "never explored"), ([1, 1], "twice"), ([2], "expected 1 to 1")])
def test_logs_that_tell_nothing_are_refused(slots: list[int], says: str) -> None:
    """No turns, no exploration, slots twice or missing: an error that says what was expected."""
    with pytest.raises(LogError, match=says):
        evaluate_policy([Shown("a", slot, "i", False, 1.0, 0.0) for slot in slots])


def test_turns_of_several_lengths_stand_in_one_table() -> None:
    """A shorter turn has chances of 1 and no clicks where it has no slot."""
    log = table_of([Shown("a", 1, "x", True, 1, 0), Shown("a", 2, "y", False, 0.5, 0.5), Shown("b", 1, "x", True, 1, 0)])
    assert log.there.tolist() == [[True, True], [True, False]]
    assert log.values.tolist() == [1, 1]
