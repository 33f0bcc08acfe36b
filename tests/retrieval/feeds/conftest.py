"""Feeds for the tests of the feed readers, written as text where they are read."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import RowError


@pytest.fixture
def feed(tmp_path: Path) -> Callable[..., Path]:
    """Writes a feed and gives its path; a name that ends in .gz is packed."""

    def write(name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
        data = text.encode(encoding) if isinstance(text, str) else text
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data, 6, mtime=0) if name.endswith(".gz") else data)
        return path

    return write


@pytest.fixture
def taken() -> Callable[..., tuple[list[Any], list[RowError]]]:
    """What a reader gives, and what it rejected."""

    def take(read: Callable[..., Iterator[Any]], path: Path, **options: Any) -> tuple[list[Any], list[RowError]]:
        errors: list[RowError] = []
        return list(read(path, on_error=errors.append, **options)), errors

    return take
