"""Which sessions are pinned to a profile, read where each generation keeps its sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from monitor.openclaw.installation import Installation
from monitor.openclaw.paths import expand
from monitor.openclaw.releases import Generation, text
from monitor.openclaw.stores import DATABASE
from monitor.system.host import Host, Unreadable, parse_json

if TYPE_CHECKING:
    from monitor.system.sqlite_file import Database

MAX_SESSIONS: Final = 20_000


class Pin(NamedTuple):
    """A session and the profile it is bound to. `by` is `user` for a person's pin, `auto` for OpenClaw's own choice,
    which it changes again by itself; `model` is `provider/model` where the session has one of its own."""

    agent: str
    session: str
    profile: str
    by: str
    model: str | None = None


def pins(host: Host, found: Installation, agent: str) -> tuple[Pin, ...]:
    """The pinned sessions of an agent, by name; raises Unreadable where its sessions cannot be read."""
    if found.generation is Generation.SHARED:
        listed = _rows(host, found, agent)
    else:
        listed = (_pin(agent, name, entry) for name, entry in _file(host, found, agent).items())
    return tuple(sorted((one for one in listed if one), key=lambda one: one.session))


def pinned(host: Host, found: Installation) -> Mapping[str, tuple[Pin, ...]]:
    """The sessions that a person pinned, by agent; sessions that cannot be read have none. A file that several agents
    share is read once."""
    read: dict[Path, tuple[Pin, ...]] = {}
    by_agent = {}
    for agent in found.agents:
        place = _place(found, agent)
        if place not in read:
            read[place] = tuple(one for one in _calm(host, found, agent) if one.by == "user")
        by_agent[agent] = read[place]
    return by_agent


def _place(found: Installation, agent: str) -> Path:
    shared = found.generation is Generation.SHARED
    return _database(found, agent) if shared else sessions_file(found, agent)


def _database(found: Installation, agent: str) -> Path:
    return found.folders.get(agent, found.places.agent_dir(agent)) / DATABASE


def _calm(host: Host, found: Installation, agent: str) -> Iterator[Pin]:
    try:
        yield from pins(host, found, agent)
    except Unreadable:
        return


def sessions_file(found: Installation, agent: str) -> Path:
    """The JSON file of an agent's sessions (to 2026.7), where the config moves it, too."""
    written = text(found.config.at("session", "store"))
    if written:
        return expand(written.replace("{agentId}", agent), found.places.home)
    return found.places.state / "agents" / agent / "sessions" / "sessions.json"


def _file(host: Host, found: Installation, agent: str) -> Mapping[str, Any]:
    path = sessions_file(found, agent)
    raw = host.text(path)
    value = parse_json(raw, path) if raw else {}
    return value if isinstance(value, Mapping) else {}


def _rows(host: Host, found: Installation, agent: str) -> Iterable[Pin | None]:
    path = _database(found, agent)
    return host.sqlite(path, lambda database: list(islice(_pinned(database, path, agent), MAX_SESSIONS))) or ()


def _pinned(database: Database, path: Path, agent: str) -> Iterator[Pin]:
    if not database.has("session_nodes"):
        return
    for name, entry in database.rows("session_nodes", "session_key", "entry_json"):
        if isinstance(name, str) and isinstance(entry, str) and '"authProfileOverride"' in entry:
            one = _pin(agent, name, parse_json(entry, path))
            if one:
                yield one


def _pin(agent: str, name: str, entry: Any) -> Pin | None:
    profile = text(entry.get("authProfileOverride")) if isinstance(entry, Mapping) else None
    if profile is None:
        return None
    counted = isinstance(entry.get("authProfileOverrideCompactionCount"), int)
    by = text(entry.get("authProfileOverrideSource")) or ("auto" if counted else "user")
    provider, model = text(entry.get("providerOverride")), text(entry.get("modelOverride"))
    return Pin(
        agent, name, profile, "user" if by == "user-link" else by, f"{provider}/{model}" if provider and model else None
    )
