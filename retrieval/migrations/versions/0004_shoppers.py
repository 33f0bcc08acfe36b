"""Shoppers with their consents and interests; whose reactions are; items shown with their chances; traces of the erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "shoppers",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("seen", sa.DateTime(), nullable=False),
        sa.Column("memory", sa.Boolean(), nullable=False),
        sa.Column("training", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("erasing", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "interests",
        sa.Column("shopper_id", sa.String(128), primary_key=True),
        sa.Column("facet", sa.String(), primary_key=True),
        sa.Column("op", sa.String(2), primary_key=True),
        sa.Column("value", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "erased",
        sa.Column("tag", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "impressions",
        sa.Column("turn_id", sa.String(64), primary_key=True),
        sa.Column("item_id", sa.String(255), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("context", sa.String(), nullable=False),
        sa.Column("propensity", sa.Float(), nullable=False),
        sa.Column("clicked", sa.Boolean(), nullable=False),
    )
    for name, length in (("session_id", 128), ("shopper_id", 128), ("reason", 255)):
        op.add_column("feedback", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("feedback", sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_feedback_shopper_id", "feedback", ["shopper_id"])
