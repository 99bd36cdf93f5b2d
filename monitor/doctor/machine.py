"""Checks of the machine: its clock, the zone of quiet hours, and the programs whose logins are watched."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from alerts.timefmt import date, moment, parse
from monitor import __version__
from monitor.check.collect import EARLIEST
from monitor.check.outputs import RECORD, document
from monitor.doctor.model import Health, Result, Subject, command
from monitor.model import Observation, Problem
from monitor.openclaw.releases import release
from monitor.system.host import Unreadable
from monitor.system.process import output_of

SET: str = "sudo timedatectl set-ntp true"


def clock(subject: Subject) -> Iterator[Result]:
    """Is the wall clock believable, and was it moved since the last check?"""
    if subject.now < EARLIEST:
        what = f"the clock says {date(subject.now)}"
        yield Result("clock", Health.BROKEN, what, "every deadline looks far away", SET)
        return
    record = document(subject.state.folder / RECORD)
    last = _moment(record.get("at"))
    if last and last > subject.now + timedelta(minutes=5):
        what = f"the clock says {moment(subject.now)}, before the last check ({moment(last)})"
        why = "it was put back, now or then; checks record and tell nothing until it has run steadily for a while"
        yield Result("clock", Health.WARNING, what, why, SET)
    elif isinstance(clocks := record.get("clocks"), dict) and clocks.get("doubted"):
        why = "checks report, but record and tell nothing until it has run steadily for a while"
        yield Result("clock", Health.WARNING, "the clock was moved lately", why, "timedatectl timesync-status")
    else:
        yield Result("clock", Health.FINE, moment(subject.now))


def zone(subject: Subject) -> Iterator[Result]:
    """Which zone is it here, and do quiet hours run in another?"""
    local = subject.now.astimezone()
    offset = f"{local:%z}"
    here = f"this machine is at UTC{f'{offset[:3]}:{offset[3:]}' if local.utcoffset() else ''}"
    quiet = subject.settings.alerts.quiet
    if quiet is None:
        yield Result("zone", Health.FINE, f"{here}; moments are shown in UTC")
        return
    hours = f"quiet hours {quiet.start:%H:%M} to {quiet.end:%H:%M}, {quiet.zone}"
    if quiet.zone is UTC and local.utcoffset():
        why = "they begin and end at another hour than you mean"
        mend = "authwatch config show  # then add `timezone:` to alerts.quiet, like Europe/Stockholm"
        yield Result("zone", Health.WARNING, f"{hours}, but {here}", why, mend)
    else:
        yield Result("zone", Health.FINE, f"{here}; {hours}")


def _moment(text: Any) -> datetime | None:
    try:
        return parse(text)
    except (TypeError, ValueError):
        return None


#: What a program needs to start and to find the user's session; none of it is a secret.
_KEPT: Final = (
    *("HOME", "PATH", "PREFIX", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "USER", "LOGNAME"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "NVM_DIR", "VOLTA_HOME", "ASDF_DATA_DIR", "MISE_DATA_DIR"),
)


def ask(subject: Subject, *argv: str, patience: float) -> str:
    """What the program writes to stdout; `patience` in seconds. Raises Unreadable (exec_failed, timeout, too_large)."""
    environ = {name: subject.environ[name] for name in _KEPT if subject.environ.get(name)}
    bus = Path(f"/run/user/{os.getuid()}")
    if bus.is_dir():  # `su` and `sudo` lose the way to the user's session
        environ.setdefault("XDG_RUNTIME_DIR", str(bus))
    # A look leaves nothing behind, not even what Node keeps of its own accord.
    environ |= {"LC_ALL": "C.UTF-8", "NO_COLOR": "1", "NODE_DISABLE_COMPILE_CACHE": "1", "SYSTEMD_PAGER": ""}
    return output_of(argv, environ, patience).decode("utf-8", "replace")


#: Source type: the program that owns its logins and renews them. How it was installed only its user knows (npm under
#: nvm, a package, a container, an installer of its own), so nothing here says how to install it once more.
PROGRAMS: Final[Mapping[str, str]] = {
    "openclaw": "openclaw",
    "claude-code": "claude",
    "codex": "codex",
    "gemini-cli": "gemini",
    "opencode": "opencode",
    "qwen-code": "qwen",
    "gh": "gh",
}
#: Where programs lie, below the home, that are on the PATH of a person's shell and of no service.
PLACES: Final = (
    ".local/bin",
    ".npm-global/bin",
    ".nvm/versions/node/*/bin",
    ".volta/bin",
    ".bun/bin",
    ".local/share/pnpm",
)
PATIENCE: Final = 15.0  # seconds; OpenClaw takes a few to start, and more the first time

_VERSION: Final = re.compile(r"(?<![\w.])v?(\d{1,6}(?:\.\d{1,6}){1,3}(?:[-+][\w.+-]{1,40})?)(?![\w.])")


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """A program and its answer: where it is, the version it gave, or in words why there is none."""

    name: str
    path: str | None
    version: str = ""
    silent: str = ""


def programs(subject: Subject) -> Iterator[Result]:
    """authwatch itself, then every program whose logins were found; all are asked at once."""
    types = {entry.id: entry.type for entry in subject.settings.sources}
    found = {types.get(one.credential.source, "") for one in subject.findings if isinstance(one, Observation)}
    wanted = [PROGRAMS[kind] for kind in PROGRAMS if kind in found]
    with ThreadPoolExecutor(max_workers=len(wanted) + 1) as pool:
        answers = list(pool.map(lambda name: _asked(subject, name), ["authwatch", *wanted]))
    yield _ourselves(answers[0])
    for answer in answers[1:]:
        yield _result(subject, answer, _newer(subject) if answer.name == "openclaw" else None)


def _asked(subject: Subject, name: str) -> ProgramVersion:
    path = shutil.which(name, path=subject.environ.get("PATH", ""))
    if path is None or (name == "authwatch" and _is_this(path)):
        return ProgramVersion(name, path, __version__ if path else "")
    try:
        said = ask(subject, path, "--version", patience=PATIENCE)
    except Unreadable as error:
        late = error.problem is Problem.TIMEOUT
        return ProgramVersion(name, path, silent=f"did not answer within {PATIENCE:g} s" if late else error.detail[3:])
    version = _VERSION.search(said)
    return ProgramVersion(name, path, version[1] if version else "", "" if version else "gave no version")


def _is_this(path: str) -> bool:
    """Whether the script belongs to the interpreter that runs this very check."""
    return Path(path).resolve().parent == Path(sys.executable).absolute().parent


def _ourselves(answer: ProgramVersion) -> Result:
    mine = f"authwatch {__version__}, Python {sys.version.split()[0]}"
    beside = Path(sys.executable).parent
    if answer.path is None:
        why = "the commands below need it there"
        if (beside / "authwatch").exists():
            mend = _on_path(beside)
        else:
            mend = f"alias authwatch={command(command(sys.executable, '-m', 'monitor.cli.main'))}"
        return Result("programs", Health.FINE, f"{mine}; not on PATH", why, mend)
    if answer.version != __version__:
        other = f"{answer.path} ({answer.version or answer.silent})"
        why = "what you type and what is checked here are two installations"
        return Result("programs", Health.WARNING, f"{mine}; PATH has another: {other}", why, "type -a authwatch")
    return Result("programs", Health.FINE, mine)


def _result(subject: Subject, answer: ProgramVersion, newer: tuple[int, int] | None) -> Result:
    name = answer.name
    if answer.path is None:
        why = (
            "its logins were found here, and only it can renew them; if it runs in a container, that is as it should be"
        )
        where = _elsewhere(subject, name)
        mend = _on_path(where) if where else f"type -a {name}  # in the shell or container that runs it"
        return Result("programs", Health.WARNING, f"{name} is not on PATH", why, mend)
    if answer.silent:
        why = "the commands that renew its logins need it; started by hand it says what is wrong"
        return Result("programs", Health.WARNING, f"{name} --version {answer.silent}", why, f"{name} --version")
    this = release(answer.version)
    if newer and this and this < newer:
        what = f"{name} {answer.version} is older than the {newer[0]}.{newer[1]} that wrote its config last"
        why = "it may look for logins where the newer one no longer keeps them; update it the way it was installed"
        return Result("programs", Health.WARNING, what, why, f"type -a {name}")
    return Result("programs", Health.FINE, f"{name} {answer.version}")


def _elsewhere(subject: Subject, name: str) -> Path | None:
    """The folder in which the program lies that is not on this PATH."""
    found = (path for place in PLACES for path in subject.own.home.glob(f"{place}/{name}"))
    return next((path.parent for path in found if os.access(path, os.X_OK)), None)


def _on_path(folder: Path) -> str:
    return f'export PATH={command(folder)}:"$PATH"'


def _newer(subject: Subject) -> tuple[int, int] | None:
    """The newest release that wrote a config of an OpenClaw here."""
    return max((one.found.config.touched_by for one in subject.openclaws if one.found.config.touched_by), default=None)
