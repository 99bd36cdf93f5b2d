"""For whom authwatch is installed: whose folders, which environment, how programs of the machine are run."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from alerts.timefmt import span
from monitor.check import gate
from monitor.check.outputs import RECORD
from monitor.config.settings import check_killed
from monitor.system.files import why
from monitor.system.host import below_home, stamp

DONE, NOT_DONE = 0, 1
TRACES: Final = (RECORD, gate.NAME)  # what a check touches in the state folder
_SHELLS: Final = ("sh", "bash", "dash", "zsh", "ksh", "fish")  # those that are asked for a PATH in their own words
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MARK: Final = "authwatch-path="


@dataclass(frozen=True, slots=True)
class UnitValues:
    """What the units of one installation need to know.

    `command` is the argv that starts authwatch, its global options included; `state` the default state
    place, which units get as $STATE_DIRECTORY so that they share it with the prompt; `writable` are further folders
    that a check writes to (a `state:` elsewhere, a textfile's folder); `environment`
    are the variables that a check needs and that are no secrets, `locations` those among them that choose where sources
    look; `credentials` are files that only root can read, by the name under which the config asks for them; `listen` is
    where the daemon serves its page.
    """

    command: Sequence[str]
    state: Path
    interval: timedelta = timedelta(minutes=5)
    deadline: timedelta = timedelta(seconds=60)
    writable: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    locations: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, Path] = field(default_factory=dict)
    listen: str = ""
    sandbox: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """Whose logins are watched; `say` takes a line for people, with moments as `timefmt.moment` has them in UTC.
    `environ` is that of the process.

    `system` is the user's name where the machine itself is to run authwatch for that user; empty: the user's own
    session does.
    """

    home: Path
    environ: Mapping[str, str]
    say: Callable[[str], None]
    system: str = ""

    def has(self, program: str) -> bool:
        """Whether a program is on PATH."""
        return shutil.which(program, path=self.environ.get("PATH")) is not None

    def shown(self, path: Path | str) -> str:
        """A path for people: `~/…` below the home, where that is the home of who reads it."""
        return str(path) if self.system else below_home(str(path), self.home)

    def run(self, *argv: str, text: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a program with `text` to read, as long as it takes, which may be that of a check; `su` and `sudo` lose
        the way to the user's bus, so it is pointed out. `variables` are set for it."""
        bus = Path(f"/run/user/{os.getuid()}")
        found = {"XDG_RUNTIME_DIR": str(bus)} if bus.is_dir() else {}
        environ = {**found, **self.environ, "LC_ALL": "C.UTF-8", **variables}
        return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, input=text or "")

    def worked(self, *argv: str) -> bool:
        """Whether a program of the machine did what it was asked; says what it complained of."""
        done = self.run(*argv)
        if done.returncode:
            self.say(f"`{' '.join(argv)}` failed: {done.stderr.strip() or f'exit code {done.returncode}'}")
        return done.returncode == 0

    def make(self, folders: Sequence[Path]) -> bool:
        """Makes folders for that user only, with that user's rights: as root no link of theirs is followed."""
        with acting_as(self.system):
            for folder in folders:
                try:
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                except OSError as error:
                    self.say(f"{self.shown(folder)}: cannot create this folder ({why(error)})")
                    return False
        return True

    def summarize(self, runs: str, interval: timedelta, following: str, log: str, remove: str) -> None:
        """The end of an installation: what runs, when it checks next, how its log is seen, how it is removed."""
        self.say(f"{runs}, checking every {span(interval)}")
        self.say(f"first check done, next check {following}")
        self.say(f"log:    {log}")
        self.say(f"remove: {remove}")


def path_of(name: str, limit: float = 10.0) -> str:
    """The PATH that a login shell of that user has, asked as root; where it does not answer, a plain one."""
    import pwd

    account = pwd.getpwnam(name)
    home = account.pw_dir
    shell = account.pw_shell if Path(account.pw_shell).name in _SHELLS else "/bin/sh"
    environ = {"HOME": home, "USER": name, "LOGNAME": name, "SHELL": shell, "PATH": _PATH, "LC_ALL": "C.UTF-8"}
    ids: dict[str, Any] = {}
    if os.geteuid() == 0:
        groups = os.getgrouplist(name, account.pw_gid)
        ids = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups}
    try:
        said = subprocess.run(
            [shell, "-l", "-c", f'printf "\n{_MARK}%s\n" "$PATH"'],
            env=environ,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            check=False,
            **ids,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        said = ""
    found = [line.removeprefix(_MARK) for line in said.splitlines() if line.startswith(_MARK)]
    own = f"{home}/.local/bin:" if Path(home, ".local", "bin").is_dir() else ""
    return each_once(found[-1] if found and found[-1].isprintable() else f"{own}{_PATH}")


def each_once(path: str) -> str:
    """A PATH in which each folder stands once, where it came first; without what is empty or relative."""
    return ":".join(dict.fromkeys(part for part in path.split(":") if part.startswith("/")))


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Root with the rights of another user; an empty name changes nothing. Raises KeyError for an unknown one."""
    import pwd

    account = pwd.getpwnam(name) if name else None
    if account is None or account.pw_uid == os.geteuid():
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    os.setgroups(os.getgrouplist(name, account.pw_gid))
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def traces(what: UnitValues) -> list[object]:
    """What checks left, as something to compare later."""
    return [stamp(folder / name) for folder in (what.state, *what.writable) for name in TRACES]


def waited(what: UnitValues, before: Sequence[object]) -> bool:
    """Waits for a check to leave something newer than `before`; whether one did in the time that it has."""
    end = time.monotonic() + check_killed(what.deadline).total_seconds()
    while traces(what) == before:
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
