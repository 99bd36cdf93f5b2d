"""Where the release in charge keeps an agent's profiles, its order, and what it declares of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.openclaw import stores
from monitor.openclaw.config import agent_id, unknown_agent
from monitor.openclaw.installation import Installation
from monitor.openclaw.releases import MAIN, Generation
from monitor.openclaw.stores import DATABASE, LEGACY, PROFILES, STATE
from monitor.openclaw.write.replace_file import WriteRefused
from monitor.openclaw.write.transaction import Cell, FileCell, RowCell
from monitor.system.host import Unreadable

if TYPE_CHECKING:
    from monitor.system.sqlite_file import Database

#: The last schema versions that were tried: those of 2026.9.6.
SHARED_SCHEMA: Final = 18
AGENT_SCHEMA: Final = 23

#: So many moves of old files are looked at, far more than any home has seen.
MOST_MOVES: Final = 10_000

_STORE: Final = ("store_key", "store_json", "updated_at")
_STATE: Final = ("state_key", "state_json", "updated_at")
_PAIRS: Final = ("state_key", "value_json", "updated_at_ms")


def chosen(found: Installation, asked: str | None) -> str:
    """The agent that is meant: the one asked for, else OpenClaw's default; raises WriteRefused where there is none."""
    _readable(found)
    if asked is None:
        default = found.config.default_agent(found.generation)
        if default is None:
            raise WriteRefused("several agents and none of them is the default; pass --agent ID")
        return default
    name = agent_id(asked)
    if not asked.strip() or not found.known(name):
        raise WriteRefused(unknown_agent(asked))
    return name


def _readable(found: Installation) -> None:
    if not found.present:
        raise WriteRefused("there is no OpenClaw in this home; set it up first: openclaw onboard")
    for fault in found.faults:
        if fault.refuses:
            raise WriteRefused(f"{fault.path}: {fault.detail}; nothing was written. Fix that first.")
    if found.generation is Generation.JSON:
        _native(found)


def _native(found: Installation) -> None:
    """Raises WriteRefused where JSON is only a guess, or an older store would be hidden by a new one."""
    if any((folder / PROFILES).exists() for folder in found.folders.values()):
        return
    retired = [folder / LEGACY for folder in found.folders.values()]
    for path in (*retired, found.places.oauth_dir / "oauth.json"):
        if path.exists():
            raise WriteRefused(
                f"{path} is of a very old release; let OpenClaw take it over first: openclaw models status"
            )
    if found.config.touched_by is None:
        raise WriteRefused("it cannot be told which release of OpenClaw this is; start it once: openclaw models status")


def profiles(found: Installation, agent: str) -> Cell:
    """The cell that holds an agent's profiles; raises WriteRefused where the release has not made its database yet."""
    folder = _folder(found, agent)
    if found.generation is Generation.JSON:
        return FileCell(folder / PROFILES, folder / PROFILES)
    shared = RowCell(found.places.database, "config_machine_state", _PAIRS, "authProfiles.store", SHARED_SCHEMA)
    if agent == MAIN and found.base.path == found.places.database:
        return shared
    if agent == MAIN and _fresh(found):
        return replace(shared, begins=("auth.sharedStore", '{"location":"state-db"}'))
    return RowCell(_database(folder, agent), "auth_profile_store", _STORE, "primary", AGENT_SCHEMA)


def orders(found: Installation, agent: str) -> Cell:
    """The cell that holds an agent's stored orders."""
    folder = _folder(found, agent)
    if found.generation is Generation.JSON:
        beside = folder / STATE
        return FileCell(beside if beside.exists() else folder / PROFILES, folder / PROFILES)
    shared = agent == MAIN and found.base.path == found.places.database
    if shared and not (folder / DATABASE).exists():
        return RowCell(found.places.database, "config_machine_state", _PAIRS, "authProfiles.state", SHARED_SCHEMA)
    database = _database(folder, agent)
    return RowCell(database, "auth_profile_state", _STATE, "primary", AGENT_SCHEMA, needs="auth_profile_store")


def every_order(found: Installation, agent: str) -> tuple[Cell, ...]:
    """All cells that may hold an order of the agent itself: one that OpenClaw left behind in the other counts, too."""
    folder, first = _folder(found, agent), orders(found, agent)
    beside: Cell | None = None
    if found.generation is Generation.JSON and (folder / PROFILES).exists():
        beside = FileCell(folder / PROFILES, folder / PROFILES)
    elif agent == MAIN and found.base.path == found.places.database and found.generation is Generation.SHARED:
        beside = RowCell(found.places.database, "config_machine_state", _PAIRS, "authProfiles.state", SHARED_SCHEMA)
    return (first,) if beside is None or beside == first else (first, beside)


def _folder(found: Installation, agent: str) -> Path:
    return found.folders.get(agent, found.places.agent_dir(agent))


def _database(folder: Path, agent: str) -> Path:
    if not (folder / DATABASE).exists():
        raise WriteRefused(
            f"OpenClaw has not made a database for the agent {agent} yet ({folder / DATABASE}); this makes it and "
            f"stores nothing in it, run it first: openclaw models auth order clear --provider anthropic --agent {agent}"
        )
    return folder / DATABASE


def _fresh(found: Installation) -> bool:
    """Whether the newest releases would begin the store that all agents share, because nothing of an older one is left;
    raises WriteRefused where they have not made its database yet.

    Facts by OpenClaw 2026.9.6 (`initializeFreshSharedAuthStore`): no retired file, no row in the main agent's database,
    and no move of that database which is not finished.
    """
    host, folder = found.environment.host, found.folders[MAIN]
    if found.generation is not Generation.SHARED or folder != found.places.main_dir:
        return False
    retired = (folder / PROFILES, folder / STATE, folder / LEGACY, found.places.oauth_dir / "oauth.json")
    try:
        rows = stores.agent(host, folder / DATABASE)
        if any(map(host.exists, retired)) or (rows and (rows.store or rows.state)):
            return False
        unfinished = host.sqlite(found.places.database, _unfinished)
    except Unreadable as error:
        raise WriteRefused(f"{error.path}: {error.detail}; nothing was written. Fix that first.") from None
    if unfinished is None:
        raise WriteRefused(
            f"OpenClaw has not made its database yet ({found.places.database}); this makes it and stores no "
            "credential, run it first: openclaw models status"
        )
    return not unfinished


def _unfinished(database: Database) -> bool:
    """Whether a move of the main agent's profiles into the shared database waits for its end."""
    if not database.has("migration_sources"):
        return False
    rows = database.rows("migration_sources", "migration_kind", "removed_source")
    return any(kind == "shared-auth-store-state-db" and not removed for kind, removed in islice(rows, MOST_MOVES))
