"""A file of a shop that is read anew when it changes, while the shop is open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)


class WatchedFile(Generic[T]):
    """What a file holds, as `load` reads it; `usual` before it was ever read. Safe to share between threads."""

    def __init__(self, path: Path, load: Callable[[], T], usual: T, refused: type[Exception]) -> None:
        self._path, self._load, self._held, self._refused = path, load, usual, refused
        self._reading = Lock()
        self._stamp: tuple[int, int] | None = None
        self.warning = ""
        """Why the file's newest state is not in force; empty when it is, or there is none."""

    def current(self) -> T:
        """What the file holds now; what it held before while `load` raises the `refused` error."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            with self._reading:
                self._read(stamp)
        return self._held

    def _read(self, stamp: tuple[int, int]) -> None:
        try:
            self._held, self.warning = self._load(), ""
        except self._refused as error:
            self.warning = f"{error} What was set before stays in force."
            log.warning("%s", self.warning)
        self._stamp = stamp


def _stamp(path: Path) -> tuple[int, int]:
    """(time of the last change in ns, bytes); zeros for a file that is away, while an editor saves it."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
