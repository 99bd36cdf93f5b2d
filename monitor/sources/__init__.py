"""The sources: a table of types, each imported only when configured, and the guard around them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from monitor.host import Host, Unreadable
from monitor.model import Finding, Lineup, Observation, Problem, Trouble
from monitor.sources.entry import SourceEntry

Observe = Callable[[Host, SourceEntry], Iterator[Finding]]

GUESTS: Final = "authwatch.sources"


@dataclass(frozen=True, slots=True)
class SourceType:
    """A row of the table: the module that has `observe`, and its own config keys with the name of their shape
    (see `monitor.config.schema.OPTIONS`). `runs` marks a type that starts programs its entry names."""

    module: str
    options: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    runs: bool = False


SOURCES: Final[Mapping[str, SourceType]] = {
    "openclaw": SourceType("monitor.sources.openclaw", {"home": "path"}),
    "claude-code": SourceType("monitor.sources.claude_code", {"home": "path", "path": "path"}),
    "env": SourceType("monitor.sources.env", {"vars": "vars"}),
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
