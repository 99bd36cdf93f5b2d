"""Homes that hold every kind of store, and the real command line judged by what it must never do."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.sources import SOURCES
from tests.command import Done, argv, configure, environment
from tests.openclaw_home import DAY, ms, oauth, openclaw, put, token
from tests.receivers import Receiver
from tests.sources.homes import HOMES, Home
from tests.warm import serves, warm

SECRET = "FAKESECRET"
#: A check that takes longer hangs; the slowest of them copies 200 MB.
PATIENCE = 30

ROOT = os.geteuid() == 0
_READ = "dac_read_search"
#: Runs as ourselves, and file modes are in force even for root. Source: setpriv(1), capabilities(7).
MORTAL = ("setpriv", f"--bounding-set=-dac_override,-{_READ},-fowner", f"--inh-caps=-{_READ}") if ROOT else ()
#: Runs as another user, who owns nothing here; may read our checkout even where it is private.
NOBODY = (
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    f"--inh-caps=+{_READ}",
    f"--ambient-caps=+{_READ}",
)

SHARED = ".openclaw/state/openclaw.sqlite"
AGENT = ".openclaw/agents/main/agent/openclaw-agent.sqlite"
JSON = ".openclaw/agents/main/agent/auth-profiles.json"

PROFILES: dict[str, Any] = {
    "anthropic:default": token(ends_in=2 * DAY, secret=f"sk-ant-oat01-{SECRET}"),
    "openai:work": oauth(DAY, f"{SECRET}-refresh", "openai"),
}


@dataclass(frozen=True)
class Store:
    """A store of a kind: the source that reads it and where it lies below the home."""

    source: str
    path: str


def plain_stores() -> list[Store]:
    """The files of every source that needs no options."""
    found = []
    for kind, row in SOURCES.items():
        described = HOMES / kind / "home.json"
        if not described.exists():  # which tests.sources.test_contract does not let pass
            continue
        facts = json.loads(described.read_text("utf-8"))
        if not row.needs and not facts["options"]:
            found += [Store(kind, path) for path in facts["stores"]]
    return found


def plain_home(home: Path, own: Path | None = None) -> list[Store]:
    """Lays out a home in which each of `plain_stores` is sound, and a config (in `own`) that lists their sources."""
    stores = plain_stores()
    kinds = list(dict.fromkeys(store.source for store in stores))
    configure(own or home, f"host: box\nsources: [{', '.join(kinds)}]\n")
    for kind in kinds:
        Home.of(kind, home)
    for path in home.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 60,) * 2)
    return stores


def document(profiles: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"version": 1, "profiles": dict(PROFILES if profiles is None else profiles)}


def shared_home(home: Path, profiles: Mapping[str, Any] | None = None) -> Path:
    """The newest generation: one shared database, in WAL mode, closed."""
    _config(home, "2026.9.6")
    path = home / SHARED
    path.parent.mkdir(parents=True, exist_ok=True)
    with_wal(
        path, "CREATE TABLE config_machine_state (state_key TEXT PRIMARY KEY, value_json TEXT, updated_at_ms INTEGER)"
    )
    put_cell(path, "auth.sharedStore", {"location": "state-db"})
    put_cell(path, "authProfiles.store", document(profiles))
    return path


def agent_home(home: Path, profiles: Mapping[str, Any] | None = None) -> Path:
    """The generation between: a database for each agent."""
    _config(home, "2026.6.11")
    path = home / AGENT
    path.parent.mkdir(parents=True, exist_ok=True)
    with_wal(path, "CREATE TABLE auth_profile_store (store_key TEXT PRIMARY KEY, store_json TEXT, updated_at INTEGER)")
    with sqlite3.connect(path) as database:
        row = ("primary", json.dumps(document(profiles)), 1)
        database.execute("INSERT INTO auth_profile_store VALUES (?, ?, ?)", row)
    database.close()
    return path


def json_home(home: Path, profiles: Mapping[str, Any] | None = None) -> Path:
    """The oldest generation: a JSON file for each agent."""
    return openclaw(home, dict(PROFILES if profiles is None else profiles))


def legacy_home(home: Path) -> Path:
    """Before that: `auth.json`, one entry for each provider, and `oauth.json`."""
    openclaw(home, {}).unlink()
    path = home / ".openclaw/agents/main/agent/auth.json"
    put(path, json.dumps({"anthropic": token(ends_in=DAY)}))
    (home / ".openclaw/credentials").mkdir()
    put(home / ".openclaw/credentials/oauth.json", json.dumps({"openai": oauth(DAY, f"{SECRET}-refresh", "openai")}))
    return path


#: How each kind of store is made; each returns the file that its program writes.
KINDS = {"json": json_home, "legacy": legacy_home, "agent": agent_home, "shared": shared_home}


def _config(home: Path, version: str) -> None:
    folder = home / ".openclaw"
    folder.mkdir(parents=True, exist_ok=True)
    models = {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}}}
    put(folder / "openclaw.json", json.dumps({"agents": models, "meta": {"lastTouchedVersion": version}}))


def with_wal(path: Path, schema: str) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(schema)
    database.close()


def put_cell(path: Path | sqlite3.Connection, key: str, value: Any) -> None:
    """Writes a row of the shared database, as its program does."""
    database = path if isinstance(path, sqlite3.Connection) else sqlite3.connect(path, isolation_level=None)
    text = value if isinstance(value, str) else json.dumps(value)
    database.execute("INSERT OR REPLACE INTO config_machine_state VALUES (?, ?, ?)", (key, text, ms(0)))
    if database is not path:
        database.close()


@dataclass(frozen=True)
class Ran(Done):
    seconds: float = 0.0

    def problems(self) -> dict[str, str]:
        """Every problem by the store it is of."""
        found = {one["store"]: one["problem"] for one in self.json["profiles"] if one["problem"]}
        return {**found, **{one["store"]: one["problem"] for one in self.json["problems"]}}

    def blind(self) -> set[str]:
        """The sources that could not read something."""
        faults = [*self.json["problems"], *self.json["profiles"]]
        return {one["source"] for one in faults if one["problem"] == "unreadable"}

    def profile(self, name: str) -> dict[str, Any]:
        (found,) = [one for one in self.json["profiles"] if one["profile"] == name]
        return dict(found)


def run(
    home: Path, *words: str | Path, env: Mapping[str, str] | None = None, by: tuple[str, ...] = (), **more: Any
) -> Ran:
    """Runs the real command line; whatever happened, it ended soon, in words, and said no secret.

    `by` goes before the command: `MORTAL`, `NOBODY`, faketime. A variable that is "UNSET" is not passed on.
    """
    started = time.monotonic()
    whole = {name: value for name, value in environment(home, env).items() if value != "UNSET"}
    cwd = more.pop("cwd", home)
    if serves(whole) and by in ((), MORTAL) and not more:
        code, raw_out, raw_err = warm(by).run(*words, timeout=PATIENCE, cwd=cwd, env=whole)
    else:
        more.setdefault("stdout", subprocess.PIPE)
        where: Any = {"env": whole, "cwd": cwd, "stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        done = subprocess.run([*by, *argv(*words)], timeout=PATIENCE, check=False, **where, **more)
        code, raw_out, raw_err = done.returncode, done.stdout or b"", done.stderr
    out, err = (raw.decode("utf-8", "replace") for raw in (raw_out, raw_err))
    ran = Ran(code, out, err, time.monotonic() - started)
    decent(ran)
    return ran


def decent(ran: Ran) -> None:
    """No traceback, no bug of ours, no secret, no silence."""
    assert "Traceback" not in ran.out + ran.err, ran.err
    assert ran.code != 70, ran.err or ran.out
    assert "internal error" not in ran.out + ran.err, ran.err
    assert SECRET not in ran.out + ran.err
    assert '"crashed"' not in ran.out, ran.out
    assert ran.code in (0, 1, 2, 3, 64, 78, 130), ran.code
    assert ran.code in (0, 130) or ran.out or ran.err


def listening(home: Path, there: Receiver, more: str = "") -> None:
    """A config whose only channel is a receiver of the test."""
    url = there.url("json", "json/phone")
    configure(home, f"host: box\nalerts: {{deadline: 10s, settle: 1s}}\n{more}channels:\n  phone: {{url: '{url}'}}\n")


def told(there: Receiver) -> list[str]:
    return [str(one.body["title"]) for one in there.received]
