"""The tables of the history; alerts.store adds its own to the same database."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text

from alerts.store import Document, Moment, RecordColumn
from monitor.model import Observation

METADATA = MetaData()

#: One row for each credential ever seen, never pruned: an assumed lifetime counts from its first day.
PROFILES = Table(
    "profiles",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("needs_human", Text, nullable=False),
    Column("deadline", Moment),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("fingerprint_since", Moment),
    Column("rotated_at", Moment),
    Column("overused_at", Moment),
    Column("proven", Boolean, nullable=False, default=False),
    Column("established", Boolean, nullable=False, default=False),
    Column("key_id", Text, nullable=False, default=""),
    Column("ignored", Boolean, nullable=False, default=False),
    Column("observation", RecordColumn(Observation), nullable=False),
)

#: What changed when; pruned after `history.keep`.
TRANSITIONS = Table(
    "transitions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("needs_human", Text, nullable=False),
    Column("note", Text, nullable=False, default=""),
)

#: Renewals seen, with the moments the new credential carries; pruned after `history.keep`.
RENEWALS = Table(
    "renewals",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("new_login", Boolean, nullable=False),
    Column("access_expires_at", Moment),
    Column("login_expires_at", Moment),
)

#: Small facts about the checks themselves (clock, last prune).
META = Table(
    "meta",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Document, nullable=False),
)
