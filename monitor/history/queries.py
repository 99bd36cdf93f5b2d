"""Questions to the history, and a copy of it in memory, where a rehearsal may write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, create_engine, func, select
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

from alerts.store import DELIVERIES, Damaged, last_deliveries
from alerts.store import METADATA as ALERT_TABLES
from monitor.history.engine import disposed, reading
from monitor.history.owner import admit
from monitor.history.tables import METADATA, RENEWALS, TRANSITIONS
from monitor.model import Need, Renewal, State, Transition
from monitor.system.state_dir import StateDir

#: So many of the last renewals say how often they come.
RECENT: Final = 16
#: So many keys are asked for at once; an installation of more logins does without a forecast for the rest.
KEYS: Final = 500


def transitions(connection: Connection, since: datetime, key: str | None = None) -> list[Transition]:
    """The changes since a moment, oldest first; of one key when given."""
    return list(each_transition(connection, since, key))


def each_transition(connection: Connection, since: datetime, key: str | None = None) -> Iterator[Transition]:
    """The same one by one, as they are read."""
    query = select(TRANSITIONS).where(TRANSITIONS.c.at >= since).order_by(TRANSITIONS.c.id)
    if key is not None:
        query = query.where(TRANSITIONS.c.key == key)
    yield from map(_transition, connection.execute(query).mappings())


def changed_keys(connection: Connection) -> set[str]:
    """The keys that changed at any time, those that are forgotten now too."""
    return set(connection.execute(select(TRANSITIONS.c.key).distinct()).scalars())


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


#: What checks decide from; of the logs, only the last delivery of each channel and the last renewals.
NEEDED = {"profiles", "meta", "alerts", "notification_states", "attempts", "silences", "acknowledgements"}

RENEWALS_KEPT = 20_000


@contextmanager
def copied(url: URL, state: StateDir, home: str) -> Iterator[Engine]:
    """A SQLite history in memory with what is remembered; empty where there is no history yet. Raises as `connect`, and
    Foreign where the history is another watcher's."""
    with disposed(create_engine("sqlite://", poolclass=StaticPool)) as made:
        with made.begin() as target, reading(url) as source:
            for metadata in (METADATA, ALERT_TABLES):
                metadata.create_all(target)
            if source is not None:
                admit(source, url, state, home)
                _copy(source, target)
        yield made


def _copy(source: Connection, target: Connection) -> None:
    tables: list[MetaData] = [METADATA, ALERT_TABLES]
    for table in (table for metadata in tables for table in metadata.sorted_tables if table.name in NEEDED):
        rows = [dict(row) for row in source.execute(select(table)).mappings()]
        if rows:
            target.execute(table.insert(), rows)
    renewals = select(RENEWALS).order_by(RENEWALS.c.id.desc()).limit(RENEWALS_KEPT)
    if rows := [dict(row) for row in source.execute(renewals).mappings()]:
        target.execute(RENEWALS.insert(), rows)
    if last := list(last_deliveries(source).values()):
        target.execute(DELIVERIES.insert(), last)
