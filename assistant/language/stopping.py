"""Where an answer ends before its model would end it: stop strings, the deadline, a cancel."""

from __future__ import annotations

import time
from collections.abc import Callable

from assistant.errors import GenerationError
from assistant.language.model import Generation

Clock = Callable[[], float]
"""Seconds that only grow."""


class Limits:
    """The deadline and the cancel flag of one answer, counted from when this is made."""

    def __init__(self, how: Generation, clock: Clock = time.monotonic) -> None:
        self._how = how
        self._clock = clock
        self._until = None if how.deadline is None else clock() + how.deadline

    @property
    def cancelled(self) -> bool:
        return self._how.cancel is not None and self._how.cancel.is_set()

    @property
    def left(self) -> float | None:
        """Seconds to the deadline, at least 0; None without one."""
        return None if self._until is None else max(0.0, self._until - self._clock())

    def check(self) -> None:
        """Raises GenerationError when the deadline is past."""
        if self.left == 0.0:
            raise GenerationError(f"the answer was not ready within {self._how.deadline:g} s")

    def wait(self, longest: float) -> float:
        """`longest` seconds, or less when the deadline is nearer."""
        return longest if self.left is None else min(longest, self.left)


class Stops:
    """Cuts a growing text at the first stop string, and holds back an end that may become one."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stop = tuple(filter(None, stop))
        self._held = ""
        self.met = False
        """True once a stop string was met; what comes after it is not taken."""

    def push(self, text: str) -> str:
        """What may be shown now that `text` was written too."""
        if self.met:
            return ""
        self._held += text
        places = [place for stop in self._stop if (place := self._held.find(stop)) >= 0]
        if places:
            self.met = True
            shown, self._held = self._held[: min(places)], ""
            return shown
        cut = len(self._held) - max((_overlap(self._held, stop) for stop in self._stop), default=0)
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def finish(self) -> str:
        """What was held back, now that nothing follows."""
        shown, self._held = self._held, ""
        return shown


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of `text` that is a beginning of `stop`."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)
