"""The daily sweep beside a server: what is past its time is deleted, and erasures that were stopped are ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from assistant.erasure import Erasure
from assistant.identity import open_identity
from assistant.retention import Swept, sweep
from retrieval.errors import RetrievalError
from retrieval.shop import Shop

A_DAY = 24 * 3600.0
_log = logging.getLogger("daogou")


def sweep_shop(shop: Shop) -> Swept:
    """What was deleted now. Raises StoreError."""
    return sweep(Erasure(shop.directory, shop.engine, open_identity(shop.directory)), datetime.now(UTC))


@contextmanager
def swept_daily(shop: Shop, every: float = A_DAY) -> Iterator[None]:
    """The shop is swept now and every so many seconds while the block runs."""
    done = threading.Event()

    def work() -> None:
        while True:
            try:
                sweep_shop(shop)
            except RetrievalError as error:
                _log.error("the daily sweep failed and is tried again tomorrow: %s", error)
            if done.wait(every):
                return

    sweeper = threading.Thread(target=work, name="sweep", daemon=True)
    sweeper.start()
    try:
        yield
    finally:
        done.set()
        sweeper.join(5)
