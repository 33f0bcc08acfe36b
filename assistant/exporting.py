"""Everything that a shop has of a shopper, as one JSON value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, select

from assistant.erasure import personal_tables
from assistant.memory_tables import impressions_table, turns_table
from retrieval.database import reading

Json = dict[str, Any]


def export(engine: Engine, shopper_id: str) -> Json | None:
    """Every row of every table that is the shopper's, by table; None for an id that is unknown or erased."""
    with reading(engine) as connection:
        found = {
            table.name: [_plain(row) for row in connection.execute(select(table).where(column == shopper_id)).mappings()]
            for table, column in personal_tables(connection)
        }
        if not shopper_id or not any(found.values()):
            return None
        theirs = select(turns_table.c.id).where(turns_table.c.shopper_id == shopper_id)
        shown = select(impressions_table).where(impressions_table.c.turn_id.in_(theirs))
        found["impressions"] = [_plain(row) for row in connection.execute(shown).mappings()]
        found |= _read_of(connection, [row["id"] for row in found.get("reviews", ())])
    return {"shopper_id": shopper_id, **{name: rows for name, rows in found.items() if rows}}


def _read_of(connection: Connection, review_ids: list[str]) -> dict[str, list[Json]]:
    """What was read in the shopper's reviews."""
    metadata = MetaData()
    metadata.reflect(connection, only=["readings", "aspects"])
    return {table.name: _rows_of(connection, table, review_ids) for table in metadata.sorted_tables}


def _rows_of(connection: Connection, table: Table, review_ids: list[str]) -> list[Json]:
    chosen = select(table).where(table.c.review_id.in_(review_ids))
    return [_plain(row) for row in connection.execute(chosen).mappings()]


def _plain(row: Mapping[Any, Any]) -> Json:
    """The row as JSON has it; a `body`, which is JSON itself, in the open."""
    found = {str(key): value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
    if "body" in found:
        found["body"] = json.loads(found["body"])
    return found
