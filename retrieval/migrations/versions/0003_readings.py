"""What was read of a review knows the text that it was read from, or why it could not be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("readings", sa.Column("text_hash", sa.String(32), nullable=False, server_default=""))
    op.add_column("readings", sa.Column("problem", sa.Text(), nullable=False, server_default=""))
