"""Made-up homes for the doctor, and its answers by name of the check."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from monitor.config.load import ConfigError, load
from monitor.config.settings import Settings
from monitor.doctor import THEMES, examine, meet
from monitor.doctor.model import Health, Result, Subject
from monitor.system.host import Host
from monitor.system.state_dir import StateDir
from tests.command import configure

NAMES = {name: check for checks in THEMES.values() for name, check in checks.items()}


def subject(home: Path, config: str = "", now: datetime | None = None, **environ: str) -> Subject:
    """A subject with that home; no program is on its PATH but those of `program`."""
    if config:
        configure(home, config)
    variables = {"HOME": str(home), "PATH": str(home / "bin"), **environ}
    host = Host(home, variables, key=b"k" * 32)
    own, complaint = host.alone(), ""
    try:
        settings = load(own)
    except ConfigError as error:
        settings, complaint = Settings(), str(error)
    place = home / ".local" / "state" / "authwatch"
    folder = Path(environ.get("STATE_DIRECTORY", place))
    state = StateDir(settings.state or folder, folder)
    return meet(settings, host, own, state, now or datetime.now(UTC), variables, complaint)


def said(home: Path | Subject, check: str, config: str = "", **environ: str) -> list[Result]:
    """What one check says of a home."""
    who = home if isinstance(home, Subject) else subject(home, config, **environ)
    found = list(NAMES[check](who))
    assert {one.check for one in found} <= {check}
    return found


def wrong(results: Iterable[Result]) -> list[Result]:
    """The ones that are not fine."""
    return [one for one in results if one.health is not Health.FINE]


def only(results: Iterable[Result]) -> Result:
    """The one thing that is wrong; it says why, and what mends it."""
    (one,) = wrong(results)
    assert one.why
    assert one.mend
    return one


def everything(home: Path, config: str = "", **environ: str) -> list[Result]:
    """All checks, of which none failed itself."""
    found = list(examine(subject(home, config, **environ)))
    assert not [one for one in found if "internal error" in one.what]
    return found


def program(home: Path, name: str, script: str) -> Path:
    """A program on the subject's PATH, in plain `sh`."""
    path = home / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\nPATH=$PATH:/usr/bin:/bin\n{script}\n")
    path.chmod(0o755)
    return path
