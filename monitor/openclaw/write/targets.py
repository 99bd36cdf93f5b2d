"""Where the release in charge keeps an agent's profiles, its order, and what it declares of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from monitor.openclaw.config import agent_id
from monitor.openclaw.installation import Installation
from monitor.openclaw.releases import MAIN, Generation
from monitor.openclaw.stores import DATABASE, LEGACY, PROFILES, STATE
from monitor.openclaw.write.replace_file import WriteRefused
from monitor.openclaw.write.transaction import Cell, FileCell, RowCell

#: The last schema versions that were tried: those of 2026.9.6.
SHARED_SCHEMA: Final = 18
AGENT_SCHEMA: Final = 23

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
        configured = ", ".join(found.config.agents) or MAIN
        raise WriteRefused(f"unknown agent id {asked.strip()!r}; configured: {configured}")
    return name


def _readable(found: Installation) -> None:
    if not found.present:
        raise WriteRefused("there is no OpenClaw in this home; set it up first: openclaw onboard")
    for fault in found.faults:
        if fault.refuses:
            raise WriteRefused(f"{fault.path}: {fault.detail}; nothing is written before that is mended")
    if found.generation is Generation.JSON:
        _native(found)


def _native(found: Installation) -> None:
    """Raises WriteRefused where JSON is only a guess, or an older store would be hidden by a new one."""
    stores = [folder / PROFILES for folder in found.folders.values()]
    if any(path.exists() for path in stores):
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
    if agent == MAIN and found.base.path == found.places.database:
        return RowCell(found.places.database, "config_machine_state", _PAIRS, "authProfiles.store", SHARED_SCHEMA)
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
            f"OpenClaw has not made a database for the agent {agent} yet ({folder / DATABASE}); "
            "use openclaw itself for this once, with the same words: openclaw models auth …"
        )
    return folder / DATABASE
