"""Puts authwatch under the user's systemd, as a timer or as a daemon, and takes it out again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from monitor.host import stamp
from monitor.setup.units import CHECK, DAEMON, TIMER, Installation, Unrenderable, is_as_written, render, shipped

DONE, NOT_DONE = 0, 1
KINDS: Final = {"timer": (CHECK, TIMER), "daemon": (DAEMON,)}
STARTED: Final = {"timer": TIMER, "daemon": DAEMON}
TRACES: Final = ("pass.json", "checkpoint")  # what a pass touches in the state folder

NO_SYSTEMCTL: Final = "there is no systemctl here; `authwatch install cron` or `authwatch serve` will do instead"


@dataclass(frozen=True, slots=True)
class User:
    """Whose systemd it is; `say` takes a line for people. `home` and `environ` are those of the process."""

    home: Path
    environ: Mapping[str, str]
    say: Callable[[str], None]

    @property
    def folder(self) -> Path:
        """Where the units go. The user manager has its own environment, so $XDG_CONFIG_HOME is not asked."""
        return self.home / ".config" / "systemd" / "user"

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of systemd; `su` and `sudo` lose the way to the user's bus, so it is pointed out."""
        bus = Path(f"/run/user/{os.getuid()}")
        found = {"XDG_RUNTIME_DIR": str(bus)} if bus.is_dir() else {}
        environ = {**found, **self.environ, "LC_ALL": "C.UTF-8"}
        return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def systemctl(self, *words: str) -> bool:
        """Whether `systemctl --user …` worked; says what it complained of."""
        done = self.run("systemctl", "--user", *words)
        if done.returncode:
            self.say(f"`systemctl --user {' '.join(words)}` failed: {done.stderr.strip() or done.returncode}")
        return done.returncode == 0


def install(user: User, what: Installation, kind: str = "timer", *, dry_run: bool = False, force: bool = False) -> int:
    """Writes the units of a kind ("timer", "daemon"), starts them and waits for a pass; 0 done, 1 not done.

    A unit file that somebody changed is replaced only with `force`. With `dry_run` it says what it would do.
    """
    path = user.environ.get("PATH", "")
    what = replace(what, environment={"PATH": path, **what.environment} if path else what.environment)
    try:
        texts = {user.folder / name: render(shipped(name), what) for name in KINDS[kind]}
    except Unrenderable as why:
        user.say(str(why))
        return NOT_DONE
    if dry_run:
        return _rehearse(user, texts, kind)
    if not _reachable(user) or not (force or _ours(user, texts)) or not _written(user, what, texts):
        return NOT_DONE
    seen = _started(user, what, kind)
    if not seen and what.sandbox and _sandbox_forbidden(user, kind):
        user.say("this machine does not let users build sandboxes: trying again without one")
        return install(user, replace(what, sandbox=False), kind, force=True)
    return _report(user, kind, STARTED[kind], seen)


def uninstall(user: User, *, dry_run: bool = False, force: bool = False) -> int:
    """Stops and removes the units, whichever there are; changed files only with `force`. The state folder stays."""
    present = [name for name in (TIMER, DAEMON, CHECK) if (user.folder / name).exists()]
    if not present:
        user.say(f"there are no units of authwatch in {user.folder}")
        return DONE
    if dry_run:
        user.say(f"would stop and remove {', '.join(present)} from {user.folder}")
        return DONE
    if not _reachable(user):
        return NOT_DONE
    enabled = [name for name in present if name != CHECK]
    stopped = (not enabled or user.systemctl("disable", *enabled)) and _stopped(user, present)
    kept = [name for name in present if not force and not is_as_written(_text(user.folder / name))]
    for name in present:
        if name not in kept:
            (user.folder / name).unlink(missing_ok=True)
            user.say(f"removed {user.folder / name}")
    if kept:
        user.say(f"kept, because they were changed by hand: {', '.join(kept)} (--force removes them too)")
    reloaded = user.systemctl("daemon-reload")
    user.run("systemctl", "--user", "reset-failed", *present)  # fails where nothing had failed
    user.say("the state folder and the config were left alone")
    return DONE if stopped and reloaded and not kept else NOT_DONE


def _rehearse(user: User, texts: Mapping[Path, str], kind: str) -> int:
    for path, text in texts.items():
        user.say(f"would write {path}:\n{text}")
    unit = STARTED[kind]
    user.say(f"would run: systemctl --user daemon-reload; systemctl --user enable {unit}; … restart {unit}")
    return DONE


def _reachable(user: User) -> bool:
    if not shutil.which("systemctl", path=user.environ.get("PATH")):
        user.say(NO_SYSTEMCTL)
        return False
    if user.run("systemctl", "--user", "show", "--property=Version").returncode:
        user.say(
            "systemd runs no session for this user, so it has no user units. Log in as this user directly (`su` "
            "and `sudo` do not count), or run `loginctl enable-linger` and try again; as a last way out "
            "`authwatch install cron`"
        )
        return False
    return True


def _ours(user: User, texts: Mapping[Path, str]) -> bool:
    changed = [path for path in texts if path.exists() and not is_as_written(_text(path))]
    for path in changed:
        user.say(
            f"{path} was changed by hand and is left alone; move your changes to `systemctl --user edit {path.name}`, "
            "or let --force replace it"
        )
    return not changed


def _written(user: User, what: Installation, texts: Mapping[Path, str]) -> bool:
    try:
        for folder in (what.state, *what.writable):  # systemd refuses a unit whose writable folder is missing
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        user.folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            beside.write_text(text, "utf-8")
            beside.chmod(0o644)
            beside.replace(path)
            user.say(f"wrote {path}")
    except OSError as error:
        user.say(f"{error.filename}: cannot be written ({(error.strerror or 'error').lower()})")
        return False
    return True


def _stopped(user: User, units: Sequence[str]) -> bool:
    user.run("systemctl", "--user", "stop", *units)  # fails for a unit that was never loaded, too
    active = "active" in user.run("systemctl", "--user", "is-active", *units).stdout.split()
    if active:
        user.say(f"still running: {' or '.join(units)}")
    return not active


def _started(user: User, what: Installation, kind: str) -> bool:
    """Starts the unit and waits for a pass; whether one was seen."""
    before, unit = _traces(what), STARTED[kind]
    if not (user.systemctl("daemon-reload") and user.systemctl("enable", unit) and user.systemctl("restart", unit)):
        return False
    return user.systemctl("start", CHECK) if kind == "timer" else _waited(what, before)


def _sandbox_forbidden(user: User, kind: str) -> bool:
    """Ubuntu since 23.10 and many containers forbid user namespaces: exit status USER or NAMESPACE, systemd.exec(5)."""
    unit = CHECK if kind == "timer" else DAEMON
    status = user.run("systemctl", "--user", "show", unit, "--property=ExecMainStatus", "--value").stdout.strip()
    return status in ("217", "226")


def _waited(what: Installation, before: Sequence[object]) -> bool:
    end = time.monotonic() + what.deadline.total_seconds()
    while _traces(what) == before:
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _report(user: User, kind: str, unit: str, seen: bool) -> int:
    if not seen:
        log = CHECK if kind == "timer" else unit
        user.say(f"the units are in place, but no pass succeeded; see `journalctl --user -u {log} -n 20`")
    elif kind == "daemon":
        user.say(f"{unit} runs and has finished its first pass")
    else:
        shown = user.run("systemctl", "--user", "show", unit, "--property=NextElapseUSecRealtime", "--value")
        user.say(f"a first pass is done; the next one is due {shown.stdout.strip() or 'soon'}")
    lingers = user.run("loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value").stdout.strip()
    if lingers != "yes":
        user.say("it stops when you log out; `loginctl enable-linger` lets it go on, and start with the machine")
    other = DAEMON if kind == "timer" else TIMER
    if (user.folder / other).exists():
        user.say(f"{other} is installed as well; one of the two is enough: `systemctl --user disable --now {other}`")
    return DONE if seen else NOT_DONE


def _traces(what: Installation) -> list[object]:
    return [stamp(folder / name) for folder in (what.state, *what.writable) for name in TRACES]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
