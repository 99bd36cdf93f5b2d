"""The tables of the alerts: what stands, what each channel was told, what was tried; on a connection that is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from alerts.memory import Memory
from alerts.model import Acknowledgement, Alert, Attempt, Delivery, Muting, NotificationState, Silence
from alerts.muting import follow
from alerts.notification_state import Place, StateChanges
from alerts.offline import Offline, laid_over
from alerts.schedule import CANARY, DIGEST
from alerts.serialization import flatten, revive

__all__ = ["METADATA", "TEST", "Connection"]

V = TypeVar("V")

#: What reading nonsense can raise.
NONSENSE: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


class Damaged(SQLAlchemyError):
    """A row does not hold what was written; SQLite keeps no checksums. Never carries its content."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment as ISO 8601 text of fixed width, so that it sorts and people can read it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        found = None if value is None else _sound(datetime.fromisoformat, value)
        if found and found.tzinfo is None:
            raise Damaged("a moment without a zone")
        return found


class Document(TypeDecorator[Any]):
    """A JSON value as text; the same on SQLite and PostgreSQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else _sound(json.loads, value)


class RecordColumn(TypeDecorator[Any]):
    """A frozen record of one type as JSON text; the columns beside it carry what is searched for."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        # In ASCII, because a path may be no text: a byte of it that cannot be decoded comes as half of a pair.
        return None if value is None else json.dumps(flatten(value), sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return _sound(lambda text: revive(self.kind, json.loads(text)), value)  # a row without one is damaged, too


def _sound(read: Callable[[Any], V], text: str | None) -> V:
    try:
        return read(text)
    except NONSENSE as error:
        raise Damaged(f"a row cannot be understood ({type(error).__name__})") from None


#: The reason in the log of a message that a person sent to try the channel.
TEST: Final = "test"

METADATA = MetaData()

ALERTS = Table(
    "alerts",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("alert", RecordColumn(Alert), nullable=False),
)

NOTIFICATION_STATES = Table(
    "notification_states",
    METADATA,
    Column("address", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("state", RecordColumn(NotificationState), nullable=False),
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("address", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("attempt", RecordColumn(Attempt), nullable=False),
)

#: The log of what was said to whom, one row a condition; may be pruned, nothing is decided from it.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("error", Text, nullable=False),
)

SILENCES = Table(
    "silences",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("silence", RecordColumn(Silence), nullable=False),
)

ACKNOWLEDGEMENTS = Table(
    "acknowledgements",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("acknowledgement", RecordColumn(Acknowledgement), nullable=False),
)

#: Conditions that a person mutes for good.
IGNORED = Table("ignored", METADATA, Column("key", Text, primary_key=True))


def alerts(db: Connection) -> dict[str, Alert]:
    """Every alert by its key."""
    return {row.key: row.alert for row in db.execute(select(ALERTS))}


def keys(db: Connection) -> frozenset[str]:
    """The keys of all alerts."""
    return frozenset(db.execute(select(ALERTS.c.key)).scalars())


def notified(db: Connection) -> dict[Place, NotificationState]:
    """What each channel believes, by (address, key)."""
    return {(row.address, row.key): row.state for row in db.execute(select(NOTIFICATION_STATES))}


def attempts(db: Connection) -> dict[Place, Attempt]:
    """Attempts without a success since, by (address, key)."""
    return {(row.address, row.key): row.attempt for row in db.execute(select(ATTEMPTS))}


def silences(db: Connection) -> tuple[Silence, ...]:
    """Every silence, ended ones too."""
    return tuple(row.silence for row in db.execute(select(SILENCES).order_by(SILENCES.c.id)))


def acknowledgements(db: Connection) -> tuple[Acknowledgement, ...]:
    """Every acknowledgement, ended ones too."""
    return tuple(row.acknowledgement for row in db.execute(select(ACKNOWLEDGEMENTS)))


def ignored(db: Connection) -> frozenset[str]:
    """The keys of conditions that are muted for good."""
    return frozenset(db.execute(select(IGNORED.c.key)).scalars())


def ignore(db: Connection, key: str, ignored: bool) -> None:
    """Mutes a condition for good, or no longer."""
    db.execute(delete(IGNORED).where(IGNORED.c.key == key))
    if ignored:
        db.execute(IGNORED.insert().values(key=key))


def put_alerts(db: Connection, changed: Mapping[str, Alert], gone: Iterable[str] = ()) -> None:
    """Replaces alerts and deletes those of `gone` keys, with what was told and tried of them."""
    gone = list(gone)
    _delete(db, ALERTS, {*changed, *gone})
    if changed:
        db.execute(ALERTS.insert(), [{"key": key, "alert": value} for key, value in changed.items()])
    for table in (NOTIFICATION_STATES, ATTEMPTS, ACKNOWLEDGEMENTS):
        _delete(db, table, gone)


def _delete(db: Connection, table: Table, keys: Iterable[str]) -> None:
    if rows := [{"old": key} for key in keys]:
        db.execute(delete(table).where(table.c.key == bindparam("old")), rows)


def put_notified(db: Connection, changed: Mapping[Place, NotificationState | None]) -> None:
    """Replaces what channels believe; None deletes."""
    _put_pairs(db, NOTIFICATION_STATES, "state", changed)


def put_attempts(db: Connection, changed: Mapping[Place, Attempt | None]) -> None:
    """Replaces attempts; None deletes."""
    _put_pairs(db, ATTEMPTS, "attempt", changed)


def _put_pairs(db: Connection, table: Table, column: str, changed: Mapping[Place, Any]) -> None:
    if old := [{"of": address, "old": key} for address, key in changed]:
        db.execute(delete(table).where(table.c.address == bindparam("of"), table.c.key == bindparam("old")), old)
    rows = [{"address": pair[0], "key": pair[1], column: value} for pair, value in changed.items() if value]
    if rows:
        db.execute(table.insert(), rows)


def _rename(db: Connection, old: str, new: str) -> None:
    """A key's alert, states, attempts and acknowledgement go on under its new name."""
    for table, column in ((ALERTS, "alert"), (ACKNOWLEDGEMENTS, "acknowledgement")):
        found = db.execute(select(table.c[column]).where(table.c.key == old)).scalar()
        if found is not None:
            db.execute(delete(table).where(table.c.key.in_([old, new])))
            db.execute(table.insert().values({"key": new, column: found._replace(key=new)}))
    for table, column in ((NOTIFICATION_STATES, "state"), (ATTEMPTS, "attempt")):
        rows = db.execute(select(table.c.address, table.c[column]).where(table.c.key == old)).all()
        _put_pairs(db, table, column, {(row[0], old): None for row in rows})
        _put_pairs(db, table, column, {(row[0], new): _renamed(row[1], new) for row in rows})


def _renamed(record: NotificationState | Attempt, key: str) -> NotificationState | Attempt:
    if isinstance(record, Attempt) and record.state:
        record = record._replace(state=record.state._replace(key=key))
    return record._replace(key=key)


def log(db: Connection, delivery: Delivery) -> None:
    """Adds one delivery to the log."""
    rows = [
        {
            "at": delivery.at,
            "channel": delivery.notification.channel,
            "key": item.alert.key,
            "reason": item.reason.value,
            "level": item.alert.level.value,
            "outcome": delivery.outcome.value,
            "error": delivery.error,
        }
        for item in delivery.notification.items
    ]
    if rows:
        db.execute(DELIVERIES.insert(), rows)


def log_test(db: Connection, delivery: Delivery) -> None:
    """Adds a test message to the log: it is about nothing, and shows whether its channel works."""
    row = {"at": delivery.at, "channel": delivery.notification.channel, "key": "", "reason": TEST, "level": ""}
    db.execute(DELIVERIES.insert().values(**row, outcome=delivery.outcome.value, error=delivery.error))


def partial(db: Connection) -> frozenset[str]:
    """The channels whose last message that arrived reached only some of its targets."""
    arrived = DELIVERIES.c.outcome.in_(["delivered", "partial"])
    newest = select(func.max(DELIVERIES.c.id)).where(arrived).group_by(DELIVERIES.c.channel).scalar_subquery()
    query = select(DELIVERIES.c.channel).where(DELIVERIES.c.id.in_(newest), DELIVERIES.c.outcome == "partial")
    return frozenset(db.execute(query).scalars())


def last_successes(db: Connection) -> dict[str, datetime]:
    """When each channel was last reached."""
    query = select(DELIVERIES.c.channel, func.max(DELIVERIES.c.at)).where(
        DELIVERIES.c.outcome.in_(["delivered", "partial"])
    )
    return {row[0]: row[1] for row in db.execute(query.group_by(DELIVERIES.c.channel))}


def last_deliveries(db: Connection) -> dict[str, Mapping[str, Any]]:
    """The newest line of the log for each channel."""
    newest = select(func.max(DELIVERIES.c.id)).group_by(DELIVERIES.c.channel).scalar_subquery()
    rows = db.execute(select(DELIVERIES).where(DELIVERIES.c.id.in_(newest))).mappings()
    return {row["channel"]: dict(row) for row in rows}


def recent(db: Connection, since: datetime) -> list[Mapping[str, Any]]:
    """The log since a moment, newest first."""
    query = select(DELIVERIES).where(DELIVERIES.c.at >= since).order_by(DELIVERIES.c.id.desc())
    return [dict(row) for row in db.execute(query).mappings()]


def acknowledge(db: Connection, given: Acknowledgement) -> None:
    """Replaces the acknowledgement of a key."""
    db.execute(delete(ACKNOWLEDGEMENTS).where(ACKNOWLEDGEMENTS.c.key == given.key))
    db.execute(ACKNOWLEDGEMENTS.insert().values(key=given.key, acknowledgement=given))


def silence(db: Connection, given: Silence) -> int:
    """Adds a silence; returns its id."""
    known = db.execute(select(SILENCES.c.id).order_by(SILENCES.c.id.desc()).limit(1)).scalar() or 0
    db.execute(SILENCES.insert().values(id=known + 1, silence=given._replace(id=known + 1)))
    return int(known) + 1


def put_silence(db: Connection, given: Silence) -> None:
    """Replaces a silence of the same number."""
    db.execute(update(SILENCES).where(SILENCES.c.id == given.id).values(silence=given))


def unsilence(db: Connection, number: int) -> bool:
    """Ends a silence; False when there is none of that number."""
    return bool(db.execute(delete(SILENCES).where(SILENCES.c.id == number)).rowcount)


def prune(db: Connection, now: datetime, keep: timedelta) -> None:
    """Drops old lines of the log and silences that ended; alerts, states and attempts stay."""
    db.execute(delete(DELIVERIES).where(DELIVERIES.c.at < now - keep))
    ended = [item.id for item in silences(db) if item.until < now - keep]
    db.execute(delete(SILENCES).where(SILENCES.c.id.in_(ended)))


def recall(db: Connection) -> Memory:
    """The memory as the database has it."""
    return Memory(
        alerts(db),
        notified(db),
        attempts(db),
        Muting(silences(db), acknowledgements(db)),
        partial(db),
        ignored(db),
    )


def commit(db: Connection, old: Memory, new: Memory, gone: Iterable[str] = ()) -> None:
    """Writes what differs from `old`, which is what `recall` gave: attempts and mended moments too, before any send."""
    changed = {key: one for key, one in new.alerts.items() if old.alerts.get(key) != one}
    put_alerts(db, changed, gone)
    put_attempts(db, _changed(old.attempts, new.attempts))
    put_notified(db, _changed(old.notified, new.notified))
    for silence in new.muting.silences:
        if silence not in old.muting.silences:
            put_silence(db, silence)
    for known in new.muting.acknowledgements:
        if known not in old.muting.acknowledgements:
            acknowledge(db, known)


def bring_home(db: Connection, kept: Offline) -> None:
    """Writes what was learned while the history could not be used, in the caller's transaction; once for each id."""
    known = recall(db)
    after = laid_over(known, kept)
    put_alerts(db, {key: one for key, one in after.alerts.items() if known.alerts.get(key) != one})
    put_notified(db, {place: after.notified.get(place) for place in kept.notified})
    put_attempts(db, {place: after.attempts.get(place) for place in kept.attempts})
    for delivery in kept.deliveries:
        log(db, delivery)


def remember(db: Connection, delivery: Delivery, changes: StateChanges) -> None:
    """Writes a result: the log and what the channel believes, in the caller's transaction.

    A key that was forgotten or ignored during the send stays so.
    """
    log(db, delivery)
    alive = keys(db) | {CANARY, DIGEST}
    put_notified(db, {place: one for place, one in changes.notified.items() if place[1] in alive})
    put_attempts(db, {place: one for place, one in changes.attempts.items() if place[1] in alive})


def move(db: Connection, old: str, new: str, labels: Mapping[str, str]) -> None:
    """A key goes on under a new name: its alert, states, acknowledgement, and the silences that name it."""
    known = alerts(db).get(old)
    if known is not None:
        for silence in silences(db):
            followed = follow(silence, known.labels, labels)
            if followed != silence:
                put_silence(db, followed)
    _rename(db, old, new)


def _changed(old: Mapping[Place, V], new: Mapping[Place, V]) -> dict[Place, V | None]:
    """The rows to write; None deletes."""
    gone: dict[Place, V | None] = {place: None for place in old if place not in new}
    return gone | {place: one for place, one in new.items() if old.get(place) != one}
