"""What is on this machine, what is missing, and the command that cures it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from retrieval.errors import RetrievalError
from ui.options import DEFAULT
from ui.places import DEMO, home, shop_directory
from ui.terminal import say


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    found: str
    cure: str = ""
    needed: bool = True
    """False when the shop runs without it."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def examine() -> tuple[Finding, ...]:
    """Everything that the default set-up rests on, most basic first."""
    return (*_machine(), *_packages(), *_models(), *_shops())


def show(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        mark = "ok  " if finding.ok else ("MISS" if finding.needed else "none")
        say(f"{mark}  {finding.what}: {finding.found}")
        if not finding.ok and finding.cure:
            say(f"      cure: {finding.cure}")


def _machine() -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0], "install Python 3.11 or newer")
    memory = _memory_gib()
    yield Finding("memory", memory is None or memory >= 2, f"{memory:.1f} GiB" if memory else "unknown", "2 GiB are needed")
    free = shutil.disk_usage(_existing(home())).free / 2**30
    yield Finding("disk", free > 2, f"{free:.1f} GiB free at {home()}", f"free 2 GiB, or set DAOGOU_HOME (now {home()})")
    writable = os.access(_existing(home()), os.W_OK)
    yield Finding("data directory", writable, str(home()), "make it writable, or set DAOGOU_HOME to a directory that is")
    gpu = _gpu()
    yield Finding("GPU", bool(gpu), gpu or "none; the int4 engine for processors is used", needed=False)


def _packages() -> Iterator[Finding]:
    """Installed versions against the pins of this release."""
    try:
        pins = [Requirement(text) for text in requires("daogou") or () if "extra ==" not in text]
    except PackageNotFoundError:
        yield Finding("packages", False, "daogou itself is not installed", "make setup")
        return
    other = []
    for pin in pins:
        try:
            have = version(pin.name)
        except PackageNotFoundError:
            yield Finding(pin.name, False, "not installed", f"pip install '{pin}'")
            continue
        if not pin.specifier.contains(have.split("+")[0], prereleases=True):
            other.append(f"{pin.name} {have} (tested with {pin.specifier})")
    yield Finding("packages", not other, "; ".join(other) or f"{len(pins)} as tested", "make setup", needed=False)


def _models() -> Iterator[Finding]:
    """The default model: its weights, and the 4-bit forms that were built of them."""
    folder = home() / "models" / DEFAULT
    yield Finding("language model", (folder / "config.json").exists(), str(folder), "make setup")
    built = [path.name for path in folder.parent.glob(f"{folder.name}-int4-*")]
    yield Finding("4-bit forms", bool(built), ", ".join(sorted(built)) or "none", "make setup")


def _shops() -> Iterator[Finding]:
    directory = shop_directory(DEMO)
    if not directory.exists():
        yield Finding("demo shop", False, "not built", "daogou demo", needed=False)
        return
    from assistant.pace import pace_file
    from retrieval.shop import Shop

    try:
        shop = Shop.open(directory, home=home())
    except RetrievalError as error:
        yield Finding("demo shop", False, str(error), f"rm -r {directory} && daogou demo")
        return
    warning = shop.index_warning
    count = len(shop.index.ids)
    yield Finding("demo shop", not warning, warning or f"{count} items, {shop.index.kind} search", "daogou demo")
    file = pace_file(directory)
    pace = str(file.current())
    yield Finding("pace of interests", not file.warning, file.warning or pace, "daogou shopper sweep demo", needed=False)
    shop.close()


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _memory_gib() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return None


def _gpu() -> str:
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
