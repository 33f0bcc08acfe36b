"""What alembic runs for every command: the migrations, on the connection that the caller gave."""

from __future__ import annotations

from alembic import context

from retrieval.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
