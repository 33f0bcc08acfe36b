"""The measurement of drift: known changes, known figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from assistant.behaviour import Strength
from assistant.migration import Seen
from assistant.pace import kinds_of
from retrieval.schema import Attribute, Interaction, Item
from training.drift_baselines import recommender, weights_of
from training.drift_cases import Case, World, natural_world, spliced_world, tuned_on
from training.drift_plots import timeline_plot
from training.evaluate_drift import TooFew, _envelope, evaluate_drift

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {f"{kind}{n}": (kind,) for kind in "abcd" for n in range(20)}


def acts(kinds: str, first: int, chance: Random, each: int = 3) -> tuple[Seen, ...]:
    """Visits ten days apart, one kind each."""
    return tuple(
        Seen(START + timedelta(days=10 * (first + visit), minutes=n), (kind,), f"{kind}{chance.randrange(20)}")
        for visit, kind in enumerate(kinds) for n in range(each)
    )


def world(shoppers: int) -> World:
    chance = Random(3)
    cases, quiet = [], []
    for number in range(shoppers):
        one, other = chance.sample("abcd", 2)
        before, after = acts(one * 6, 0, chance), acts(other * 8, 6, chance)
        unseen = {f"{one}{n}" for n in range(20)} - {s.item_id for s in before}
        cases.append(Case(f"c{number}", before, after, frozenset(sorted(unseen)[:3]), frozenset(s.item_id for s in after)))
        quiet.append((f"q{number}", acts(one * 12, 0, chance)))
    return World("small", "made for the test", tuple(cases), tuple(quiet), tuple((u, tuple(s.item_id for s in seen)) for u, seen in quiet), KINDS)


@pytest.fixture(scope="module")
def plots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plots")


@pytest.fixture(scope="module")
def figures(plots: Path) -> dict[str, Any]:
    return evaluate_drift(world(24), seed=1, plots=plots)


def test_known_changes_give_known_figures(figures: dict[str, Any]) -> None:
    """Clear changes are noticed, quiet shoppers are left alone, and every way is told with its setting."""
    assert figures["noticed"] > 0.9
    assert figures["false_alarms_per_1000"] == 0
    assert 3 < figures["delay_events_median"] < 16
    assert figures["ways"]["daogou"]["new_recall10"] > figures["ways"]["no decay"]["new_recall10"]
    assert set(figures["ways"]) >= {"no decay", "half-life, events", "sliding window, days", "last 10", "daogou"}
    assert set(figures["margin_at_equal_forgetting"]) == {"mean", "interval"}


def test_too_few_shoppers_are_refused() -> None:
    """Without shoppers in both halves nothing can be tuned on one and reported on the other."""
    few = world(2)
    with pytest.raises(TooFew, match="expected some in both"):
        evaluate_drift(World("few", "", few.cases[:1], (), few.histories, KINDS))


@pytest.mark.parametrize(
    ("family", "setting", "expected"),
    [
        ("no decay", 0, [1, 1, 1]), ("half-life, events", 1, [0.25, 0.5, 1]), ("half-life, days", 10, [0.25, 0.5, 1]),
        ("sliding window, events", 2, [0, 1, 1]), ("sliding window, days", 15, [0, 1, 1]), ("last 10", 10, [1, 1, 1]),
    ],
)
def test_usual_ways(family: str, setting: float, expected: list[float]) -> None:
    """Each family counts acts as its name says."""
    seen = acts("abc", 0, Random(1), each=1)
    assert weights_of(family, setting, seen).tolist() == expected


def test_a_mixed_slate_follows_the_wanted_shares() -> None:
    """With equal scores a slate that is mixed half and half has five of each kind."""
    model = recommender([[f"a{n}" for n in range(20)], [f"b{n}" for n in range(20)]] * 3, KINDS)
    slate = model.calibrated(np.ones(len(model.ids)), {"a": 0.5, "b": 0.5}, 0.8)
    assert sum(item.startswith("a") for item in slate) == 5


def test_the_envelope_allows_a_mixture_of_two_ways() -> None:
    """Between a way that forgets nothing and one that forgets half, half of either forgets a quarter."""
    assert _envelope([(0.0, 0.2), (0.5, 0.4)], 0.25) == pytest.approx(0.3)
    assert _envelope([(0.3, 0.2)], 0.1) == 0.0


def log(users: int, chance: Random) -> tuple[list[Interaction], dict[str, Item]]:
    items = {i: Item(i, i, attributes=(Attribute("genres", kinds),)) for i, kinds in KINDS.items()}
    done = []
    for user in range(users):
        kind = "abcd"[user % 4]
        for n in range(50):
            done.append(Interaction(f"u{user}", f"{kind if n % 5 else 'a'}{n % 20}", "view", START + timedelta(days=n // 4, minutes=n)))
            done.append(Interaction(f"u{user}", f"{kind}{chance.randrange(20)}", "view", START + timedelta(days=n // 4, minutes=n)))
    return done, items


def test_splices_join_users_of_one_half_at_a_known_day() -> None:
    """The second user's acts begin a month after the first one's end, and tuning never meets a user that is reported."""
    chance = Random(2)
    done, items = log(24, chance)
    extra = [Interaction(i.shopper_id, f"d{n}", "view", i.at) for n, i in enumerate(done[::60]) if n < 20]
    for case in spliced_world([*done, *extra], items, 1).cases:
        assert case.after[0].at - case.before[-1].at >= timedelta(days=29)
        assert not case.held_back & {s.item_id for s in (*case.before, *case.after)}


def test_a_natural_change_is_found_where_there_is_one() -> None:
    """A user who turns from one kind to another between visits is a case; one who stays is none."""
    moved = [Interaction("m", s.item_id, "view", s.at) for s in acts("a" * 8 + "b" * 10, 0, Random(1), each=4)]
    stays = [Interaction("s", s.item_id, "view", s.at) for s in acts("a" * 18, 0, Random(1), each=4)]
    items = {i: Item(i, i, category=(kinds[0], i)) for i, kinds in KINDS.items()}
    (case,) = natural_world([*moved, *stays], items, 1).cases
    assert case.id == "m"
    assert case.after[0].kinds == ("b",)
    assert kinds_of(items["a1"]) == ("a",)
    assert tuned_on("m") in (True, False)


def test_plots(figures: dict[str, Any], plots: Path) -> None:
    """The trade-off and a shopper's timeline are drawn as pictures."""
    timeline_plot([Strength(START + timedelta(days=d), "category", "a", d / 10) for d in range(9)], plots / "timeline.png")
    for name in (f"drift_{figures['world']}.png", "timeline.png"):
        assert (plots / name).read_bytes().startswith(b"\x89PNG")
