"""What a check of the doctor finds: what, why it matters, the command that fixes it, and what is safe to fix."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from monitor.config.settings import Settings
from monitor.judge.wording import in_place
from monitor.model import Finding
from monitor.openclaw.installation import Installation
from monitor.openclaw.observations import openclaw
from monitor.system.host import Host
from monitor.system.state_dir import StateDir


class Health(StrEnum):
    """How well something works."""

    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"


class FixStep(StrEnum):
    """What `--fix` may do; none of it touches a content."""

    NARROW = "narrow"  # take away what others may do with a file or folder of ours
    MAKE = "make"  # make the state folder
    REMOVE = "remove"  # remove half of a file that a check of ours left


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that is safe to make unasked; `away` are the bits of the mode to be taken away."""

    step: FixStep
    path: Path
    away: int = 0o077


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the doctor; `check` is the name of the check it comes from, `mend` is to be copied into a shell.

    What is fine may have a `why` and a `mend` as well: then it is worth knowing.
    """

    check: str
    health: Health
    what: str
    why: str = ""
    mend: str = ""
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Runner:
    """One thing that starts checks.

    `name` as people know it; `daemon` or a check now and then; `runs` None where it could not be asked; `said` is how
    it stands; `environment`, `program` what it starts with, `limit` after how long it kills a check. `start`, `stop`,
    `again` (which writes it anew, with the places of this prompt) and `log` are commands.
    """

    name: str
    daemon: bool
    runs: bool | None
    said: str
    start: str
    stop: str
    again: str
    log: str = ""
    failed: bool = False
    lingers: bool = True
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    program: str = ""
    limit: timedelta | None = None


@dataclass(frozen=True, slots=True)
class OpenClaw:
    """One OpenClaw that is watched: the id of its source, the window on its home, what was read there."""

    source: str
    host: Host
    found: Installation

    def command(self, *words: str) -> str:
        """A line for a shell that means this OpenClaw, whatever program it starts."""
        if words[0] == "openclaw":
            return command(*openclaw(self.source), *words[1:])
        return in_place(command(*words), self.source)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the checks may look at.

    `host` looks at the stores, `own` at authwatch's own home; `complaint` is what is wrong with the config, `read` the
    files that it was read from; `findings` come from one look at the sources, `beside` are sources that are there and
    not listed; `environ` is that of the process. `memo` keeps what several checks ask the machine for.
    """

    settings: Settings
    host: Host
    own: Host
    state: StateDir
    now: datetime
    environ: Mapping[str, str]
    complaint: str = ""
    read: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    beside: tuple[str, ...] = ()
    openclaws: tuple[OpenClaw, ...] = ()
    memo: dict[str, Any] = field(default_factory=dict, repr=False)


Check = Callable[[Subject], Iterable[Result]]


def worst(results: Iterable[Result]) -> int:
    """The exit code: 0 fine, 2 warnings, 1 broken."""
    found = {result.health for result in results}
    if Health.BROKEN in found:
        return 1
    return 2 if Health.WARNING in found else 0


def command(*words: str | Path) -> str:
    """A line for a shell, each word quoted where it has to be."""
    return shlex.join(map(str, words))
