"""What a check of the doctor finds: what, why it matters, the command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from monitor.config.settings import Settings
from monitor.host import Host
from monitor.model import Finding
from monitor.state import State


class Health(StrEnum):
    """How well something works."""

    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the doctor; `check` is the name of the check it comes from."""

    check: str
    health: Health
    what: str
    why: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks may look at; `findings` come from one look at the sources."""

    settings: Settings
    host: Host
    state: State
    findings: tuple[Finding, ...]
    now: datetime
    path: tuple[Path, ...]


Check = Callable[[Patient], Iterable[Result]]


def worst(results: Iterable[Result]) -> int:
    """The exit code: 0 fine, 2 warnings, 1 broken."""
    found = {result.health for result in results}
    if Health.BROKEN in found:
        return 1
    return 2 if Health.WARNING in found else 0
