"""A shop's database: SQLite in its directory or any PostgreSQL by URL, at this program's schema, with one writer."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from retrieval.errors import StoreError
from retrieval.tables import HEAD

WRITER_WAIT = 1.0
"""Seconds that a second writer waits before it is refused."""

_ADVISORY_KEY = 0x0DA06000
_ADVISORY_OWNER = """
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) JOIN pg_database ON oid = pg_locks.database
WHERE locktype = 'advisory' AND granted AND objid = :key AND pg_database.datname = current_database()
"""
_WRITES = "daogou_writes"


def open_engine(directory: Path, url: str) -> Engine:
    """The engine of the shop in `directory`; an empty `url` means SQLite in the directory itself."""
    if not url:
        engine = create_engine(f"sqlite:///{directory / 'shop.sqlite3'}", connect_args={"timeout": 5.0})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if not url.startswith("postgresql"):
        raise StoreError(f"the shop's url is {url!r}; expected postgresql+psycopg://... or nothing, for SQLite")
    owner = {"application_name": f"daogou {os.getpid()}@{socket.gethostname()}"[:63]}
    return create_engine(url, isolation_level="REPEATABLE READ", pool_pre_ping=True, connect_args=owner)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, so that a reader sees one moment
    # secure_delete: what was deleted is overwritten, not only unlinked, so that an erased shopper is not left in free pages
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the tables as they are at its first statement, whatever is written meanwhile."""
    with _store_errors(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements are all done when the block ends, or none of them."""
    with _store_errors(), engine.connect() as connection, connection.execution_options(**{_WRITES: True}).begin():
        yield connection


@contextmanager
def _store_errors() -> Iterator[None]:
    """The driver's errors as StoreError, with the cure."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig)
        raise StoreError(f"the shop's tables can't be used: {said}. {_cure(said)}") from error


def _cure(said: str) -> str:
    cures = {
        "full": "Make room on the disk and run the command again; what was acknowledged is kept.",
        "locked": "Another program is writing; wait for it to end.",
        "readonly": "Give the shop's directory write permission.",
        "malformed": "The file is damaged; restore the shop from a backup or import its feeds into a new one.",
        "not a database": "The file is damaged; restore the shop from a backup or import its feeds into a new one.",
        "connect": "Start the database server, or correct `url` in the shop's settings.json.",
    }
    return next((cure for word, cure in cures.items() if word in said), "Run `daogou doctor`.")


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Every row is in the table, in place of the one with the same key."""
    if not rows:
        return
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def delete_keys(connection: Connection, table: Table, columns: Sequence[str], keys: Iterable[tuple[str, ...]]) -> None:
    """No row of the table has one of the keys in the columns."""
    gone = [{f"gone_{name}": part for name, part in zip(columns, key, strict=True)} for key in keys]
    if gone:
        same = [table.c[name] == bindparam(f"gone_{name}") for name in columns]
        connection.execute(table.delete().where(*same), gone)


def migrate(engine: Engine) -> None:
    """The database is at `HEAD`. Raises StoreError when it was written by a newer program."""
    with reading(engine) as connection:
        found = _revision(connection)
    if found == HEAD:
        return
    from retrieval.migrations.run import upgrade

    with writing(engine) as connection:
        upgrade(connection, found)


def _revision(connection: Connection) -> str | None:
    """The revision that the database is at, None for an empty one."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextmanager
def sole_writer(directory: Path, engine: Engine) -> Iterator[None]:
    """This process is the only one that imports or rebuilds. Raises StoreError within 2 s, with the owner's pid."""
    owner = directory / "writer.pid"
    lock = FileLock(directory / "writer.lock", timeout=WRITER_WAIT)
    try:
        lock.acquire()
        owner.write_text(f"{os.getpid()}\n")
    except Timeout as error:
        pid = owner.read_text().strip() if owner.exists() else "unknown"
        raise StoreError(
            f"the shop in {directory} is being written by process {pid}; expected no other writer. "
            "Wait until it ends, or stop it."
        ) from error
    except OSError as error:
        lock.release()
        raise StoreError(f"the shop in {directory} can't be written: {error}. Make room or give permission.") from error
    try:
        with _advisory_lock(engine):
            yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _advisory_lock(engine: Engine) -> Iterator[None]:
    """On PostgreSQL the writer is the only one over all machines; on SQLite the file lock is enough."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with _store_errors(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY}).scalar():
            name = connection.execute(text(_ADVISORY_OWNER), {"key": _ADVISORY_KEY}).scalar()
            raise StoreError(f"the shop's database is being written by {name}; expected no other writer. Let it end.")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})
