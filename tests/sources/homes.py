"""The fake homes, laid out and looked at."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.host import Host
from monitor.model import Finding, Observation, Problem, Trouble
from monitor.sources import observe_all
from monitor.sources.entry import SourceEntry
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
        facts = json.loads(fill((HOMES / kind / "home.json").read_text(), NOW_MS, str(root)))
        for name, mode in facts.get("modes", {}).items():
            (root / name).chmod(int(mode, 8))
        return cls(kind, root, facts)

    def host(self) -> Host:
        return Host(self.root, {"HOME": str(self.root), **self.facts["env"]}, key=b"k" * 32)

    def look(self) -> list[Finding]:
        return observe_all(self.host(), [self.entry()])

    def entry(self) -> SourceEntry:
        return SourceEntry(self.kind, self.kind, self.facts["options"], "x:1", trusted=True)


def problems(findings: list[Finding]) -> list[Problem]:
    """Every problem among findings, of a store or of a profile."""
    return [found.problem for found in findings if isinstance(found, Observation | Trouble) and found.problem]
