"""The sources: a table of types, each imported only when configured, and the guard around them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from monitor.host import Host, Unreadable
from monitor.model import Finding, Lineup, Observation, Problem, Trouble
from monitor.sources.entry import SourceEntry

Observe = Callable[[Host, SourceEntry], Iterator[Finding]]

GUESTS: Final = "authwatch.sources"

#: How long the answer of a program or a guest is believed: no file shows that it changed.
REFRESH: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SourceType:
    """A row of the table: the module that has `observe`, and its own config keys with the name of their shape
    (see `monitor.config.schema.OPTIONS`). `runs` marks a type that starts programs its entry names. `refresh` is how
    long its answer is believed where no file shows a change; an entry's option `interval` wins over it."""

    module: str
    options: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    runs: bool = False
    refresh: timedelta | None = None


_LOGIN: Final = {"home": "path", "path": "path"}
_FILE: Final = {"path": "path", "provider": "provider"}

SOURCES: Final[Mapping[str, SourceType]] = {
    "openclaw": SourceType("monitor.sources.openclaw", {"home": "path"}),
    "claude-code": SourceType("monitor.sources.claude_code", _LOGIN),
    "codex": SourceType("monitor.sources.codex", _LOGIN),
    "gemini-cli": SourceType("monitor.sources.gemini_cli", _LOGIN),
    "env": SourceType("monitor.sources.env", {"vars": "vars"}),
    "exec": SourceType(
        "monitor.sources.exec",
        {"command": "command", "provider": "provider", "env": "names", "timeout": "span", "interval": "span"},
        needs=("command",),
        runs=True,
        refresh=REFRESH,
    ),
    "jwt_file": SourceType("monitor.sources.jwt_file", _FILE, needs=("path",)),
    "x509_file": SourceType("monitor.sources.x509_file", _FILE, needs=("path",)),
    "manual": SourceType(
        "monitor.sources.manual", {"expires": "when", "provider": "provider", "note": "text"}, needs=("expires",)
    ),
}


def observe_all(host: Host, entries: Iterable[SourceEntry]) -> list[Finding]:
    """What all entries find. One that fails keeps what it found before and adds one `Trouble`; it never raises."""
    findings: list[Finding] = []
    for entry in entries:
        findings.extend(observe(host, entry))
    return findings


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """What one entry finds, behind the guard. A default type that has no module yet is silent."""
    if entry.type not in SOURCES and not entry.chosen:
        return
    try:
        for finding in _find(entry)(host, entry):
            if not isinstance(finding, Observation | Lineup | Trouble):
                raise TypeError
            yield finding
    except Unreadable as error:
        shown = host.show(error.path)
        yield Trouble(entry.id, error.problem, shown, error.detail, host_path=str(error.path))
    except Exception as error:  # noqa: BLE001  one source must not silence the others
        yield Trouble(entry.id, Problem.CRASHED, entry.where, _place(error))


def believed_for(entries: Iterable[SourceEntry]) -> timedelta | None:
    """How long after a look its answer may stand although no file changed; None where files show every change."""
    spans = []
    for entry in entries:
        row = SOURCES.get(entry.type)
        if row and row.refresh:
            spans.append(entry.options.get("interval", row.refresh))
        elif row is None and entry.chosen:  # a guest
            spans.append(REFRESH)
    return min(spans, default=None)


def guest(kind: str) -> Any | None:
    """The entry point of an installed guest source, not yet loaded; None where there is none."""
    from importlib.metadata import entry_points

    return next(iter(entry_points(group=GUESTS, name=kind)), None)


def _find(entry: SourceEntry) -> Observe:
    row = SOURCES.get(entry.type)
    if row is not None:
        found: Observe = import_module(row.module).observe
        return found
    point = guest(entry.type)
    where = Path(entry.where or entry.type)
    if point is None:
        raise Unreadable(Problem.NOT_FOUND, where, f"there is no source of the type {entry.type}")
    if not entry.trusted:
        raise Unreadable(Problem.UNREADABLE, where, "a guest runs only from a config file that nobody else can write")
    loaded: Observe = point.load()
    return loaded


def _place(error: Exception) -> str:
    """Kind and line of a crash; never its message, which may hold what was read."""
    frames = traceback.extract_tb(error.__traceback__)
    last = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{last}"
