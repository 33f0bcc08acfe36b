"""The tables of talk: turns, reactions, shoppers with their consents and interests, and the traces of those who were erased."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, DateTime, Float, Integer, MetaData, String, Table, Text, UniqueConstraint

from retrieval.tables import UtcTime

metadata = MetaData()

turns_table = Table(
    "turns",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("session_id", String(128), nullable=False, index=True),
    Column("shopper_id", String(128), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("body", Text, nullable=False),  # JSON: the whole turn
    UniqueConstraint("session_id", "number", name="one_turn_a_number"),
)

feedback_table = Table(
    "feedback",
    metadata,
    Column("id", String(64), primary_key=True),  # the key by which an event counts once
    Column("turn_id", String(64), nullable=False, index=True),
    Column("item_id", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("session_id", String(128), nullable=False),
    Column("shopper_id", String(128), nullable=False, index=True),
    Column("reason", String(255), nullable=False),
    Column("position", Integer, nullable=False),  # on the screen, from 1; 0 when it was on none
)

shoppers_table = Table(
    "shoppers",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("created", UtcTime, nullable=False),
    Column("seen", UtcTime, nullable=False),
    Column("memory", Boolean, nullable=False),  # consents to being remembered beyond the session
    Column("training", Boolean, nullable=False),  # consents to being learnt from
    Column("paused", Boolean, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("erasing", Boolean, nullable=False),  # the erasure has begun and must be ended
)

interests_table = Table(
    "interests",
    metadata,
    Column("shopper_id", String(128), primary_key=True),
    Column("facet", String, primary_key=True),
    Column("op", String(2), primary_key=True),
    Column("value", String, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),  # JSON: the whole interest
)

erased_table = Table(
    "erased",
    metadata,
    Column("tag", String(64), primary_key=True),  # keyed digest of the id: knows it again, does not tell it
    Column("at", UtcTime, nullable=False),
    Column("refused", Integer, nullable=False),  # events that still came
    Column("finished", Boolean, nullable=False),
)

learnt_acts_table = Table(
    "learnt_acts",
    metadata,
    Column("shopper_id", String(128), primary_key=True),
    Column("item_id", String(255), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("learnt", UtcTime, nullable=False),
)
"""The acts of the shop's records that a shopper's interests were learnt from: of those who agreed to be remembered only."""

impressions_table = Table(
    "impressions",
    metadata,
    Column("turn_id", String(64), primary_key=True),
    Column("item_id", String(255), primary_key=True),
    Column("position", Integer, nullable=False),  # on the slate, from 1
    Column("context", String, nullable=False),  # what clicks are counted in: the kind of product wished for
    Column("propensity", Float, nullable=False),  # the chance with which the slot was to show this item
    Column("clicked", Boolean, nullable=False),
)
"""Every item of every slate. Names no shopper, and outlives the turn unless its shopper asks for erasure."""
