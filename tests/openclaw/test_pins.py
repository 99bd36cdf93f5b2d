"""Sessions that are bound to a profile are found where each generation keeps them, and count in the look."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from monitor.openclaw.installation import read
from monitor.openclaw.pins import Pin, pins
from tests.openclaw.homes import (
    agent_dir,
    agent_store,
    config,
    host,
    json_store,
    look,
    observations,
    shared_store,
    token,
    write,
)

ENTRIES: dict[str, Any] = {
    "agent:main:a": {"sessionId": "1", "authProfileOverride": "anthropic:work", "authProfileOverrideSource": "user"},
    "agent:main:b": {
        "sessionId": "2",
        "authProfileOverride": "anthropic:work",
        "authProfileOverrideCompactionCount": 0,
    },
    "agent:main:c": {
        "sessionId": "3",
        "authProfileOverride": "anthropic:work",
        "providerOverride": "anthropic",
        "modelOverride": "x",
    },
    "agent:main:d": {"sessionId": "4"},
    "agent:main:e": 5,
}
EXPECTED = (
    Pin("main", "agent:main:a", "anthropic:work", "user"),
    Pin("main", "agent:main:b", "anthropic:work", "auto"),
    Pin("main", "agent:main:c", "anthropic:work", "user", "anthropic/x"),
)


def sessions(home: Path) -> None:
    write(home / ".openclaw" / "agents" / "main" / "sessions" / "sessions.json", ENTRIES)


def test_pins_of_json_releases_are_in_the_session_file(tmp_path: Path) -> None:
    config(tmp_path)
    json_store(tmp_path, {"anthropic:work": token()})
    sessions(tmp_path)
    assert pins(host(tmp_path), read(host(tmp_path)), "main") == EXPECTED
    seen = observations(look(tmp_path))["openclaw/main/anthropic:work"]
    assert seen.use.pinned_by == "2 sessions are"


def test_pins_of_databases_per_agent_are_in_the_session_file(tmp_path: Path) -> None:
    config(tmp_path)
    agent_store(tmp_path, {"anthropic:work": token()})
    sessions(tmp_path)
    assert pins(host(tmp_path), read(host(tmp_path)), "main") == EXPECTED


def test_pins_of_the_newest_releases_are_in_the_agents_database(tmp_path: Path) -> None:
    config(tmp_path)
    shared_store(tmp_path, {"anthropic:work": token()})
    path = agent_dir(tmp_path, "main") / "openclaw-agent.sqlite"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE session_nodes (session_key TEXT PRIMARY KEY, entry_json TEXT)")
        rows = [(name, json.dumps(entry)) for name, entry in ENTRIES.items()]
        db.executemany("INSERT INTO session_nodes VALUES (?, ?)", rows)
    db.close()
    assert pins(host(tmp_path), read(host(tmp_path)), "main") == EXPECTED


def test_a_session_file_that_cannot_be_read_takes_nothing_from_the_look(tmp_path: Path) -> None:
    config(tmp_path)
    json_store(tmp_path, {"anthropic:work": token()})
    write(tmp_path / ".openclaw" / "agents" / "main" / "sessions" / "sessions.json", "{broken")
    assert observations(look(tmp_path))["openclaw/main/anthropic:work"].use.pinned_by is None
