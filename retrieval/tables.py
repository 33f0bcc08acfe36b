"""The tables of a shop: the truth from which every index can be rebuilt.

Money is minor units beside an ISO 4217 code, times are UTC. What is filtered or counted is a column; the rest of an
item lies in `body`. A vector belongs to a text (`content_hash`), not to an item: items that read alike share one.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

HEAD = "0005"
"""The newest revision in `migrations/versions`: what this program reads and writes."""


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept without a zone in UTC on every database; a time without a zone is taken as UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value is not None and value.tzinfo else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None


metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("category", Text, nullable=False),  # the path, joined with CATEGORY_SEPARATOR
    Column("price", BigInteger),
    Column("currency", String(3)),
    Column("list_price", BigInteger),
    Column("list_currency", String(3)),
    Column("rating", Float),
    Column("rating_count", Integer, nullable=False),
    Column("available", Boolean, nullable=False),
    Column("body", Text, nullable=False),  # JSON: description, url, image, attributes, translations
    Column("content_hash", String(32), nullable=False, index=True),  # of the embedded text
    Column("row_hash", String(32), nullable=False),  # of the whole item
)

variants = Table(
    "variants",
    metadata,
    Column("item_id", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("price", BigInteger),
    Column("currency", String(3)),
    Column("available", Boolean, nullable=False),
    Column("stock", Integer),
    Column("attributes", Text, nullable=False),  # JSON
)

vectors = Table(
    "vectors",
    metadata,
    Column("content_hash", String(32), primary_key=True),
    Column("embedder", String, primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # little-endian float16, L2-normalised
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", String, primary_key=True),
    Column("item_id", String, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("rating", Float),
    Column("title", Text, nullable=False),
    Column("author", String, nullable=False),
    Column("at", UtcTime),
    Column("language", String, nullable=False),
    Column("verified", Boolean),
    Column("row_hash", String(32), nullable=False),
)

readings = Table(
    "readings",
    metadata,
    Column("review_id", String, primary_key=True),
    Column("rating", Float),  # the stars that the text expresses; none for a review that could not be read
    Column("reader", String, nullable=False),  # model and adapter that read it
    Column("at", UtcTime, nullable=False),
    Column("text_hash", String(32), nullable=False),  # of the text that was read
    Column("problem", Text, nullable=False),  # why it could not be read; empty for one that was
)

aspects = Table(
    "aspects",
    metadata,
    Column("review_id", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("facet", String, nullable=False),
    Column("op", String(2), nullable=False),
    Column("value", Text, nullable=False),
    Column("quote", Text, nullable=False),  # stands verbatim in the review
)

interactions = Table(
    "interactions",
    metadata,
    Column("shopper_id", String, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("value", Float),
)

orders = Table(
    "orders",
    metadata,
    Column("id", String, primary_key=True),
    Column("shopper_id", String, nullable=False, index=True),
    Column("status", String, nullable=False),
    Column("placed_at", UtcTime, nullable=False),
    Column("items", Text, nullable=False),  # JSON: [[item id, quantity], ...]
    Column("total", BigInteger),
    Column("currency", String(3)),
    Column("carrier", String, nullable=False),
    Column("tracking", String, nullable=False),
    Column("due", UtcTime),
    Column("updated_at", UtcTime),
    Column("row_hash", String(32), nullable=False),
)

help_pages = Table(
    "help_pages",
    metadata,
    Column("id", String, primary_key=True),
    Column("language", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("topic", String, nullable=False),
    Column("version", String, nullable=False),
    Column("effective", UtcTime),
    Column("row_hash", String(32), nullable=False),
)
