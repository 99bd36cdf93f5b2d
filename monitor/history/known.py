"""What the history remembers of each credential, between the row and `Remembered`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, update

from alerts.store import Damaged
from monitor.history.tables import META, PROFILES
from monitor.model import Need, Remembered, State

#: What is no column: it follows from the key id, or is asked of the log of renewals where it matters.
_ELSEWHERE: Final = frozenset({"comparable", "renewals", "logins"})


def read(connection: Connection, key_id: str, again: datetime | None = None) -> dict[str, Remembered]:
    """Everything known, by key; fingerprints made with another key cannot be compared. `again`: when the full check
    began whose finds a check that stopped at the gate has confirmed since; where those lay is established."""
    rows = connection.execute(select(PROFILES)).mappings()
    known = {row["key"]: _remembered(dict(row), key_id) for row in rows}
    return {key: one._replace(established=True) if _first_found(one, again) else one for key, one in known.items()}


def write(connection: Connection, rows: Mapping[str, Remembered], key_id: str, gone: Iterable[str] = ()) -> None:
    """Replaces the given rows and deletes `gone`."""
    if old := [{"old": key} for key in {*rows, *gone}]:
        connection.execute(delete(PROFILES).where(PROFILES.c.key == bindparam("old")), old)
    if rows:
        connection.execute(PROFILES.insert(), [_row(key, known, key_id) for key, known in rows.items()])


def establish(connection: Connection, known: Mapping[str, Remembered], again: datetime | None) -> None:
    """Writes down what `read` took from `again`."""
    for key, one in known.items():
        if one.established and _first_found(one, again):
            connection.execute(update(PROFILES).where(PROFILES.c.key == key).values(established=True))


def _first_found(one: Remembered, at: datetime | None) -> bool:
    """Whether the full check at `at` was the one that wrote where it was found."""
    return at is not None and bool(one.observation.through) and abs(one.last_seen_at - at) < timedelta(milliseconds=1)


def forget(connection: Connection, key: str) -> bool:
    """Deletes what is known of a key; False when nothing was."""
    return bool(connection.execute(delete(PROFILES).where(PROFILES.c.key == key)).rowcount)


def get_meta(connection: Connection, name: str) -> Any:
    """A small fact about the checks; None when it was never written."""
    return connection.execute(select(META.c.value).where(META.c.name == name)).scalar()


def get_moment(connection: Connection, name: str) -> datetime | None:
    """The same for a moment; None also for what is none."""
    try:
        found = datetime.fromisoformat(get_meta(connection, name))
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


def put_meta(connection: Connection, name: str, value: Any) -> None:
    """Writes a small fact about the checks."""
    connection.execute(delete(META).where(META.c.name == name))
    connection.execute(META.insert().values(name=name, value=value))


def _row(key: str, known: Remembered, key_id: str) -> dict[str, Any]:
    row = {name: getattr(known, name) for name in Remembered._fields if name not in _ELSEWHERE}
    return {**row, "key": key, "key_id": key_id, "state": known.state.value, "needs_human": known.needs_human.value}


def _remembered(row: Mapping[str, Any], key_id: str) -> Remembered:
    values = {name: row[name] for name in row if name not in ("key", "key_id")}
    try:
        values["state"], values["needs_human"] = State(row["state"]), Need(row["needs_human"])
    except ValueError:
        raise Damaged("a row has no state of ours") from None
    return Remembered(comparable=row["key_id"] == key_id, **values)


def set_ignored(connection: Connection, key: str, ignored: bool) -> None:
    """Shows a key without ever alarming about it, or alarms again."""
    connection.execute(update(PROFILES).where(PROFILES.c.key == key).values(ignored=ignored))
