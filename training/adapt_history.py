"""The versions of a shop's ranker: each in a folder with its manifest, one of them in force, switched at once.

    SHOP/versions/003/{ranker.safetensors, manifest.json, shadow.jsonl, messages.jsonl}
    SHOP/ranker/ranker.safetensors        a copy of the one in force; without it the shipped ranker serves

Which version is in force is told by the bytes, so that nothing can disagree with them: one rename switches, and a kill at any
moment leaves the whole old one or the whole new one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError

from assistant.erasure import RETRAIN
from retrieval.errors import RankingError
from retrieval.ranking import RANKER_FILE, Ranker, load_ranker
from training.adapt_settings import AdaptError

MANIFEST = "manifest.json"
WITHDRAWN = "withdrawn"
"""Beside the manifest of a version that was gone back from."""
SHIPPED = 0
"""The number of the shipped ranker, which has no folder."""
Decision = Literal["passed", "refused", "found"]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version is made from, what came out, and what the gate said. Names no shopper."""

    version: int
    parent: int
    """The version that was in force; 0 the shipped ranker."""
    made_at: datetime
    decision: Decision
    """`found` is a ranker that was trained by hand, kept so that it can be gone back to."""
    reasons: tuple[str, ...]
    """Why it was refused; empty for one that passed."""
    ranker_sha256: str
    rows_sha256: str = ""
    shoppers: dict[str, int] = field(default_factory=dict)
    """How many lists of each shopper are inside, by the digest of the id: an erasure finds the version by it."""
    lists: dict[str, int] = field(default_factory=dict)
    """By where they come from."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Reactions not learnt from, by screen."""
    why_dropped: tuple[str, ...] = ()
    checks: tuple[dict[str, Any], ...] = ()
    """What the gate looked at: name, passed, found, expected."""
    figures: dict[str, float | None] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Version:
    """A version as its folder has it."""

    number: int
    folder: Path
    manifest: Manifest | None
    problem: str = ""
    """Why it can't be used; empty when it can."""
    outdated: bool = False
    """True when a shopper who is inside was erased: it is never put in force again."""

    @property
    def usable(self) -> bool:
        """True when it may be put in force."""
        return not self.problem and not self.outdated and self.manifest is not None and self.manifest.decision != "refused"


_MANIFEST = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class History:
    """The versions of the shop in `directory`."""

    directory: Path

    @property
    def versions(self) -> tuple[Version, ...]:
        """All of them, the oldest first, damaged ones too."""
        folders = (path for path in self._shelf.glob("[0-9]*") if path.name.isdigit() and path.is_dir())
        return tuple(map(_version, sorted(folders, key=lambda path: int(path.name))))

    def in_force(self) -> int | None:
        """The number of the version that serves; None for a ranker that no version has."""
        if not self._served.exists():
            return SHIPPED
        digest = _sha256(self._served)
        same = [v.number for v in self.versions if v.manifest is not None and v.manifest.ranker_sha256 == digest]
        return same[-1] if same else None

    def standing(self) -> tuple[int, Ranker]:
        """The version in force, or, when it is outdated, the one before it that is not. A ranker trained by hand becomes one.

        Raises AdaptError for a ranker that can't be read.
        """
        number = self.in_force()
        try:
            if number is None:
                return self._adopt(load_ranker(self._served.parent))
            held = {version.number: version for version in self.versions}
            while number and held[number].outdated:
                number = self._before(number)
            return number, load_ranker(held[number].folder) if number else load_ranker()
        except RankingError as error:
            raise AdaptError(f"{error}. Go back to the version before it: daogou adapt SHOP --rollback") from error

    def publish(self, ranker: Ranker, describe: Callable[[int, str], Manifest], write: Callable[[Path], None]) -> Version:
        """A new version, whole or not there: `describe` gives the manifest of (number, sha256), `write` what lies beside it.

        Raises AdaptError when it can't be written.
        """
        number = max((version.number for version in self.versions), default=SHIPPED) + 1
        draft = self._shelf / f".draft-{number:03}"
        with _told(self._shelf):
            try:
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(parents=True)
                ranker.save(draft)
                write(draft)
                manifest = describe(number, _sha256(draft / RANKER_FILE))
                (draft / MANIFEST).write_bytes(_MANIFEST.dump_json(manifest, indent=1))
                for path in draft.iterdir():
                    _to_disk(path)
                draft.rename(self._shelf / f"{number:03}")
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return _version(self._shelf / f"{number:03}")

    def promote(self, number: int) -> None:
        """The version serves from now on; 0 is the shipped ranker. Raises AdaptError, and then the earlier one goes on."""
        served, draft = self._served, self._served.with_name(f".{RANKER_FILE}.next")
        with _told(served.parent):
            if number == SHIPPED:
                served.unlink(missing_ok=True)
                return
            served.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(self._shelf / f"{number:03}" / RANKER_FILE, draft)
                _to_disk(draft)
                draft.replace(served)
            finally:
                draft.unlink(missing_ok=True)

    def rollback(self) -> tuple[int | None, int]:
        """(from, to): the version that was in force before this one serves again; outdated and damaged ones are passed over.

        Raises AdaptError when the shipped ranker serves already.
        """
        number = self.in_force()
        if number == SHIPPED:
            raise AdaptError("found the shipped ranker in force, expected a version to go back from. There is none before it.")
        earlier = self._before(number)
        if number is not None:
            with _told(self._shelf):
                (self._shelf / f"{number:03}" / WITHDRAWN).touch()
        self.promote(earlier)
        return number, earlier

    def finish(self) -> None:
        """A newest version that passed and does not serve, because a kill came between, serves now. Raises AdaptError."""
        for made in self.versions[-1:]:
            passed = made.usable and not (made.folder / WITHDRAWN).exists()
            if passed and made.manifest is not None and self.in_force() == made.manifest.parent:
                self.promote(made.number)

    def _before(self, number: int | None) -> int:
        """The nearest usable version among those that served before; of an unknown one the newest usable."""
        held = {version.number: version for version in self.versions}
        if number is None:
            return max((version.number for version in held.values() if version.usable), default=SHIPPED)
        while number in held:
            manifest = held[number].manifest
            number = min(manifest.parent if manifest is not None else number - 1, number - 1)
            if number in held and held[number].usable:
                return number
        return SHIPPED

    def _adopt(self, ranker: Ranker) -> tuple[int, Ranker]:
        """A ranker that was put in force by hand, as a version: it can be gone back to."""
        digest, made = _sha256(self._served), datetime.fromtimestamp(self._served.stat().st_mtime).astimezone()

        def describe(number: int, _: str) -> Manifest:
            return Manifest(number, SHIPPED, made, "found", (), digest)

        version = self.publish(ranker, describe, lambda draft: _copy(self._served, draft / RANKER_FILE))
        return version.number, ranker

    @property
    def _shelf(self) -> Path:
        return self.directory / "versions"

    @property
    def _served(self) -> Path:
        return self.directory / "ranker" / RANKER_FILE


@contextmanager
def sole_adapter(directory: Path) -> Iterator[None]:
    """This process is the only one that re-tunes the shop. Raises AdaptError at once, with the owner's pid."""
    owner, lock = directory / "adapt.pid", FileLock(directory / "adapt.lock", timeout=0)
    with _told(directory):
        try:
            lock.acquire()
        except Timeout as error:
            pid = owner.read_text().strip() if owner.exists() else "unknown"
            why = f"the shop in {directory} is being re-tuned by process {pid}. Wait until it ends, or stop it."
            raise AdaptError(why) from error
        owner.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def last_made(versions: Sequence[Version]) -> Manifest | None:
    """The manifest of the newest version that can be used again, or was refused."""
    return next((v.manifest for v in reversed(versions) if v.manifest is not None and not v.problem and not v.outdated), None)


def _version(folder: Path) -> Version:
    """The version of the folder, with what is wrong with it."""
    number, outdated = int(folder.name), (folder / RETRAIN).exists()
    try:
        manifest = _MANIFEST.validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        return Version(number, folder, None, f"{folder / MANIFEST} can't be read: {str(error).splitlines()[0]}", outdated)
    try:
        load_ranker(folder)
    except RankingError as error:
        return Version(number, folder, manifest, str(error), outdated)
    wrong = _sha256(folder / RANKER_FILE) != manifest.ranker_sha256
    return Version(number, folder, manifest, f"{folder / RANKER_FILE} is not the one of its manifest" if wrong else "", outdated)


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """What can't be written as AdaptError, with the cure."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        why = f"{error}. Make room or give permission, and run it again; the ranker in force goes on"
        raise AdaptError(f"{place} can't be written: {why}.") from error


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)


def _to_disk(path: Path) -> None:
    """The file's bytes are on the disk before it is named."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
