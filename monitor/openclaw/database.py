"""Reads the auth rows of OpenClaw's SQLite databases, the shared one and those of agents."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alerts.dataclass import dataclass
from monitor.host import Host, Unreadable, parse_json
from monitor.model import Problem
from monitor.openclaw.releases import release

if TYPE_CHECKING:
    from monitor.system.sqlite_file import Database

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
    return host.sqlite(path, lambda database: _shared(database, path))


def agent(host: Host, path: Path) -> Rows | None:
    """An agent's database; None when it is not there."""
    return host.sqlite(path, lambda database: _agent(database, path))


def _shared(database: Database, path: Path) -> Rows:
    if not database.has(_SHARED):
        return Rows(path)

    def cell(key: str) -> str | None:
        return _cell(database, path, _SHARED, ("state_key", key), "value_json")

    return Rows(path, cell("authProfiles.store"), cell("authProfiles.state"), cell("auth.sharedStore"), modern=True)


def _agent(database: Database, path: Path) -> Rows:
    store = state = None
    if database.has("auth_profile_store"):
        store = _cell(database, path, "auth_profile_store", ("store_key", "primary"), "store_json")
    if database.has("auth_profile_state"):
        state = _cell(database, path, "auth_profile_state", ("state_key", "primary"), "state_json")
    return Rows(path, store, state, modern=_written_by_newest(database))


def _written_by_newest(database: Database) -> bool:
    if "app_version" not in database.columns("schema_meta"):
        return False
    rows = islice(database.rows("schema_meta", "app_version"), 8)
    return any((release(version) or (0, 0)) >= (2026, 8) for (version,) in rows)


def _cell(database: Database, path: Path, table: str, key: tuple[str, str], column: str) -> str | None:
    for (found,) in database.find(table, *key, column):
        if isinstance(found, str | bytes):
            return found if isinstance(found, str) else found.decode("utf-8", "replace")
        raise Unreadable(Problem.PARSE, path, "a cell that holds no text")
    return None
