"""Versions: one in force, switched at once, whatever happens in between."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pytest

from assistant.erasure import RETRAIN
from retrieval.ranking import RANKER_FILE, Ranker, RankerFile, load_ranker
from training.adapt_history import MANIFEST, SHIPPED, Decision, History, Manifest
from training.adapt_settings import AdaptError

AT = datetime(2026, 4, 1, tzinfo=UTC)


def _ranker(number: int) -> Ranker:
    return replace(load_ranker(), told=f"number {number}")


def _publish(history: History, number: int, *, decision: Decision = "passed") -> int:
    parent = history.in_force() or SHIPPED

    def describe(made: int, digest: str) -> Manifest:
        return Manifest(made, parent, AT, decision, (), digest)

    return history.publish(_ranker(number), describe, lambda folder: None).number


def _served(directory: Path) -> str:
    return RankerFile(directory / "ranker").current().told


def test_versions_follow_each_other_and_go_back(tmp_path: Path) -> None:
    """Each goes back to the one that served before it, not to one that was gone back from, until the shipped one serves."""
    history = History(tmp_path)
    for number in (1, 2):
        history.promote(_publish(history, number))
    assert history.rollback() == (2, 1)
    history.promote(_publish(history, 3))
    assert (history.in_force(), _served(tmp_path)) == (3, "number 3")
    assert history.rollback() == (3, 1)
    assert history.rollback() == (1, SHIPPED)
    assert _served(tmp_path) == load_ranker().told
    with pytest.raises(AdaptError, match="none before it"):
        history.rollback()


def test_damaged_and_outdated_versions_are_passed_over(tmp_path: Path) -> None:
    """A cut ranker, a manifest that is no JSON and a version of erased rows are named, and never serve again."""
    history = History(tmp_path)
    for number in (1, 2, 3, 4, 5):
        history.promote(_publish(history, number))
    shelf = tmp_path / "versions"
    (shelf / "004" / MANIFEST).write_text("{", "utf-8")
    (shelf / "003" / RANKER_FILE).write_bytes(b"cut")
    (shelf / "002" / RETRAIN).write_text("{}", "utf-8")
    assert [bool(version.problem) for version in history.versions] == [False, False, True, True, False]
    assert history.rollback() == (5, 1)
    assert _publish(history, 6) == 6


def test_a_damaged_ranker_in_force_is_told_and_can_be_left(tmp_path: Path) -> None:
    """Its reader is told the cure, and going back takes the newest version that is whole."""
    history = History(tmp_path)
    history.promote(_publish(history, 1))
    (tmp_path / "ranker" / RANKER_FILE).write_bytes(b"not a ranker")
    with pytest.raises(AdaptError, match="--rollback"):
        history.standing()
    assert history.rollback() == (None, 1)
    assert _served(tmp_path) == "number 1"


def test_a_ranker_trained_by_hand_is_kept(tmp_path: Path) -> None:
    """It becomes a version before anything takes its place, so that it can be gone back to."""
    _ranker(7).save(tmp_path / "ranker")
    history = History(tmp_path)
    number, ranker = history.standing()
    assert (number, ranker.told) == (1, "number 7")
    history.promote(_publish(history, 8))
    assert history.rollback() == (2, 1)
    assert _served(tmp_path) == "number 7"


def test_a_promotion_that_was_stopped_is_finished(tmp_path: Path) -> None:
    """A version that passed and does not serve, because a kill came between, serves after the next start; a refused one never."""
    history = History(tmp_path)
    _publish(history, 1)
    history.finish()
    assert history.in_force() == 1
    _publish(history, 2, decision="refused")
    history.finish()
    assert history.in_force() == 1


def _switch(directory: str) -> None:
    history = History(Path(directory))
    while True:
        for number in (1, 2):
            history.promote(number)


def test_a_kill_at_any_moment_leaves_a_whole_version(tmp_path: Path) -> None:
    """A process that switches between two versions is killed at ten moments: one of the two serves, whole, each time."""
    history = History(tmp_path)
    for number in (1, 2):
        history.promote(_publish(history, number))
    context = get_context("fork")
    for moment in range(10):
        child = context.Process(target=_switch, args=(str(tmp_path),))
        child.start()
        time.sleep(0.01 + moment * 0.007)
        child.kill()
        child.join()
        assert history.in_force() in (1, 2)
        assert _served(tmp_path) in ("number 1", "number 2")
        assert load_ranker(tmp_path / "ranker").told == _served(tmp_path)


@contextmanager
def _no_room(most: int) -> Iterator[None]:
    """Files can't grow beyond so many bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    """Neither a new version nor a switch is half done; the error names the cure, and it works once there is room."""
    history = History(tmp_path)
    history.promote(_publish(history, 1))
    with _no_room(500), pytest.raises(AdaptError, match="Make room"):
        _publish(history, 2)
    assert [path.name for path in (tmp_path / "versions").iterdir()] == ["001"]
    number = _publish(history, 2)
    with _no_room(500), pytest.raises(AdaptError, match="Make room"):
        history.promote(number)
    assert _served(tmp_path) == "number 1"
    history.promote(number)
    assert _served(tmp_path) == "number 2"
