"""Small OpenClaw homes for tests, in each of the three generations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.model import Finding, Lineup, Observation, SourceEntry, Trouble
from monitor.sources.openclaw import observe
from monitor.system.host import Host

NOW_MS = 1_780_000_000_000
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
HOUR, DAY = 3_600_000, 86_400_000

KEY = {"type": "api_key", "provider": "anthropic", "key": "sk-planted-key"}
USES = {"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-6"}}}}


def token(left: int | None = None, **more: Any) -> dict[str, Any]:
    expiry = {} if left is None else {"expires": NOW_MS + left}
    return {"type": "token", "provider": "anthropic", "token": "sk-planted-token", **expiry, **more}


def login(left: int, **more: Any) -> dict[str, Any]:
    base = {"type": "oauth", "provider": "anthropic", "access": "planted-access", "refresh": "planted-refresh"}
    return {**base, "expires": NOW_MS + left, **more}


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


def agent_dir(home: Path, agent: str) -> Path:
    return home / ".openclaw" / "agents" / agent / "agent"


def json_store(home: Path, profiles: Mapping[str, Any], agent: str = "main", **state: Any) -> None:
    write(agent_dir(home, agent) / "auth-profiles.json", {"version": 1, "profiles": profiles, **state})


def agent_store(home: Path, profiles: Mapping[str, Any] | str, agent: str = "main", **state: Any) -> None:
    path = agent_dir(home, agent) / "openclaw-agent.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE auth_profile_store (store_key TEXT PRIMARY KEY, store_json TEXT, updated_at INTEGER)")
        db.execute("CREATE TABLE auth_profile_state (state_key TEXT PRIMARY KEY, state_json TEXT, updated_at INTEGER)")
        db.execute("INSERT INTO auth_profile_store VALUES ('primary', ?, 1)", (_cell(profiles),))
        db.execute("INSERT INTO auth_profile_state VALUES ('primary', ?, 1)", (json.dumps(state),))
    db.close()


def shared_store(home: Path, profiles: Mapping[str, Any] | str, owner: Any = None, **state: Any) -> None:
    path = home / ".openclaw" / "state" / "openclaw.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {
        "auth.sharedStore": json.dumps(owner or {"location": "state-db"}),
        "authProfiles.store": _cell(profiles),
        "authProfiles.state": json.dumps(state),
    }
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE config_machine_state (state_key TEXT PRIMARY KEY, value_json TEXT, updated_at_ms INTEGER)"
        )
        db.executemany("INSERT INTO config_machine_state VALUES (?, ?, 1)", rows.items())
    db.close()


def _cell(profiles: Mapping[str, Any] | str) -> str:
    return profiles if isinstance(profiles, str) else json.dumps({"version": 1, "profiles": profiles})


def config(home: Path, value: Any = USES) -> None:
    write(home / ".openclaw" / "openclaw.json", value)


def host(home: Path, **environ: str) -> Host:
    return Host(home, environ, key=b"k" * 32)


def look(home: Path, options: Mapping[str, Any] | None = None, **environ: str) -> list[Finding]:
    return list(observe(host(home, **environ), SourceEntry("openclaw", "openclaw", options or {})))


def observations(found: Iterable[Finding]) -> dict[str, Observation]:
    return {one.credential.key: one for one in found if isinstance(one, Observation)}


def lineups(found: Iterable[Finding]) -> dict[tuple[str, str], Lineup]:
    return {(one.agent, one.provider): one for one in found if isinstance(one, Lineup)}


def troubles(found: Iterable[Finding]) -> list[str]:
    return [one.problem.value for one in found if isinstance(one, Trouble)]
