"""The history as it is now, copied into memory, where a rehearsal may write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, MetaData, create_engine, select
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

from alerts.store import DELIVERIES, last_deliveries
from alerts.store import METADATA as NOTIFICATION_STATES
from monitor.history.engine import disposed, reading
from monitor.history.owner import admit
from monitor.history.tables import METADATA, RENEWALS
from monitor.system.state_dir import StateDir

#: What checks decide from; of the logs, only the last delivery of each channel and the last renewals.
NEEDED = {"profiles", "meta", "alerts", "notification_states", "attempts", "silences", "acknowledgements"}

RENEWALS_KEPT = 20_000


@contextmanager
def copied(url: URL, state: StateDir, home: str) -> Iterator[Engine]:
    """A SQLite history in memory with what is remembered; empty where there is no history yet. Raises as `connect`, and
    Foreign where the history is another watcher's."""
    with disposed(create_engine("sqlite://", poolclass=StaticPool)) as made:
        with made.begin() as target, reading(url) as source:
            for metadata in (METADATA, NOTIFICATION_STATES):
                metadata.create_all(target)
            if source is not None:
                admit(source, url, state, home)
                _copy(source, target)
        yield made


def _copy(source: Connection, target: Connection) -> None:
    tables: list[MetaData] = [METADATA, NOTIFICATION_STATES]
    for table in (table for metadata in tables for table in metadata.sorted_tables if table.name in NEEDED):
        rows = [dict(row) for row in source.execute(select(table)).mappings()]
        if rows:
            target.execute(table.insert(), rows)
    renewals = select(RENEWALS).order_by(RENEWALS.c.id.desc()).limit(RENEWALS_KEPT)
    if rows := [dict(row) for row in source.execute(renewals).mappings()]:
        target.execute(RENEWALS.insert(), rows)
    if last := list(last_deliveries(source).values()):
        target.execute(DELIVERIES.insert(), last)
