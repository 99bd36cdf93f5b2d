"""The fake homes, laid out and looked at."""

import json
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from monitor.config.settings import Secret
from monitor.model import Finding, Observation, Problem, SourceEntry, Trouble
from monitor.sources import SOURCES, observe_all
from monitor.system.host import Host
from tests.conformance_sources.render import fill, lay_out

HOMES = Path(__file__).parent.parent / "homes"
NOW_MS = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True)
class Home:
    """One source's fake home at a place."""

    kind: str
    root: Path
    facts: dict[str, Any]

    @classmethod
    def of(cls, kind: str, root: Path) -> "Home":
        lay_out(HOMES / kind / "files", root, NOW_MS)
        told = (HOMES / kind / "home.json").read_text()
        if "{{url}}" in told:
            told = told.replace("{{url}}", f"{_served()}{root}/answer.json")
        facts = json.loads(fill(told, NOW_MS, str(root)))
        for name, script in facts.get("databases", {}).items():
            _database(root / name, script)
        for name, mode in facts.get("modes", {}).items():
            (root / name).chmod(int(mode, 8))
        return cls(kind, root, facts)

    def host(self) -> Host:
        return Host(self.root, {"HOME": str(self.root), **self.facts["env"]}, key=b"k" * 32)

    def look(self) -> list[Finding]:
        return observe_all(self.host(), [self.entry()])

    def entry(self) -> SourceEntry:
        shapes = SOURCES[self.kind].options
        options = {
            name: Secret(value) if shapes[name] == "secret" else value for name, value in self.facts["options"].items()
        }
        return SourceEntry(self.kind, self.kind, options, "x:1", trusted=True)


def _database(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    path.chmod(0o600)


class _Files(BaseHTTPRequestHandler):
    """Answers with the file of that name, to who shows the header."""

    def do_GET(self) -> None:
        sound = self.headers.get("Authorization") == "Bearer FAKESECRETheader"
        self.send_response(200 if sound else 401)
        self.end_headers()
        self.wfile.write(Path(self.path).read_bytes() if sound else b"{}")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@cache
def _served() -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def problems(findings: list[Finding]) -> list[Problem]:
    """Every problem among findings, of a store or of a profile."""
    return [found.problem for found in findings if isinstance(found, Observation | Trouble) and found.problem]
