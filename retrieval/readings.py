"""What was read of a shop's reviews: which still have to be read, what they say of each item, how far the reading is.

Kept beside the reviews and gone with them: a review that is deleted or gets another text has no reading any more, so that
every quote stands verbatim in a review that the shop has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, func, select

from retrieval.database import delete_keys, reading, upsert, writing
from retrieval.rows import Row, digest
from retrieval.schema import ReadReview, Remark, Signal
from retrieval.tables import aspects, interactions, items, readings, reviews

_IDS_A_QUERY = 500
_ROUND = 5
"""Reviews of an item that are read before the next item has its turn: enough to quote from."""


@dataclass(frozen=True, slots=True)
class ReadingCounts:
    """How far the reading of a shop is."""

    reviews: int
    """Of the items that the shop has."""
    read: int
    failed: int
    """Reviews that could not be read."""
    aspects: int

    @property
    def unread(self) -> int:
        """Reviews that nobody tried to read."""
        return self.reviews - self.read - self.failed


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings of a shop's reviews, in its database."""

    engine: Engine

    def unread(self, reader: str | None = None, limit: int | None = None) -> tuple[str, ...]:
        """Ids of the reviews that nobody has read, or that `reader` has not: five of each item, the newest first, the most
        sold and then the most reviewed items leading; then five more of each."""
        with reading(self.engine) as connection:
            return tuple(map(str, connection.execute(_unread(reader).limit(limit)).scalars()))

    def texts(self, review_ids: Sequence[str]) -> dict[str, str]:
        """The texts of the reviews that the shop has, by id."""
        with reading(self.engine) as connection:
            return _texts(connection, review_ids)

    def save(self, found: Sequence[ReadReview], reader: str, at: datetime) -> int:
        """How many were kept, all in one transaction: not those whose review is gone or says something else by now."""
        with writing(self.engine) as connection:
            texts = _texts(connection, [each.review_id for each in found])
            kept = [each for each in found if texts.get(each.review_id) == each.text]
            delete_keys(connection, aspects, ("review_id",), [(each.review_id,) for each in kept])
            upsert(connection, readings, [_reading_row(each, reader, at) for each in kept])
            upsert(connection, aspects, [row for each in kept for row in _aspect_rows(each)])
        return len(kept)

    def aspects_of(self, item_ids: Sequence[str]) -> dict[str, tuple[Remark, ...]]:
        """What reviewers say of each of the items, the newest review first; items of which nothing was read are left out."""
        chosen = select(reviews.c.item_id, aspects).join(reviews, reviews.c.id == aspects.c.review_id)
        found: dict[str, list[Remark]] = {}
        with reading(self.engine) as connection:
            for part in _parts(item_ids):
                wanted = chosen.where(reviews.c.item_id.in_(part))
                for row in connection.execute(wanted.order_by(reviews.c.at.desc(), reviews.c.id, aspects.c.position)).mappings():
                    found.setdefault(row["item_id"], []).append(Remark(row["review_id"], _aspect(row)))
        return {item_id: tuple(remarks) for item_id, remarks in found.items()}

    def remarks(self) -> Iterator[tuple[str, Signal]]:
        """(item id, aspect) of everything that was read."""
        chosen = select(reviews.c.item_id, aspects).join(reviews, reviews.c.id == aspects.c.review_id)
        with reading(self.engine) as connection:
            for row in connection.execute(chosen).mappings():
                yield row["item_id"], _aspect(row)

    def counts(self) -> ReadingCounts:
        """How far the reading is."""
        sold = reviews.join(items, items.c.id == reviews.c.item_id)
        read = sold.join(readings, readings.c.review_id == reviews.c.id)
        with reading(self.engine) as connection:
            total = connection.execute(select(func.count()).select_from(sold)).scalar_one()
            tried = connection.execute(select(func.count(), func.count(readings.c.rating)).select_from(read)).one()
            said = connection.execute(select(func.count()).select_from(aspects)).scalar_one()
        return ReadingCounts(total, tried[1], tried[0] - tried[1], said)

    def by(self, reader: str) -> Iterator[ReadReview]:
        """All that `reader` read, by review id."""
        chosen = select(readings.c.review_id, readings.c.rating, readings.c.problem, reviews.c.text)
        chosen = chosen.join(reviews, reviews.c.id == readings.c.review_id).where(readings.c.reader == reader)
        told = select(aspects).join(readings, readings.c.review_id == aspects.c.review_id).where(readings.c.reader == reader)
        with reading(self.engine) as connection:
            rows = connection.execute(told.order_by(aspects.c.review_id, aspects.c.position)).mappings().all()
            said = {key: tuple(map(_aspect, group)) for key, group in groupby(rows, key=lambda row: row["review_id"])}
            for row in connection.execute(chosen.order_by(readings.c.review_id)).mappings():
                yield ReadReview(**row, aspects=said.get(row["review_id"], ()))


def forget_changed(connection: Connection, review_rows: Sequence[Row]) -> None:
    """No reading is kept of a review whose text is not that of its row any more."""
    texts = {row["id"]: row["text"] for row in review_rows}
    gone: list[str] = []
    for part in _parts(list(texts)):
        chosen = select(readings.c.review_id, readings.c.text_hash).where(readings.c.review_id.in_(part))
        gone += [review_id for review_id, read in connection.execute(chosen) if read != digest(texts[review_id])]
    for table in (aspects, readings):
        delete_keys(connection, table, ("review_id",), [(review_id,) for review_id in gone])


def drop_orphans(connection: Connection) -> None:
    """No reading is kept of a review that the shop has no longer."""
    for table in (aspects, readings):
        connection.execute(table.delete().where(table.c.review_id.not_in(select(reviews.c.id))))


def _unread(reader: str | None) -> Select[Any]:
    newest = func.row_number().over(partition_by=reviews.c.item_id, order_by=(reviews.c.at.desc().nulls_last(), reviews.c.id))
    written = func.count().over(partition_by=reviews.c.item_id)
    ranked = select(reviews.c.id, reviews.c.item_id, newest.label("place"), written.label("written")).subquery()
    bought = select(interactions.c.item_id, func.count().label("times")).where(interactions.c.kind == "purchase")
    sold = bought.group_by(interactions.c.item_id).subquery()
    done = select(readings.c.review_id)
    if reader is not None:
        done = done.where(readings.c.reader == reader)
    chosen = select(ranked.c.id).join(items, items.c.id == ranked.c.item_id)
    chosen = chosen.outerjoin(sold, sold.c.item_id == ranked.c.item_id).where(ranked.c.id.not_in(done))
    times = func.coalesce(sold.c.times, 0)
    return chosen.order_by(
        (ranked.c.place - 1) // _ROUND, times.desc(), ranked.c.written.desc(), ranked.c.item_id, ranked.c.place
    )


def _texts(connection: Connection, review_ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in _parts(review_ids):
        found.update(connection.execute(select(reviews.c.id, reviews.c.text).where(reviews.c.id.in_(part))).all())
    return found


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _IDS_A_QUERY] for start in range(0, len(ids), _IDS_A_QUERY))


def _reading_row(read: ReadReview, reader: str, at: datetime) -> Row:
    return {
        "review_id": read.review_id, "rating": read.rating, "reader": reader, "at": at, "text_hash": digest(read.text),
        "problem": read.problem,
    }


def _aspect_rows(read: ReadReview) -> list[Row]:
    return [
        {"review_id": read.review_id, "position": position, "facet": a.facet, "op": a.op, "value": a.value, "quote": a.span}
        for position, a in enumerate(read.aspects)
    ]


def _aspect(row: RowMapping) -> Signal:
    return Signal(row["facet"], row["op"], row["value"], "review", row["quote"])
