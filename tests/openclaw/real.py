"""The real OpenClaw of a release where it is installed, and snapshots of the parts of a home that hold its logins."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

#: A folder per release with `npm install openclaw@RELEASE` done in it.
INSTALLED = Path(os.environ.get("AUTHWATCH_OPENCLAW", Path.home() / ".cache" / "authwatch-openclaw"))
TABLES = ("auth_profile_store", "auth_profile_state", "schema_meta", "config_machine_state")
WANTED = {
    "config_machine_state": "WHERE state_key IN ('auth.sharedStore', 'authProfiles.store', 'authProfiles.state')",
    "schema_meta": "WHERE meta_key = 'primary'",
}


def folder(release: str) -> Path | None:
    """Where a release is installed."""
    found = INSTALLED / release / "node_modules"
    return found if (found / ".bin" / "openclaw").exists() else None


def openclaw(release: str, home: Path, *words: str, stdin: str = "") -> tuple[int, str]:
    """Runs the real program without a network; its code and what it said on stdout."""
    return _run(release, home, ["openclaw", *words], stdin)


def node(release: str, home: Path, script: str) -> Any:
    """What a script in that release's own folder prints as JSON."""
    code, said = _run(release, home, ["node", "--input-type=module", "-e", script], "")
    assert code == 0
    return json.loads(said)


def _run(release: str, home: Path, words: list[str], stdin: str) -> tuple[int, str]:
    at = folder(release)
    assert at is not None
    path = f"{at / '.bin'}:{os.environ['PATH']}"
    alone = (
        ["unshare", "--net"]
        if subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode == 0
        else []
    )
    env = {"HOME": str(home), "PATH": path, "NO_COLOR": "1", "DIST": str(at / "openclaw" / "dist")}
    done = subprocess.run(
        [*alone, *words],
        env=env,
        cwd=home,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


def snapshot(home: Path) -> dict[str, Any]:
    """Config, JSON stores and the auth rows of databases; moments are zero."""
    found: dict[str, Any] = {}
    state = home / ".openclaw"
    for path in sorted(state.rglob("*")):
        name = str(path.relative_to(home))
        if path.name in ("openclaw.json", "auth-profiles.json", "auth-state.json", "sessions.json"):
            found[name] = calm(path.read_text("utf-8"), home)
        elif path.name in ("openclaw.sqlite", "openclaw-agent.sqlite"):
            found[name] = _database(path, home)
    return found


def calm(text: str, home: Path) -> str:
    """Without moments and without the place of the home."""
    text = text.replace(str(home), "~")
    text = re.sub(r'("(?:expires|updatedAt|lastTouchedAt|expiresAt)":\s*)(?:\d+|"[^"]*")', r"\g<1>0", text)
    return text


def _database(path: Path, home: Path) -> dict[str, Any]:
    with sqlite3.connect(path) as db:
        tables = {}
        for name in TABLES:
            made = db.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone()
            if made:
                query = f"SELECT * FROM {name} {WANTED.get(name, '')} ORDER BY 1"
                rows = [[_still(one, home) for one in row] for row in db.execute(query)]
                tables[name] = {"sql": made[0], "rows": rows}
        return {"user_version": db.execute("PRAGMA user_version").fetchone()[0], "tables": tables}


def _still(cell: Any, home: Path) -> Any:
    return calm(cell, home) if isinstance(cell, str) else None if cell is None else 0


def restore(home: Path, recorded: dict[str, Any]) -> None:
    """Makes the home that a snapshot is of."""
    for name, content in recorded.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, "utf-8")
            continue
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA journal_mode = WAL")
            for table, parts in content["tables"].items():
                db.execute(parts["sql"])
                for row in parts["rows"]:
                    db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            db.execute(f"PRAGMA user_version = {content['user_version']}")
        db.close()
