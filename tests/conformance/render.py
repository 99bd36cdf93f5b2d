"""Renders a recorded case into a home folder.

Placeholders, in files, in *.sql and in the values of "env":
{{now+N}} {{now-N}} epoch milliseconds, {{now_s+N}} epoch seconds, {{iso+N}} ISO-8601 UTC (N in ms, for now_s in s),
{{home}} the rendered home. With `wal_sql` the last statements stay in the -wal file only.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PLACEHOLDER = re.compile(r"\{\{(?:(now_s|now|iso)([+-]\d+)|home)\}\}")


def fill(text: str, now_ms: int, home: Path) -> str:
    """The text with its placeholders filled in."""

    def one(found: re.Match[str]) -> str:
        if found[1] is None:
            return str(home)
        offset = int(found[2])
        if found[1] == "now":
            return str(now_ms + offset)
        if found[1] == "now_s":
            return str(now_ms // 1000 + offset)
        moment = datetime.fromtimestamp((now_ms + offset) / 1000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    return PLACEHOLDER.sub(one, text)


def load(case_dir: Path) -> dict[str, Any]:
    """A case's case.json."""
    found: dict[str, Any] = json.loads((case_dir / "case.json").read_text(encoding="utf-8"))
    return found


def render(case_dir: Path, home: Path, now_ms: int) -> dict[str, str]:
    """Builds the home of a case; returns its extra environment."""
    case, template = load(case_dir), case_dir / "home"
    home.mkdir(parents=True, exist_ok=True)
    for source in sorted(template.rglob("*")):
        if source.is_file() and source.name != ".gitkeep":
            target = home / source.relative_to(template)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_filled(source.read_bytes(), now_ms, home))
            target.chmod(0o600)
    for entry in case.get("sqlite", []):
        scripts = [
            fill((case_dir / entry[key]).read_text(), now_ms, home) for key in ("sql", "wal_sql") if key in entry
        ]
        build(home / entry["path"], *scripts)
    return {name: fill(value, now_ms, home) for name, value in case.get("env", {}).items()}


def build(target: Path, sql: str, wal_sql: str | None = None) -> None:
    """Builds a database; what `wal_sql` does is left in the -wal file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "db.sqlite"
        connection = sqlite3.connect(work, isolation_level=None)
        connection.executescript(sql)
        if wal_sql:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.executescript(wal_sql)
            shutil.copy(f"{work}-wal", f"{target}-wal")
        shutil.copy(work, target)
        connection.close()
    target.chmod(0o600)


def _filled(raw: bytes, now_ms: int, home: Path) -> bytes:
    try:
        return fill(raw.decode("utf-8"), now_ms, home).encode("utf-8")
    except UnicodeDecodeError:
        return raw
