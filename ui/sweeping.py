"""The daily sweep beside a server: what is past its time is deleted, erasures that were stopped are ended, and the shop's own
pace is learnt anew when there is more to learn from."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zlib import crc32

from assistant.erasure import Erasure
from assistant.identity import open_identity
from assistant.pace import Pace, learn_pace, pace_file, save_pace
from assistant.retention import Swept, sweep
from retrieval.errors import RetrievalError
from retrieval.shop import Shop

A_DAY = 24 * 3600.0
_SHOPPERS = 1_000
"""Of whom a pace is learnt at most, drawn by their ids: 400 take three seconds of one core."""
_log = logging.getLogger("daogou")


def sweep_shop(shop: Shop) -> Swept:
    """What was deleted now; the pace is that of what is left. Raises StoreError."""
    now, file = datetime.now(UTC), pace_file(shop.directory)
    pace = file.current()
    swept = sweep(Erasure(shop.directory, shop.engine, open_identity(shop.directory)), now, pace.half_lives)
    count = shop.interaction_count()
    if file.warning or count != (pace.learnt.interactions if pace.learnt else 0):
        save_pace(shop.directory, _learnt(shop, count, now))
    return swept


def _learnt(shop: Shop, count: int, now: datetime) -> Pace:
    """The pace of the shop's shoppers, or of as many as can be looked at."""
    ids = sorted(shop.shopper_ids(), key=lambda shopper_id: (crc32(shopper_id.encode()), shopper_id))
    acts = [act for shopper_id in ids[:_SHOPPERS] for act in shop.interactions(shopper_id)]
    items = {item.id: item for item in shop.items(sorted({act.item_id for act in acts}))}
    return learn_pace(acts, items, now, known=count)


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
