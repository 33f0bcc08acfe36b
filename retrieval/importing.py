"""Feeds into a shop: idempotent, in batches that are each kept whole, one writer at a time.

A batch is kept in one transaction, vectors included, before its progress is told; a kill costs the batch in work and
nothing that was told. What has not changed since it was last imported is neither embedded nor written.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from operator import length_hint
from typing import Any

from sqlalchemy import Connection, Table, func, select

from retrieval import rows
from retrieval.database import delete_keys, upsert
from retrieval.errors import IndexError_, RowError
from retrieval.index_choice import EMBED_BATCH, bump_version
from retrieval.item_text import item_text
from retrieval.readings import drop_orphans, forget_changed
from retrieval.schema import HelpPage, Interaction, Item, Order, Review
from retrieval.shop import Shop
from retrieval.stored_vectors import drop_unused, known_hashes, vector_rows
from retrieval.tables import help_pages, interactions, items, meta, orders, reviews, variants, vectors
from retrieval.wheels import Progress

_BATCH = 5_000
"""Rows written in one transaction where nothing is embedded."""

_UNSTORABLE = re.compile(r"(?<!\\)(?:\\\\)*\\(?:x00|ud[89a-f])")
"""How `repr` shows NUL and half a surrogate pair, which no database keeps."""

_UNDER_WAY = "import_under_way"
"""The key in `meta` that stands from an import's first change to its end, so that one cut off still counts."""

Keyed = Review | Order | HelpPage


@dataclass(slots=True)
class ImportReport:
    """What an import read and did; `added` to `embedded` count items. A dry run tells what it would do."""

    items: int = 0
    reviews: int = 0
    interactions: int = 0
    orders: int = 0
    help_pages: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    embedded: int = 0
    """Texts embedded: items that read alike are embedded once."""
    rejected: list[RowError] = field(default_factory=list)
    seconds: float = 0.0
    index_warning: str = ""
    """Why no index could be made of what was imported; exact search serves then."""

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)


def import_feed(
    shop: Shop,
    *,
    catalog: Iterable[Item] = (),
    reviews: Iterable[Review] = (),
    interactions: Iterable[Interaction] = (),
    orders: Iterable[Order] = (),
    help_pages: Iterable[HelpPage] = (),
    prune: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> ImportReport:
    """What was read and done; the feeds are in the shop's tables, its version is new when they changed anything.

    With `prune`, items, reviews and help pages that their feed no longer has are deleted; a feed without a row deletes
    nothing. Raises StoreError and EmbedderError; what was told as progress before is kept.
    """
    started = clock()
    run = _Import(shop, ImportReport(), dry_run, progress or _silent)
    with nullcontext() if dry_run else shop.sole_writer():
        run.take_items(catalog, prune)
        run.report.reviews = run.take_keyed(reviews, _REVIEWS, prune)
        run.report.interactions = run.take_interactions(interactions)
        run.report.orders = run.take_keyed(orders, _ORDERS, False)
        run.report.help_pages = run.take_keyed(help_pages, _HELP_PAGES, prune)
        run.finish()
    run.report.seconds = clock() - started
    return run.report


def _silent(_phase: str, _done: int, _total: int | None) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows that are known by a key and compared by a hash."""

    phase: str
    table: Table
    key: tuple[str, ...]
    row: Callable[[Any, str], rows.Row]


_REVIEWS = _Kind("reviews", reviews, ("id",), rows.review_row)
_ORDERS = _Kind("orders", orders, ("id",), rows.order_row)
_HELP_PAGES = _Kind("help pages", help_pages, ("id", "language"), rows.help_page_row)


class _Import:
    """One import under way."""

    def __init__(self, shop: Shop, report: ImportReport, dry_run: bool, progress: Progress) -> None:
        self.report = report
        self._shop = shop
        self._dry_run = dry_run
        self._progress = progress

    def take_items(self, catalog: Iterable[Item], prune: bool) -> None:
        """The items are in the shop; one whose id came before in this feed is rejected."""
        with self._shop.reading() as connection:
            kept = dict(connection.execute(select(items.c.id, items.c.row_hash)).all())
        total, seen, batch = length_hint(catalog, 0) or None, set[str](), _ItemBatch(self._shop, self._dry_run)
        for item in catalog:
            shape = repr(item)
            if not self._sound("catalog", item.id, shape, item.id in seen):
                continue
            seen.add(item.id)
            self.report.items += 1
            row_hash = rows.digest(shape)
            if kept.get(item.id) == row_hash:
                self.report.unchanged += 1
                continue
            self.report.changed += item.id in kept
            self.report.added += item.id not in kept
            batch.add(item, row_hash)
            if batch.full:
                self._keep_items(batch, total)
        self._keep_items(batch, total)
        if prune and seen:
            gone = [(item_id,) for item_id in kept if item_id not in seen]
            self.report.removed = len(gone)
            self._delete(items, ("id",), gone)
            self._delete(variants, ("item_id",), gone)

    def take_keyed(self, feed: Iterable[Keyed], kind: _Kind, prune: bool) -> int:
        """How many rows were read; they are in the table, those that changed written anew."""
        columns = [kind.table.c[name] for name in kind.key]
        with self._shop.reading() as connection:
            found = connection.execute(select(*columns, kind.table.c.row_hash))
            kept = {tuple(row[:-1]): row[-1] for row in found}
        total, seen, batch = length_hint(feed, 0) or None, set[tuple[str, ...]](), list[rows.Row]()
        for value in feed:
            key = tuple(getattr(value, name) for name in kind.key)
            shape = repr(value)
            if not self._sound(kind.phase, " ".join(key), shape, key in seen):
                continue
            seen.add(key)
            row_hash = rows.digest(shape)
            if kept.get(key) != row_hash:
                batch.append(kind.row(value, row_hash))
            if len(batch) == _BATCH:
                self._keep_rows(kind.table, batch)
                self._progress(kind.phase, len(seen), total)
        self._keep_rows(kind.table, batch)
        if seen:
            self._progress(kind.phase, len(seen), total)
        if prune and seen:
            self._delete(kind.table, kind.key, [key for key in kept if key not in seen])
        return len(seen)

    def take_interactions(self, feed: Iterable[Interaction]) -> int:
        """How many were read; they are in the table, each once."""
        total, read, batch = length_hint(feed, 0) or None, 0, dict[tuple[Any, ...], rows.Row]()
        for interaction in feed:
            if not self._sound("interactions", interaction.shopper_id, repr(interaction), False):
                continue
            read += 1
            key = (interaction.shopper_id, interaction.item_id, interaction.kind, interaction.at)
            batch[key] = rows.interaction_row(interaction)
            if len(batch) == _BATCH:
                self._keep_interactions(batch, read, total)
        self._keep_interactions(batch, read, total)
        return read

    def finish(self) -> None:
        """The shop's version counts this import, and the one before it if that was cut off; the index is made anew."""
        if self._dry_run:
            return
        with self._shop.reading() as connection:
            if connection.execute(select(meta.c.value).where(meta.c.key == _UNDER_WAY)).scalar() is None:
                return
        with self._shop.writing() as connection:
            drop_unused(connection)
            drop_orphans(connection)
            delete_keys(connection, meta, ("key",), [(_UNDER_WAY,)])
            bump_version(connection)
        try:
            self._shop.refresh_index(self._progress)
        except IndexError_ as error:
            self.report.index_warning = str(error)

    def _sound(self, feed: str, key: str, shape: str, again: bool) -> bool:
        """False for a row that can't be kept, which is reported."""
        if again:
            found, cure = f"{key!r} a second time", "The first was taken; give each its own id."
        elif "\\" in shape and _UNSTORABLE.search(shape):  # the search alone would cost more than the rest of a row
            found, cure = f"{key!r} with a NUL or half a character", "Save the file as UTF-8 without control characters."
        else:
            return True
        self.report.rejected.append(RowError(feed, 0, "id", found, "a new id and plain text", cure))
        return False

    def _keep_items(self, batch: _ItemBatch, total: int | None) -> None:
        self.report.embedded += len(batch.texts)
        if batch.rows and not self._dry_run:
            vectors_found = vector_rows(self._shop.embedder, batch.texts)
            with self._writing() as connection:
                upsert(connection, vectors, vectors_found)
                upsert(connection, items, batch.rows)
                delete_keys(connection, variants, ("item_id",), [(row["id"],) for row in batch.rows])
                upsert(connection, variants, batch.variants)
        batch.clear()
        if self.report.items:
            self._progress("items", self.report.items, total)

    def _keep_interactions(self, batch: dict[tuple[Any, ...], rows.Row], read: int, total: int | None) -> None:
        if not batch:
            return
        if not self._dry_run:
            with self._shop.writing() as connection:
                before = connection.execute(select(func.count()).select_from(interactions)).scalar()
                upsert(connection, interactions, list(batch.values()))
                if connection.execute(select(func.count()).select_from(interactions)).scalar() != before:
                    _mark(connection)
        batch.clear()
        self._progress("interactions", read, total)

    def _keep_rows(self, table: Table, batch: list[rows.Row]) -> None:
        if batch and not self._dry_run:
            with self._writing() as connection:
                if table is reviews:
                    forget_changed(connection, batch)
                upsert(connection, table, batch)
        batch.clear()

    def _delete(self, table: Table, columns: tuple[str, ...], keys: Sequence[tuple[str, ...]]) -> None:
        if keys and not self._dry_run:
            with self._writing() as connection:
                delete_keys(connection, table, columns, keys)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._shop.writing() as connection:
            _mark(connection)
            yield connection


def _mark(connection: Connection) -> None:
    upsert(connection, meta, [{"key": _UNDER_WAY, "value": "1"}])


class _ItemBatch:
    """Items that wait to be written, and those of their texts that wait to be embedded."""

    def __init__(self, shop: Shop, dry_run: bool) -> None:
        self.rows: list[rows.Row] = []
        self.variants: list[rows.Row] = []
        self.texts: dict[str, str] = {}
        self._shop = shop
        self._dry_run = dry_run
        self._known: set[str] | None = None

    @property
    def full(self) -> bool:
        return len(self.texts) == EMBED_BATCH or len(self.rows) == _BATCH

    def add(self, item: Item, row_hash: str) -> None:
        """The item waits; its text too, unless it was embedded before."""
        if self._known is None:
            with self._shop.reading() as connection:  # a dry run opens no model, and takes what any has embedded
                self._known = known_hashes(connection, None if self._dry_run else self._shop.embedder.name)
        text = item_text(item, self._shop.settings.languages)
        content_hash = rows.digest(text)
        if content_hash not in self._known:
            self._known.add(content_hash)
            self.texts[content_hash] = text
        self.rows.append(rows.item_row(item, content_hash, row_hash))
        self.variants.extend(rows.variant_rows(item))

    def clear(self) -> None:
        """Nothing waits."""
        self.rows, self.variants, self.texts = [], [], {}
