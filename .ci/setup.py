"""Sets the project up: a virtual environment, pinned packages, model files. Standard library only.

Run by the Makefile; does nothing, in well under a second, when all of it is there already.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / ".ready"
LOG = VENV / "setup.log"
TORCH = "torch==2.13.0"
EXTRAS = "train,test"


def main() -> int:
    if sys.version_info < (3, 11):
        print(f"Python {sys.version.split()[0]} found, 3.11 or newer needed: make PYTHON=python3.12 ...")
        return 2
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    steps = [
        ("virtual environment", 5, make_venv),
        ("torch", 40, lambda: pip("install", TORCH)),
        ("packages", 90, install_packages),
        ("model files, converted to 4 bits", 170, fetch_models),
        ("browser for the page tests", 30, install_browser),
    ]
    left = sum(seconds for _, seconds, _ in steps)
    print(f"Setting up in {VENV.name}/, once; about {left // 60 + 1} minutes (log: {LOG.relative_to(ROOT)})", flush=True)
    for number, (what, seconds, step) in enumerate(steps, 1):
        with Ticker(f"[{number}/{len(steps)}] {what}", left):
            problem = step()
        if problem:
            print(f"\nSet-up stopped at: {what}\n{problem}")
            return 1
        left -= seconds
    STAMP.write_text(wanted)
    print("Ready.", flush=True)
    return 0


def fingerprint() -> str:
    """Changes when what has to be installed changes, or when the checkout has moved."""
    files = (ROOT / "pyproject.toml", ROOT / ".ci/constraints.txt", Path(__file__))
    text = b"".join(path.read_bytes() for path in files) + str(ROOT).encode() + sys.version.encode()
    adapters = sorted((ROOT / "assistant/adapters").rglob("*.safetensors"))
    return hashlib.sha256(text + b"".join(path.read_bytes() for path in adapters)).hexdigest()


def make_venv() -> str | None:
    VENV.mkdir(exist_ok=True)
    LOG.write_text("")
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    return None


def pip(*words: str) -> str | None:
    return run(PYTHON, "-m", "pip", "--disable-pip-version-check", *words)


def install_packages() -> str | None:
    return pip("install", "-c", ".ci/constraints.txt", "-e", f".[{EXTRAS}]")


def fetch_models() -> str | None:
    return run(PYTHON, "-m", "ui.setup")


def install_browser() -> str | None:
    """Chromium for the page tests, where that takes no more than apt; elsewhere those tests skip and say so."""
    found = any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    if found or os.environ.get("CI") != "true" or not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    run("apt-get", "update", "-q")
    run("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-noto-cjk")
    return None


def run(*words: str | Path) -> str | None:
    """None when the command went well, otherwise the end of what it said."""
    with LOG.open("a") as log:
        print("+", *words, file=log, flush=True)
        done = subprocess.run([str(word) for word in words], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return None
    return "\n".join(LOG.read_text(errors="replace").splitlines()[-25:])


class Ticker:
    """One line that counts the seconds left down where somebody watches; a plain line elsewhere."""

    def __init__(self, what: str, left: int) -> None:
        self.what, self.left, self.done = what, left, threading.Event()
        self.thread = threading.Thread(target=self.tick, daemon=True)

    def __enter__(self) -> None:
        self.started = time.monotonic()
        if sys.stdout.isatty():
            self.thread.start()
        else:
            print(f"{self.what} (about {self.left} s left in all) ...", flush=True)

    def tick(self) -> None:
        while not self.done.wait(1):
            left = max(self.left - int(time.monotonic() - self.started), 1)
            print(f"\r\033[K{self.what} ... about {left} s left", end="", flush=True)

    def __exit__(self, *_: object) -> None:
        self.done.set()
        took = time.monotonic() - self.started
        if sys.stdout.isatty():
            print(f"\r\033[K{self.what}: {took:.0f} s", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
