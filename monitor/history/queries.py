"""Questions to the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from alerts.store import Damaged
from monitor.history.tables import RENEWALS, TRANSITIONS
from monitor.model import Need, Renewal, State, Transition

#: So many of the last renewals say how often they come.
RECENT: Final = 16
#: So many keys are asked for at once; an installation of more logins does without a forecast for the rest.
KEYS: Final = 500


def transitions(connection: Connection, since: datetime, key: str | None = None) -> list[Transition]:
    """The changes since a moment, oldest first; of one key when given."""
    query = select(TRANSITIONS).where(TRANSITIONS.c.at >= since).order_by(TRANSITIONS.c.id)
    if key is not None:
        query = query.where(TRANSITIONS.c.key == key)
    return [_transition(row) for row in connection.execute(query).mappings()]


def rotations(connection: Connection, keys: Collection[str]) -> dict[str, tuple[Renewal, ...]]:
    """The last renewals of each key, oldest first."""
    found: dict[str, list[Renewal]] = defaultdict(list)
    if keys:
        nth = func.row_number().over(partition_by=RENEWALS.c.key, order_by=RENEWALS.c.id.desc()).label("nth")
        last = select(RENEWALS, nth).where(RENEWALS.c.key.in_(sorted(keys)[:KEYS])).subquery()
        query = select(last).where(last.c.nth <= RECENT).order_by(last.c.id)
        for row in connection.execute(query).mappings():
            one = Renewal(row["key"], row["at"], row["new_login"], row["access_expires_at"], row["login_expires_at"])
            found[one.key].append(one)
    return {key: tuple(ones) for key, ones in found.items()}


def logins(connection: Connection, keys: Collection[str]) -> dict[str, tuple[datetime, ...]]:
    """When somebody logged in, as far as it was seen, oldest first, for each key."""
    found: dict[str, list[datetime]] = defaultdict(list)
    if keys:
        wanted = RENEWALS.c.key.in_(sorted(keys)[:KEYS])
        query = select(RENEWALS.c.key, RENEWALS.c.at).where(RENEWALS.c.new_login, wanted).order_by(RENEWALS.c.id)
        for key, at in connection.execute(query):
            found[key].append(at)
    return {key: tuple(moments) for key, moments in found.items()}


def _transition(row: Mapping[Any, Any]) -> Transition:
    try:
        before = State(row["before"]) if row["before"] else None
        return Transition(row["key"], row["at"], before, State(row["after"]), Need(row["needs_human"]), row["note"])
    except ValueError:
        raise Damaged("a row has no state of ours") from None
