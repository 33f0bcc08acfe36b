"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), nullable=False),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger()),
        sa.Column("currency", sa.String(3)),
        sa.Column("list_price", sa.BigInteger()),
        sa.Column("list_currency", sa.String(3)),
        sa.Column("rating", sa.Float()),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(32), nullable=False),
        sa.Column("row_hash", sa.String(32), nullable=False),
    )
    op.create_index("ix_items_content_hash", "items", ["content_hash"])
    op.create_table(
        "variants",
        sa.Column("item_id", sa.String(), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger()),
        sa.Column("currency", sa.String(3)),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("stock", sa.Integer()),
        sa.Column("attributes", sa.Text(), nullable=False),
    )
    op.create_table(
        "vectors",
        sa.Column("content_hash", sa.String(32), primary_key=True),
        sa.Column("embedder", sa.String(), primary_key=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rating", sa.Float()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime()),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("verified", sa.Boolean()),
        sa.Column("row_hash", sa.String(32), nullable=False),
    )
    op.create_index("ix_reviews_item_id", "reviews", ["item_id"])
    op.create_table(
        "readings",
        sa.Column("review_id", sa.String(), primary_key=True),
        sa.Column("rating", sa.Float()),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "aspects",
        sa.Column("review_id", sa.String(), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("facet", sa.String(), nullable=False),
        sa.Column("op", sa.String(2), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
    )
    op.create_table(
        "interactions",
        sa.Column("shopper_id", sa.String(), primary_key=True),
        sa.Column("item_id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("at", sa.DateTime(), primary_key=True),
        sa.Column("value", sa.Float()),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("shopper_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger()),
        sa.Column("currency", sa.String(3)),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("tracking", sa.String(), nullable=False),
        sa.Column("due", sa.DateTime()),
        sa.Column("updated_at", sa.DateTime()),
        sa.Column("row_hash", sa.String(32), nullable=False),
    )
    op.create_index("ix_orders_shopper_id", "orders", ["shopper_id"])
    op.create_table(
        "help_pages",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("language", sa.String(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("effective", sa.DateTime()),
        sa.Column("row_hash", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("help_pages")
    op.drop_table("orders")
    op.drop_table("interactions")
    op.drop_table("aspects")
    op.drop_table("readings")
    op.drop_table("reviews")
    op.drop_table("vectors")
    op.drop_table("variants")
    op.drop_table("items")
    op.drop_table("meta")
