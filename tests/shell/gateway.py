"""A stand-in for a running OpenClaw gateway: it owns a WAL database whose login lies in the `-wal` alone."""

import json
import sqlite3
import sys
import time
from pathlib import Path

home, hours = Path(sys.argv[1]), float(sys.argv[2])
(home / ".openclaw" / "state").mkdir(parents=True, exist_ok=True)
model = {"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-6"}}}}
(home / ".openclaw" / "openclaw.json").write_text(json.dumps(model))
now = int(time.time() * 1000)
token = {"type": "token", "provider": "anthropic", "token": "planted-secret", "expires": now + int(hours * 3_600_000)}
rows = {
    "auth.sharedStore": {"location": "state-db"},
    "authProfiles.store": {"version": 1, "profiles": {"anthropic:live": token}},
}
db = sqlite3.connect(home / ".openclaw" / "state" / "openclaw.sqlite", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA wal_autocheckpoint=0")
db.execute("CREATE TABLE config_machine_state (state_key TEXT PRIMARY KEY, value_json TEXT, updated_at_ms INTEGER)")
for key, value in rows.items():
    db.execute("INSERT INTO config_machine_state VALUES (?, ?, ?)", (key, json.dumps(value), now))
print("ready", flush=True)
time.sleep(3600)
