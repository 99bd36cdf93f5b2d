"""Checks of the machine: its clock, the zone that times are shown in, and the programs whose logins are watched."""

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
from zoneinfo import ZoneInfo

from alerts.timefmt import date, moment, parse
from monitor import __version__
from monitor.check.collect import EARLIEST
from monitor.check.outputs import RECORD, document
from monitor.doctor.model import Health, Result, Subject, command
from monitor.model import Observation, Problem
from monitor.openclaw.releases import release
from monitor.system.host import Unreadable
from monitor.system.process import output_of

SET: Final = "sudo timedatectl set-ntp true"


def clock(subject: Subject) -> Iterator[Result]:
    """Is the wall clock believable, and was it moved since the last check?"""
    if subject.now < EARLIEST:
        what = f"the clock is wrong: it says {date(subject.now)}"
        yield Result("clock", Health.BROKEN, what, "with this clock no login seems to expire", SET)
        return
    record = document(subject.state.folder / RECORD)
    last = _moment(record.get("at"))
    if last and last > subject.now + timedelta(minutes=5):
        what = f"the clock is behind the last check, which ran at {moment(last)}"
        why = "the clock was set back; until it has been stable for a while, checks record nothing and notify nobody"
        yield Result("clock", Health.WARNING, what, why, SET)
    elif isinstance(clocks := record.get("clocks"), dict) and clocks.get("doubted"):
        why = "until it has been stable for a while, checks record nothing and notify nobody"
        yield Result("clock", Health.WARNING, "the clock was changed recently", why, "timedatectl timesync-status")
    else:
        yield Result("clock", Health.FINE, "plausible and stable")


def zone(subject: Subject) -> Iterator[Result]:
    """In which zone are times shown, can zones be looked up at all, and do quiet hours run in another?"""
    local = subject.now.astimezone()
    here = f"this machine's zone, {_clock(local)}"
    if not _database():
        what = f"this machine has no time zone database; times are shown in {here}"
        why = "`timezone:` in the config cannot be used without it, and quiet hours may run in UTC"
        yield Result("zone", Health.WARNING, what, why, command(sys.executable, "-m", "pip", "install", "tzdata"))
        return
    name = subject.environ.get("TZ", "").removeprefix(":")
    if subject.settings.timezone is None and name and not (_POSIX.fullmatch(name) or _known(name)):
        what = f"TZ={name} is not a time zone, so times are shown in {_clock(local)}"
        why = "expected a name such as Europe/Stockholm"
        yield Result("zone", Health.WARNING, what, why, "unset TZ  # or set `timezone:` in the config")
        return
    shown = f"{subject.settings.timezone} (from the config)" if subject.settings.timezone else here
    quiet = subject.settings.alerts.quiet
    if quiet is None:
        yield Result("zone", Health.FINE, f"times are shown in {shown}")
        return
    hours = f"quiet hours are {quiet.start:%H:%M} to {quiet.end:%H:%M} {quiet.zone}"
    if quiet.zone is UTC and subject.settings.timezone is None and local.utcoffset():
        why = "nothing says in which time zone they are, so they start and end at other hours than you expect"
        mend = "authwatch config show  # then set `timezone:` in the config, such as Europe/Stockholm"
        yield Result("zone", Health.WARNING, f"{hours}, but times are shown in {shown}", why, mend)
    else:
        yield Result("zone", Health.FINE, f"times are shown in {shown}; {hours}")


#: A zone that TZ describes rather than names, such as `CET-1CEST`; tzset(3).
_POSIX: Final = re.compile(r"(?:[A-Za-z]{3,}|<[\w+-]+>)[+-]?\d[\w:+<>,./-]*|UTC|GMT|localtime|/.+")


def _database() -> bool:
    """Whether time zones can be looked up; Android's are in a form of its own, which Python cannot read."""
    return _known("Europe/Stockholm") or _known("America/New_York")


def _known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return False
    return True


def _clock(at: datetime) -> str:
    """The zone of a moment: `CET (UTC+01:00)`."""
    offset = f"{at:%z}"
    shown = f"UTC{offset[:3]}:{offset[3:5]}" if at.utcoffset() else "UTC"
    return shown if at.tzname() == shown else f"{at.tzname()} ({shown})"


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
    environ |= {
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "NODE_DISABLE_COMPILE_CACHE": "1",
        "SYSTEMD_PAGER": "",
    }
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
        why = "the commands shown here need it on PATH"
        if (beside / "authwatch").exists():
            mend = _on_path(beside)
        else:
            mend = f"alias authwatch={command(command(sys.executable, '-m', 'monitor.cli.main'))}"
        return Result("programs", Health.FINE, f"{mine}; not on PATH", why, mend)
    if answer.version != __version__:
        other = f"{answer.path} ({answer.version or answer.silent})"
        why = "the authwatch you type is another installation than the one that is checked here"
        return Result("programs", Health.WARNING, f"{mine}; PATH has another one: {other}", why, "type -a authwatch")
    return Result("programs", Health.FINE, mine)


def _result(subject: Subject, answer: ProgramVersion, newer: tuple[int, int] | None) -> Result:
    name = answer.name
    if answer.path is None:
        why = "its logins are here, and only it can renew them; if it runs in a container, this is expected"
        where = _elsewhere(subject, name)
        mend = _on_path(where) if where else f"type -a {name}  # in the shell or container that runs it"
        return Result("programs", Health.WARNING, f"{name} is not on PATH", why, mend)
    if answer.silent:
        why = "the commands that renew its logins need it; run it yourself to see what is wrong"
        return Result("programs", Health.WARNING, f"{name} --version {answer.silent}", why, f"{name} --version")
    this = release(answer.version)
    if newer and this and this < newer:
        what = f"{name} {answer.version} is older than version {newer[0]}.{newer[1]}, which last wrote its config"
        why = "the older version may look for logins in the wrong place; update it the way it was installed"
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
