"""Runs the migrations from inside the program, without an alembic.ini."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from retrieval.errors import StoreError


def scripts() -> ScriptDirectory:
    """The revisions that this program knows."""
    return ScriptDirectory.from_config(_config())


def upgrade(connection: Connection, found: str | None) -> None:
    """The tables are at the newest revision; they were at `found`. Raises StoreError when `found` is unknown here."""
    known = {script.revision for script in scripts().walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"the shop's tables have the schema {found}, expected {max(known)} or an older one. "
            "They were written by a newer version of this program: upgrade it."
        )
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
