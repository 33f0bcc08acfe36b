"""Which of a shopper's acts and orders her interests were learnt from already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "learnt_acts",
        sa.Column("shopper_id", sa.String(128), primary_key=True),
        sa.Column("item_id", sa.String(255), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("at", sa.DateTime(), primary_key=True),
        sa.Column("learnt", sa.DateTime(), nullable=False),
    )
