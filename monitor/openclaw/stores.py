"""Reads stores of profiles from JSON files and SQLite rows; what cannot be read becomes a fault, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from monitor.model import Problem
from monitor.openclaw.auth_profiles import Profile, profile
from monitor.openclaw.paths import Paths
from monitor.openclaw.releases import MAIN, Generation, release, text
from monitor.openclaw.usage import StoreState, store_state
from monitor.system.host import Host, Unreadable, parse_json

if TYPE_CHECKING:
    from monitor.system.sqlite_file import Database


_SHARED: Final = "config_machine_state"


class Rows(NamedTuple):
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
        raise Unreadable(Problem.PARSE, path, "a cell that is not text")
    return None


PROFILES: Final = "auth-profiles.json"
STATE: Final = "auth-state.json"
LEGACY: Final = "auth.json"
DATABASE: Final = "openclaw-agent.sqlite"


class Store(NamedTuple):
    """The profiles of one place and the state beside them. `path` is what people know as the store."""

    path: Path
    profiles: Mapping[str, Profile] = MappingProxyType({})
    state: StoreState = StoreState()


class Fault(NamedTuple):
    """Something that could not be read or trusted. `agent` is whose it is, None for what all share; `refuses` tells
    that OpenClaw itself would not answer."""

    problem: Problem
    path: Path
    detail: str
    agent: str | None = None
    refuses: bool = True


def from_rows(rows: Rows, generation: Generation, agent: str) -> Store:
    """The store in a database's rows; raises Unreadable when a cell cannot be understood."""
    if rows.store is None:
        return Store(rows.path)  # without a store row OpenClaw does not look at the state row
    raw = rows.value(rows.store)
    if not _profiles(raw):
        raise Unreadable(Problem.PARSE, rows.path, "the store row has no profiles")
    beside = store_state(rows.value(rows.state), generation)
    return Store(rows.path, _read(raw, generation, agent, rows.path), beside.over(store_state(raw, generation)))


def from_files(host: Host, places: Paths, folder: Path, agent: str, faults: list[Fault]) -> Store:
    """The store in an agent folder's JSON files, the retired `auth.json` and `oauth.json` included."""
    path, generation = folder / PROFILES, Generation.JSON
    raw = _json(host, path, agent, faults)
    if raw is not None and not _profiles(raw):
        faults.append(Fault(Problem.PARSE, path, 'no object "profiles"', agent, refuses=False))
    elif raw is not None:
        beside = store_state(_json(host, folder / STATE, agent, faults), generation)
        state = beside.over(store_state(raw, generation))
        return Store(path, _read(raw, generation, agent, path), state)
    return Store(path, _legacy(host, places, folder, agent, faults))


def _legacy(host: Host, places: Paths, folder: Path, agent: str, faults: list[Fault]) -> dict[str, Profile]:
    """`auth.json` has one entry per provider; `oauth.json`, older still, only logins, and only for the main agent."""
    found: dict[str, Profile] = {}
    old = _json(host, folder / LEGACY, agent, faults)
    if isinstance(old, Mapping) and "profiles" not in old:
        found.update(_one_each(old, agent, folder / LEGACY))
    if agent == MAIN:
        logins = places.oauth_dir / "oauth.json"
        oldest = _json(host, logins, agent, faults)
        if isinstance(oldest, Mapping):
            typed = {k: {"type": "oauth", **v} for k, v in oldest.items() if isinstance(v, Mapping)}
            found = {**_one_each(typed, agent, logins), **found}
    return found


def _one_each(raw: Mapping[str, Any], agent: str, path: Path) -> dict[str, Profile]:
    found = {}
    for provider, entry in raw.items():
        name = f"{text(provider)}:default"
        one = profile(name, entry, Generation.JSON, agent=agent, store=path, provider=provider)
        if one is not None and text(provider):
            found[name] = one
    return found


def _read(raw: Any, generation: Generation, agent: str, path: Path) -> dict[str, Profile]:
    found = {}
    for written, entry in (raw["profiles"] if _profiles(raw) else {}).items():
        name = _clean(written)
        one = profile(name, entry, generation, agent=agent, store=path)
        if one is not None and name:
            found[name] = one
    return found


def _clean(name: str) -> str:
    return name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _profiles(raw: Any) -> bool:
    return isinstance(raw, Mapping) and isinstance(raw.get("profiles"), Mapping)


def _json(host: Host, path: Path, agent: str, faults: list[Fault]) -> Any:
    try:
        raw = host.read(path)
        if raw is None:
            return None
        if not raw.strip():
            raise Unreadable(Problem.EMPTY, path, "an empty file")
        if raw.startswith(b"\xef\xbb\xbf"):
            raise Unreadable(Problem.PARSE, path, "begins with a byte order mark, which OpenClaw cannot read")
        return parse_json(raw.decode("utf-8", "replace"), path)
    except Unreadable as error:
        # OpenClaw takes a file that it cannot parse for an empty store; one it may not open is worth a refusal.
        blind = error.problem not in (Problem.PARSE, Problem.EMPTY)
        faults.append(Fault(error.problem, error.path, error.detail, agent, refuses=blind))
        return None
