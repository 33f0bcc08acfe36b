"""Beside a server: the shop re-tuned as often as its merchant set, in a child process of low priority."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from training.adapt_settings import AdaptError, Schedule, load_settings

LOG = "adapt.log"
"""In the shop's directory: what the newest re-tuning beside a server said."""
_CHECKED_EVERY = 3600.0
_PERIODS: dict[Schedule, timedelta] = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
_START = "import os; os.nice(10); from ui.cli import main; main()"
_PATIENCE = 5.0
_log = logging.getLogger("daogou")


def due(directory: Path, now: datetime) -> bool:
    """True when the shop is to be re-tuned now: its schedule says so, and the log of the last time is old enough.

    Raises AdaptError for settings that can't be read.
    """
    period = _PERIODS.get(load_settings(directory).schedule)
    log = directory / LOG
    return period is not None and (not log.exists() or now.timestamp() - log.stat().st_mtime >= period.total_seconds())


def command_for(shop: str) -> tuple[str, ...]:
    """The command that re-tunes the shop of that name."""
    return sys.executable, "-c", _START, "adapt", shop


@contextmanager
def adapted_on_schedule(
    directory: Path, command: Sequence[str], every: float = _CHECKED_EVERY,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[None]:
    """While the block runs the shop is re-tuned whenever it is due; a running server takes the new version at once."""
    done = threading.Event()

    def work() -> None:
        while True:
            try:
                if due(directory, now()):
                    _run(directory, command, done)
            except (AdaptError, OSError) as error:
                _log.error("the shop was not re-tuned: %s", error)
            if done.wait(every):
                return

    worker = threading.Thread(target=work, name="adapt", daemon=True)
    worker.start()
    try:
        yield
    finally:
        done.set()
        worker.join(_PATIENCE)


def _run(directory: Path, command: Sequence[str], done: threading.Event) -> None:
    """The command's output is in the log when it ends; it is stopped when the server is."""
    with (directory / LOG).open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=os.environ.copy())
    while child.poll() is None:
        if done.wait(0.2):
            child.kill()  # a kill at any moment leaves the whole old version or the whole new one
    if child.wait() == 1:
        _log.warning("the re-tuned version was refused; why stands in %s", directory / LOG)
