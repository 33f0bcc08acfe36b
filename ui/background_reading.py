"""A server's reviews are read beside it: a child process at low priority, which ends when the server does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from retrieval.readings import Readings
from retrieval.shop import Shop
from ui.terminal import note
from ui.wiring import ModelChoice

LOG = "reading.log"
"""In the shop's directory: how far the newest reading beside a server has come."""
_START = "from ui.cli import main; main()"
_PATIENCE = 5.0
"""Seconds that the child has to end."""


def worth_reading(shop: Shop, choice: ModelChoice) -> bool:
    """True when there are reviews that nobody has read, and an adapter that was trained to read them."""
    return choice.reads_reviews and Readings(shop.engine).counts().unread > 0


@contextmanager
def reading_beside(shop: Shop, name: str, choice: ModelChoice) -> Iterator[subprocess.Popen[bytes]]:
    """`daogou read` on the shop called `name`, running while the block does; its output is in the shop's directory.

    When another process reads the shop already the child ends at once, and its log says so.
    """
    command = [sys.executable, "-c", _START, "read", name, "--background", "--model", choice.preset, "--engine", choice.engine]
    command += ["--adapter", choice.adapter, *(["--base-url", choice.base_url] if choice.base_url else [])]
    with (shop.directory / LOG).open("wb") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )
    note(f"Reviews are being read in the background: {shop.directory / LOG}")
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin:
            child.stdin.close()
