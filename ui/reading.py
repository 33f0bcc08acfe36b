"""`daogou read`: a shop's reviews read into ratings, aspects and quotes."""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from filelock import FileLock, Timeout

from assistant.language.adapters import task_fingerprint
from assistant.shop_reading import Reader, ShopReading, read_shop
from retrieval.errors import StoreError
from retrieval.reading_file import Origin, write_readings
from retrieval.readings import Readings
from ui.places import one_thread
from ui.terminal import note, print_json, progress_bar, say
from ui.wiring import ModelChoice, choose_model, open_shop

_NICENESS = 15


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run of the command is to do."""

    again: bool = False
    """Also what another model or adapter has read."""
    limit: int | None = None
    """Reviews at most."""
    export: Path | None = None
    """A file for what this reader has read."""
    background: bool = False
    """As the child of a server: one thread, low priority, ends with standard input."""


def read_reviews_of(shop: str, choice: ModelChoice, wanted: Wanted, *, as_json: bool) -> None:
    """Reads, tells what was done; exit code 1 when reviews were waiting and none could be read."""
    if wanted.background:
        _step_back()
        choice = replace(choice, threads=1)
    choice = replace(choice, tasks=("review",))
    with progress_bar() as bar, open_shop(shop, bar) as opened, sole_reader(opened.directory):
        readings = Readings(opened.engine)
        model = choose_model(choice)
        adapter = task_fingerprint(choice.adapter_folders, "review") if choice.reads_reviews else ""
        reader = Reader(model, f"{model.name}+{adapter[:12]}" if adapter else model.name)
        if not reader.tuned:
            note(f"{model.name} is not tuned for reviews; what it reads may be wrong")
        progress = _log if wanted.background else bar
        done = read_shop(readings, reader, again=wanted.again, limit=wanted.limit, progress=progress)
        report = _report(readings, done)
        if wanted.export:
            command = _command(shop, choice, wanted.export)
            origin = Origin(command, reader.name, adapter, datetime.now(UTC).isoformat("T", "seconds"))
            report["exported"] = write_readings(wanted.export, origin, readings.by(reader.name))
    if as_json:
        print_json(report)
    else:
        _show(report)
    if done.failed and not done.read:
        raise typer.Exit(1)


@contextmanager
def sole_reader(directory: Path) -> Iterator[None]:
    """This process is the only one that reads the shop's reviews. Raises StoreError when another does."""
    lock = FileLock(directory / "reading.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreError(f"the reviews in {directory} are being read by another process already. Let it end.") from error
    try:
        yield
    finally:
        lock.release()


def _step_back() -> None:
    """The process yields to others, and ends when its parent closes standard input or is gone."""
    one_thread()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    threading.Thread(target=_end_with_input, daemon=True).start()


def _end_with_input() -> None:
    while os.read(0, 4096):  # the file itself: a thread that waits in sys.stdin would hold its lock at the end
        pass
    os._exit(0)  # at any moment: what was kept is whole


def _log(_phase: str, done: int, total: int | None) -> None:
    note(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {done} of {total} reviews")


def _report(readings: Readings, done: ShopReading) -> dict[str, Any]:
    counts = readings.counts()
    return {
        "reviews": counts.reviews, "read": done.read, "failed": done.failed, "aspects": done.aspects,
        "seconds": round(done.seconds, 2), "per_second": round(done.per_second, 2), "reader": done.reader,
        "unread": counts.unread,
    }


def _show(report: dict[str, Any]) -> None:
    say(
        f"{report['read']} reviews read ({report['failed']} could not be, {report['unread']} of {report['reviews']} are unread), "
        f"{report['aspects']} aspects with quotes in {report['seconds']:.1f} s, {report['per_second']:.1f} a second, "
        f"by {report['reader']}"
    )


def _command(shop: str, choice: ModelChoice, path: Path) -> str:
    """How the file is made again, without the places of this machine."""
    words = ["daogou", "read", Path(shop).name, "--model", choice.preset, "--engine", choice.engine]
    return shlex.join([*words, "--adapter", Path(choice.adapter).name, "--export", path.name])
