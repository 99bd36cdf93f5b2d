"""Questions to the history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from alerts.columns import Damaged
from monitor.history.tables import TRANSITIONS
from monitor.model import Need, State, Transition


def transitions(connection: Connection, since: datetime, key: str | None = None) -> list[Transition]:
    """The changes since a moment, oldest first; of one key when given."""
    query = select(TRANSITIONS).where(TRANSITIONS.c.at >= since).order_by(TRANSITIONS.c.id)
    if key is not None:
        query = query.where(TRANSITIONS.c.key == key)
    return [_transition(row) for row in connection.execute(query).mappings()]


def _transition(row: Mapping[Any, Any]) -> Transition:
    try:
        before = State(row["before"]) if row["before"] else None
        return Transition(row["key"], row["at"], before, State(row["after"]), Need(row["needs_human"]), row["note"])
    except ValueError:
        raise Damaged("a row has no state of ours") from None
