"""Where a shopper's ids and sentences still stand: rows of any table, and bytes of any file of the shop."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, MetaData, String, func, or_, select

LEAST = 12
"""Bytes from which a sentence is somebody's: shorter ones ("hello", "cheaper") are everybody's. Characters from which an id is
searched as a piece of anything."""
_A_QUERY = 200
_BLOCK = 1 << 20
_OVERLAP = 1 << 15
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Needles:
    """What is searched for."""

    ids: tuple[str, ...]
    """Of the shopper and her sessions."""
    sentences: tuple[str, ...] = ()
    """What she wrote, and nobody else."""
    rows: tuple[str, ...] = ()
    """Of her turns and reactions: looked for in files that were made of them."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Ids that are long enough to be searched as a piece of anything, and sentences."""
        return (*(text for text in self.ids if len(text) >= LEAST), *self.sentences)

    @property
    def short(self) -> tuple[str, ...]:
        """Ids so short that they are pieces of other words: found only where they stand alone."""
        return tuple(text for text in self.ids if len(text) < LEAST)


def own_sentences(sentences: Iterable[str]) -> tuple[str, ...]:
    """The sentences that are long enough to be somebody's, each once."""
    return tuple(dict.fromkeys(text for text in sentences if len(text.strip().encode()) >= LEAST))


def in_tables(connection: Connection, needles: Needles) -> tuple[str, ...]:
    """The `table.column` in which one of the needles stands, over every table of the database."""
    metadata = MetaData()
    metadata.reflect(connection)
    columns = [column for table in metadata.sorted_tables for column in table.columns if isinstance(column.type, String)]
    return tuple(f"{column.table.name}.{column.name}" for column in columns if _in_column(connection, column, needles))


def _in_column(connection: Connection, column: ColumnElement[str], needles: Needles) -> bool:
    # instr and strpos compare exactly; LIKE folds case
    place = func.strpos if connection.dialect.name == "postgresql" else func.instr
    conditions = [place(column, form) > 0 for text in needles.texts for form in _json_forms(text)]
    conditions += [each for text in needles.short for each in (column == text, place(column, f'"{text}"') > 0)]
    for start in range(0, len(conditions), _A_QUERY):
        chosen = select(column).where(or_(*conditions[start : start + _A_QUERY])).limit(1)
        if connection.execute(chosen).first() is not None:
            return True
    return False


def in_files(directory: Path, needles: Needles, endings: tuple[str, ...] = ("",)) -> tuple[Path, ...]:
    """The files under the directory, of those whose names end so, in which one of the needles stands; gzipped ones unpacked."""
    stands = _finder(needles)
    files = (path for path in sorted(directory.rglob("*")) if path.name.endswith(endings) and path.is_file())
    return tuple(path for path in files if any(map(stands, _windows(path))))


def without_lines(path: Path, needles: Needles) -> int:
    """How many lines of a text file were taken out because a needle stands in them; the file is whole, old or new."""
    stands, packed = _finder(needles), path.suffix == ".gz"
    data = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    lines = data.splitlines(keepends=True)
    kept = [line for line in lines if not stands(line)]
    if len(kept) == len(lines):
        return 0
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(gzip.compress(b"".join(kept)) if packed else b"".join(kept))
    draft.replace(path)
    return len(lines) - len(kept)


def _finder(needles: Needles) -> Callable[[bytes], bool]:
    """True for bytes in which a needle stands, plain or as JSON writes it, with and without escapes."""
    forms = tuple(dict.fromkeys(form for text in (*needles.texts, *needles.rows) for form in _forms(text)))
    alone = "|".join(map(re.escape, needles.short))
    whole_word = re.compile(rf"(?<![\w-])(?:{alone})(?![\w-])".encode()) if alone else None
    return lambda data: any(form in data for form in forms) or (whole_word is not None and whole_word.search(data) is not None)


def _windows(path: Path) -> Iterator[bytes]:
    """The file in pieces that overlap by more than the longest message."""
    rest = b""
    for block in _blocks(path):
        yield rest + block
        rest = block[-_OVERLAP:]


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except (gzip.BadGzipFile, zlib.error, EOFError):
        yield path.read_bytes()  # begins like a gzip file and is none


def _json_forms(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((text, json.dumps(text, ensure_ascii=False)[1:-1])))


def _forms(text: str) -> tuple[bytes, ...]:
    return tuple(form.encode() for form in dict.fromkeys((*_json_forms(text), json.dumps(text)[1:-1])))
