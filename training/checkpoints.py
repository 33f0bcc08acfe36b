"""Which checkpoints of a run are complete: the Trainer writes them file by file, and a killed run leaves half ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

MANIFEST = "complete.json"


def mark_complete(checkpoint: Path) -> None:
    """Writes the manifest: every file with its size, put in place by rename."""
    files = {str(f.relative_to(checkpoint)): f.stat().st_size for f in sorted(checkpoint.rglob("*")) if f.is_file()}
    made = checkpoint / (MANIFEST + ".new")
    made.write_text(json.dumps(files, indent=1))
    os.replace(made, checkpoint / MANIFEST)


def newest_complete(directory: Path) -> Path | None:
    """The checkpoint with the highest step whose files are all there in their size; None when there is none."""
    found = [d for d in directory.glob("checkpoint-*") if d.name.rpartition("-")[2].isdigit() and is_complete(d)]
    return max(found, key=lambda d: int(d.name.rpartition("-")[2]), default=None)


def is_complete(checkpoint: Path) -> bool:
    """True when the manifest is there and agrees with the files."""
    manifest = checkpoint / MANIFEST
    if not manifest.is_file():
        return False
    try:
        files = json.loads(manifest.read_text())
    except ValueError:
        return False
    return all((checkpoint / name).is_file() and (checkpoint / name).stat().st_size == size for name, size in files.items())
