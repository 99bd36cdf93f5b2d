"""Questions to the history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from monitor.history.tables import TRANSITIONS
from monitor.model import Need, State, Transition


def transitions(connection: Connection, since: datetime, key: str | None = None) -> list[Transition]:
    """The changes since a moment, oldest first; of one key when given."""
    query = select(TRANSITIONS).where(TRANSITIONS.c.at >= since).order_by(TRANSITIONS.c.id)
    if key is not None:
        query = query.where(TRANSITIONS.c.key == key)
    return [
        Transition(
            row["key"],
            row["at"],
            State(row["before"]) if row["before"] else None,
            State(row["after"]),
            Need(row["needs_human"]),
            row["note"],
        )
        for row in connection.execute(query).mappings()
    ]
