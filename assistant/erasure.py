"""A shopper is erased, and it is proven: what was deleted is searched for afterwards, in every table and file of the shop.

A kill at any moment is safe: the id is refused from the first step on, and `sweep` ends what was begun.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, delete, insert, select, update

from assistant.identity import Identity
from assistant.memory_tables import erased_table, feedback_table, impressions_table, interests_table, shoppers_table, turns_table
from assistant.traces import Needles, in_files, in_tables, own_sentences, without_lines
from retrieval.database import reading, upsert, writing
from retrieval.index_choice import bump_version
from retrieval.readings import drop_orphans
from retrieval.tables import items, reviews

RETRAIN = "retrain.json"
"""Written beside the manifest of an adapter or ranker that saw rows which are gone."""
_log = logging.getLogger("daogou")
_MANIFESTS = ("manifest.json", "card.json")
_LINES = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".tsv", ".txt", ".log")
"""Files of one row a line, which go on without the shopper's."""
_BY_DEED = ("click", "purchase")
"""Origins of an interest whose sentence is the title of an item."""
_TABLES = ("shop.sqlite3", "shop.sqlite3-wal", "shop.sqlite3-shm", "shop.sqlite3-journal")


@dataclass(frozen=True, slots=True)
class ErasureProof:
    """What was deleted, where it was searched for, and what was found there."""

    at: datetime
    searched: tuple[str, ...]
    """Where ids and sentences were looked for after the deletion."""
    needles: int
    """Ids and sentences that were looked for."""
    rows: dict[str, int]
    """Deleted, by table."""
    lines: dict[str, int]
    """Taken out of training files and logs, by file."""
    left: tuple[str, ...] = ()
    """Where one still stands."""
    retrain: tuple[str, ...] = ()
    """Adapters and rankers that saw the rows; each is marked to be trained anew without them."""
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True when nothing is left."""
        return not self.left


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases shoppers of the shop in `directory`."""

    directory: Path
    engine: Engine
    identity: Identity
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def erase(self, shopper_id: str) -> ErasureProof | None:
        """The proof; None for an id of which the shop has nothing. Raises StoreError; run it again then."""
        with reading(self.engine) as connection:
            owned = _owned(connection, shopper_id)
            if not shopper_id or not any(owned.values()):
                return None
            needles, shared = _needles(connection, shopper_id)
        needles = replace(needles, rows=(*needles.rows, self.identity.tag(shopper_id)))  # manifests name shoppers by it
        self._mark(shopper_id)
        done: dict[str, Any] = {
            "retrain": tuple(self._flag(path) for path in in_files(self.directory, needles, _MANIFESTS)),
            "lines": self._clean_files(needles),
        }
        with writing(self.engine) as connection:
            rows = _delete(connection, shopper_id)
        self.settle()
        return self._proof(shopper_id, needles, {**done, "rows": rows, "notes": tuple(_notes(needles, shared, rows))})

    def unfinished(self) -> tuple[str, ...]:
        """Ids whose erasure was begun and not ended."""
        with reading(self.engine) as connection:
            return tuple(connection.scalars(select(shoppers_table.c.id).where(shoppers_table.c.erasing)))

    def settle(self, *, rewrite: bool = False) -> bool:
        """True when the database's files hold what its tables hold, and nothing older; with `rewrite` they are written anew.

        False while another program reads the old state. On PostgreSQL the server's own vacuum does this.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        raw = self.engine.raw_connection()
        try:
            if rewrite:
                raw.cursor().execute("VACUUM")
            busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy
        except sqlite3.OperationalError as error:
            _log.warning("the database can't be written anew now: %s", error)
            return False
        finally:
            raw.close()

    def end_begun(self) -> tuple[ErasureProof, ...]:
        """The proofs of erasures that a kill had stopped; of those that had deleted all, the files are written anew."""
        proofs = tuple(proof for shopper_id in self.unfinished() if (proof := self.erase(shopper_id)) is not None)
        open_ = erased_table.c.finished.is_(False)
        with reading(self.engine) as connection:
            pending = connection.execute(select(erased_table.c.tag).where(open_)).first()
        if pending is not None and self.settle(rewrite=True):
            with writing(self.engine) as connection:
                connection.execute(update(erased_table).where(open_).values(finished=True))
        return proofs

    def brought_back(self) -> int:
        """How many rows of erased shoppers were deleted again, which an import had brought back."""
        with reading(self.engine) as connection:
            tags = set(connection.scalars(select(erased_table.c.tag)))
            ids = {found for _, column in personal_tables(connection) for found in connection.scalars(select(column).distinct())}
        again = [shopper_id for shopper_id in ids if shopper_id and self.identity.tag(shopper_id) in tags] if tags else []
        with writing(self.engine) as connection:
            return sum(sum(_delete(connection, shopper_id).values()) for shopper_id in again)

    def _mark(self, shopper_id: str) -> None:
        """From now on the id is refused, and the erasure is known to have begun."""
        now = self.now()
        row = {"id": shopper_id, "created": now, "seen": now, "memory": False, "training": False, "paused": False,
               "retention_days": 1, "erasing": True}
        with writing(self.engine) as connection:
            upsert(connection, shoppers_table, [row])
            tag = self.identity.tag(shopper_id)
            known = connection.execute(select(erased_table.c.tag).where(erased_table.c.tag == tag)).first()
            if known is None:
                connection.execute(insert(erased_table), [{"tag": tag, "at": now, "refused": 0, "finished": False}])

    def _flag(self, manifest: Path) -> str:
        """The folder of the manifest, marked."""
        marked = {"reason": "it was trained on rows of a shopper who was erased", "at": self.now().isoformat()}
        (manifest.parent / RETRAIN).write_text(json.dumps(marked) + "\n", encoding="utf-8")
        return str(manifest.parent.relative_to(self.directory))

    def _clean_files(self, needles: Needles) -> dict[str, int]:
        found = in_files(self.directory, needles, _LINES)
        return {str(path.relative_to(self.directory)): without_lines(path, needles) for path in found}

    def _proof(self, shopper_id: str, needles: Needles, done: dict[str, Any]) -> ErasureProof:
        wanted = Needles(needles.ids, needles.sentences)
        with reading(self.engine) as connection:
            left = list(in_tables(connection, wanted))
        files = self._left_in_files(wanted)
        if any(path.name in _TABLES for path in files) and self.settle(rewrite=True):
            files = self._left_in_files(wanted)
        left += [str(path.relative_to(self.directory)) for path in files]
        if not left:
            with writing(self.engine) as connection:
                mine = erased_table.c.tag == self.identity.tag(shopper_id)
                connection.execute(update(erased_table).where(mine).values(finished=True))
        searched = ("every text column of every table", f"every file under {self.directory.name}/")
        return ErasureProof(self.now(), searched, len(needles.ids) + len(needles.sentences), left=tuple(left), **done)

    def _left_in_files(self, needles: Needles) -> list[Path]:
        return [path for path in in_files(self.directory, needles) if path.name not in _MANIFESTS]


def _notes(needles: Needles, shared: int, rows: dict[str, int]) -> Iterator[str]:
    if shared:
        yield f"{shared} of the messages were also typed by others, and are not told apart from theirs"
    if needles.short:
        yield f"ids shorter than 12 characters were searched as whole words ({len(needles.short)})"
    if any(rows.get(table) for table in ("orders", "interactions", "reviews")):
        yield "orders, interactions and reviews came with the shop's feeds: delete them there too; the daily sweep deletes again"


def _owned(connection: Connection, shopper_id: str) -> dict[str, int]:
    """Rows of the shopper by table."""
    return {
        table.name: len(connection.execute(select(column).where(column == shopper_id)).all())
        for table, column in personal_tables(connection)
    }


def personal_tables(connection: Connection) -> Iterator[tuple[Table, Any]]:
    """Every table with the column that tells whose a row is."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        name = {"shoppers": "id", "reviews": "author"}.get(table.name, "shopper_id")
        if name in table.columns:
            yield table, table.columns[name]


def _needles(connection: Connection, shopper_id: str) -> tuple[Needles, int]:
    """What is to be searched for, and how many of the shopper's messages others typed too."""
    turns = connection.execute(select(turns_table).where(turns_table.c.shopper_id == shopper_id)).all()
    spoken = {str(json.loads(row.body)["message"]) for row in turns}
    held = map(json.loads, connection.scalars(select(interests_table.c.body).where(interests_table.c.shopper_id == shopper_id)))
    spoken |= {str(interest["sentence"]) for interest in held if interest["source"] not in _BY_DEED}
    spoken.difference_update(connection.scalars(select(items.c.title).where(items.c.title.in_(spoken))).all())  # stars alone
    written = connection.scalars(select(reviews.c.text).where(reviews.c.author == shopper_id))
    spoken = set(own_sentences(spoken))
    others = select(turns_table.c.body).where(turns_table.c.shopper_id != shopper_id)
    shared: set[str] = set()
    for body in connection.scalars(others.execution_options(yield_per=200)):
        message = str(json.loads(body)["message"])
        shared |= {sentence for sentence in spoken if sentence in message}
    feedback = connection.scalars(select(feedback_table.c.id).where(feedback_table.c.shopper_id == shopper_id))
    ids = (shopper_id, *dict.fromkeys(row.session_id for row in turns))
    rows = (*(row.id for row in turns), *feedback)
    return Needles(ids, own_sentences([*sorted(spoken - shared), *written]), rows), len(shared)


def _delete(connection: Connection, shopper_id: str) -> dict[str, int]:
    """How many rows were deleted, by table."""
    theirs = select(turns_table.c.id).where(turns_table.c.shopper_id == shopper_id)
    gone = {"impressions": connection.execute(delete(impressions_table).where(impressions_table.c.turn_id.in_(theirs))).rowcount}
    written = tuple(connection.scalars(select(reviews.c.id).where(reviews.c.author == shopper_id)))
    for table, column in personal_tables(connection):
        gone[table.name] = connection.execute(delete(table).where(column == shopper_id)).rowcount
    if written:
        drop_orphans(connection)
        gone["turns of others that quoted a review"] = _unquote(connection, written)
    bump_version(connection)
    return {table: count for table, count in gone.items() if count}


def _unquote(connection: Connection, review_ids: Sequence[str]) -> int:
    """How many turns of others quoted one of the reviews; they do not any more."""
    changed = 0
    for row in connection.execute(select(turns_table.c.id, turns_table.c.body)).all():
        if not any(json.dumps(review_id, ensure_ascii=False) in row.body for review_id in review_ids):
            continue
        body = json.loads(row.body)
        quotes = sorted({found["text"] for found in _quotes(body, review_ids)}, key=len, reverse=True)
        cleaned = json.dumps(_blanked(body, (*quotes, *review_ids)), ensure_ascii=False)
        connection.execute(update(turns_table).where(turns_table.c.id == row.id).values(body=cleaned))
        changed += 1
    return changed


def _quotes(value: Any, review_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("review_id") in review_ids:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _quotes(part, review_ids)


def _blanked(value: Any, texts: Sequence[str]) -> Any:
    """The value with an ellipsis in the place of each text."""
    if isinstance(value, dict):
        return {key: _blanked(part, texts) for key, part in value.items()}
    if isinstance(value, list):
        return [_blanked(part, texts) for part in value]
    if isinstance(value, str):
        for text_ in texts:
            value = value.replace(text_, "…")
    return value
