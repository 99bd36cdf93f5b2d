"""Reads the auth rows of OpenClaw's SQLite databases, the shared one and those of agents."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from alerts.dataclass import dataclass
from monitor.host import Host, Unreadable, parse_json
from monitor.model import Problem
from monitor.openclaw.releases import release

MAX_CELL: Final = 16 * 1024 * 1024
_SHARED: Final = "config_machine_state"


@dataclass(frozen=True, slots=True)
class Rows:
    """The cells of one database as text; None where there is no such row. `modern` tells the newest releases' shared
    database (it has their key-value table) and an agent database that one of them wrote."""

    path: Path
    store: str | None = None
    state: str | None = None
    owner: str | None = None
    modern: bool = False

    def value(self, cell: str | None) -> Any:
        """A cell's JSON value; raises Unreadable when it is none."""
        return None if cell is None else parse_json(cell, self.path)


def shared(host: Host, path: Path) -> Rows | None:
    """The shared database; None when it is not there."""
    return host.sqlite(path, lambda connection: _shared(connection, path))


def agent(host: Host, path: Path) -> Rows | None:
    """An agent's database; None when it is not there."""
    return host.sqlite(path, lambda connection: _agent(connection, path))


def _shared(connection: sqlite3.Connection, path: Path) -> Rows:
    if not _has(connection, _SHARED):
        return Rows(path)

    def cell(key: str) -> str | None:
        return _cell(connection, path, f"SELECT value_json FROM {_SHARED} WHERE state_key = ?", key)  # noqa: S608

    return Rows(path, cell("authProfiles.store"), cell("authProfiles.state"), cell("auth.sharedStore"), modern=True)


def _agent(connection: sqlite3.Connection, path: Path) -> Rows:
    store = state = None
    if _has(connection, "auth_profile_store"):
        query = "SELECT store_json FROM auth_profile_store WHERE store_key = ?"
        store = _cell(connection, path, query, "primary")
    if _has(connection, "auth_profile_state"):
        query = "SELECT state_json FROM auth_profile_state WHERE state_key = ?"
        state = _cell(connection, path, query, "primary")
    return Rows(path, store, state, modern=_written_by_newest(connection))


def _written_by_newest(connection: sqlite3.Connection) -> bool:
    if not _has(connection, "schema_meta"):
        return False
    columns = {row[1] for row in connection.execute("PRAGMA table_info(schema_meta)")}
    if "app_version" not in columns:
        return False
    rows = connection.execute("SELECT app_version FROM schema_meta LIMIT 8")
    return any((release(row[0]) or (0, 0)) >= (2026, 8) for row in rows)


def _has(connection: sqlite3.Connection, table: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?"
    return connection.execute(query, (table,)).fetchone() is not None


def _cell(connection: sqlite3.Connection, path: Path, query: str, key: str) -> str | None:
    connection.text_factory = bytes  # a damaged cell must not stop the others
    row = connection.execute(query, (key,)).fetchone()
    if row is None:
        return None
    found = row[0]
    if not isinstance(found, bytes):
        raise Unreadable(Problem.PARSE, path, "a cell that holds no text")
    if len(found) > MAX_CELL:
        raise Unreadable(Problem.TOO_LARGE, path, f"a cell of {len(found)} bytes, at most {MAX_CELL} are read")
    return found.decode("utf-8", "replace")
