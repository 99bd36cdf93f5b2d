"""Puts authwatch under systemd, the user's own or the machine's, as a timer or as a daemon, and takes it out again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from alerts.timefmt import moment, span
from monitor.config.settings import check_killed
from monitor.setup import managed_files
from monitor.setup.managed_files import marked
from monitor.setup.user import DONE, NOT_DONE, UnitValues, User, traces, waited

CHECK: Final = "authwatch-check.service"
TIMER: Final = "authwatch-check.timer"
DAEMON: Final = "authwatch.service"
FAILURE: Final = "authwatch-failure@.service"

_SANDBOX: Final = re.compile(r"^# The sandbox\..*?(?=\n\n|\Z)", re.DOTALL | re.MULTILINE)
_PLACE: Final = re.compile("@[A-Z]+@")
_DIVISORS: Final = (30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1)  # of 60
_TEMPORARY: Final = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108


class Unrenderable(ValueError):
    """A path or command that no unit file can hold; says which."""


def render(template: str, what: UnitValues) -> str:
    """A unit file from its template. Raises Unrenderable."""
    soft = max(min(what.interval / 10, timedelta(seconds=30)), timedelta(milliseconds=1))
    environment = {**what.environment, "STATE_DIRECTORY": str(what.state)}
    values = {
        "@COMMAND@": _words(_startable(what.command)),
        "@ENVIRONMENT@": _words(f"{name}={value}" for name, value in sorted(environment.items())),
        "@CREDENTIALS@": "\n".join(_credential(*pair) for pair in sorted(what.credentials.items())),
        "@VISIBLE@": _bound(what.locations.values()) if what.sandbox else "",
        "@WRITABLE@": _words(map(str, (what.state, *what.writable))),
        "@TIMEOUT@": _span(check_killed(what.deadline)),
        "@CALENDAR@": calendar(what.interval),
        "@DELAY@": _span(soft),
        "@ACCURACY@": _span(soft),
    }
    if not what.sandbox:
        template = _SANDBOX.sub("", template)
    return marked("".join(_filled(line, values) for line in template.splitlines(keepends=True)))


def file_name(name: str, user: str) -> str:
    """What a unit is called: as it is in a user's own systemd, an instance for `user` in the machine's."""
    stem, _, kind = name.rpartition(".")
    return f"{stem.rstrip('@')}@{user}.{kind}" if user else name


def calendar(interval: timedelta) -> str:
    """The calendar expression (systemd.time(7)) of the longest even rhythm that is no slower than `interval`."""
    unit, every = steps(interval)
    return {"second": f"*:*:0/{every}", "minute": f"*:0/{every}", "hour": f"0/{every}:00"}.get(unit, "daily")


def steps(interval: timedelta) -> tuple[str, int]:
    """The unit ("second", "minute", "hour", "day") and count of the longest even rhythm no slower than `interval`."""
    seconds = interval.total_seconds()
    if seconds < 60:
        return "second", _divisor(seconds)
    if seconds < 3600:
        return "minute", _divisor(seconds / 60)
    if seconds < 86400:
        return "hour", next((n for n in (12, 8, 6, 4, 3, 2, 1) if n <= seconds / 3600), 1)
    return "day", 1


def rhythm(interval: timedelta) -> timedelta:
    """How often a calendar expression or a crontab line for that interval starts a check."""
    unit, every = steps(interval)
    return timedelta(**{f"{unit}s": every})


def quote(text: str) -> str:
    """One word of a unit file (systemd.syntax(7)) in which spaces, quotes, backslashes and `%` survive.

    `$` is left alone: commands are written with the prefix `:`, which switches its expansion off.
    """
    if not text.isprintable():  # control characters, line ends, and bytes that are not UTF-8
        raise Unrenderable(f"{text!r} has characters that a systemd unit file cannot contain")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def shipped(name: str, *, system: bool = False) -> str:
    """The template of a unit, for a user's own systemd or the machine's: from the wheel, else from the checkout."""
    here = Path(__file__).parent
    inside = here / "shipped" / "systemd"
    folder = inside if inside.is_dir() else here.parents[1] / "systemd"
    if not system:
        return (folder / "user" / name).read_text("utf-8")
    stem, _, kind = name.rpartition(".")
    return (folder / "system" / f"{stem.rstrip('@')}@.{kind}").read_text("utf-8")


def _startable(command: Sequence[str]) -> Sequence[str]:
    """systemd takes no program with a quote or backslash in its name, however quoted; a shell does."""
    if set(command[0]) & set("\"'\\"):
        return ("/bin/sh", "-c", 'exec "$0" "$@"', *command)
    return command


def _filled(line: str, values: Mapping[str, str]) -> str:
    return line if line.startswith("#") else _PLACE.sub(lambda found: values[found[0]], line)


def _words(words: Iterable[str]) -> str:
    return " ".join(map(quote, words))


def _credential(name: str, path: Path) -> str:
    """systemd takes the rest of the line as the path; only `%` means something in it."""
    quote(str(path))
    return f"LoadCredential={name}:{str(path).replace('%', '%%')}"


def _bound(values: Iterable[str]) -> str:
    """What lets a unit see locations in the folders for temporary files, of which it has its own. What is not there is
    passed over, hence the `-`; a file is replaced by its program, so that its folder has to be bound."""
    paths = {Path(part) for value in values for part in value.split(":")}
    hidden = {path for path in paths if any(folder in path.parents for folder in _TEMPORARY)}
    whole = {path.parent if path.is_file() and path.parent not in _TEMPORARY else path for path in hidden}
    if not whole:
        return ""
    return "BindReadOnlyPaths=" + _words(f"-{path}" for path in sorted(whole))


def _divisor(number: float) -> int:
    return next((n for n in _DIVISORS if n <= number), 1)


def _span(span: timedelta) -> str:
    return (
        f"{span // timedelta(milliseconds=1)}ms" if span % timedelta(seconds=1) else f"{span // timedelta(seconds=1)}s"
    )


KINDS: Final = {"timer": (CHECK, TIMER, FAILURE), "daemon": (DAEMON, FAILURE)}
STARTED: Final = {"timer": TIMER, "daemon": DAEMON}
MACHINE: Final = Path("/etc/systemd/system")

_INSTEAD: Final = "use `authwatch install cron`, or run `authwatch serve`"
NO_SYSTEMCTL: Final = f"systemctl not found; {_INSTEAD}"


def install(user: User, what: UnitValues, kind: str = "timer", *, dry_run: bool = False, force: bool = False) -> int:
    """Writes the units of a kind ("timer", "daemon"), starts them and waits for a check; 0 done, 1 not done.

    A unit file that somebody changed is replaced only with `force`. With `dry_run` it says what it would do.
    """
    try:
        texts = {
            _folder(user) / file_name(name, user.system): render(shipped(name, system=bool(user.system)), what)
            for name in KINDS[kind]
        }
    except Unrenderable as why:
        user.say(str(why))
        return NOT_DONE
    if dry_run:
        return _rehearse(user, texts, kind)
    edit = f"move your changes to `{_shown(user, 'edit')} UNIT`, or use --force to replace it"
    if not _reachable(user) or not (force or managed_files.unchanged(texts, user, edit)):
        return NOT_DONE
    # systemd refuses a unit whose writable folder is missing.
    if not user.make((what.state, *what.writable)) or not managed_files.put(texts, user):
        return NOT_DONE
    seen = _started(user, what, kind)
    if not seen and what.sandbox and _sandbox_forbidden(user, kind):
        user.say("this machine does not allow sandboxed services: trying again without a sandbox")
        return install(user, replace(what, sandbox=False), kind, force=True)
    if not seen:
        return _failed(user, kind)
    _replace_other(user, kind)
    _report(user, what, kind)
    return DONE


def present(user: User) -> bool:
    """Whether any unit of ours is there."""
    return any((_folder(user) / file_name(name, user.system)).exists() for name in (TIMER, DAEMON, CHECK))


def uninstall(user: User, *, dry_run: bool = False, force: bool = False) -> int:
    """Stops and removes the units, whichever there are; changed files only with `force`."""
    names = [file_name(name, user.system) for name in (TIMER, DAEMON, CHECK, FAILURE)]
    there = [name for name in names if (_folder(user) / name).exists()]
    if not there:
        user.say(f"no authwatch units in {user.shown(_folder(user))}")
        return DONE
    if dry_run:
        user.say(f"would stop and remove {', '.join(there)} from {user.shown(_folder(user))}")
        return DONE
    if not _reachable(user):
        return NOT_DONE
    return DONE if _removed(user, there, force=force) else NOT_DONE


def _removed(user: User, names: Sequence[str], *, force: bool = False) -> bool:
    """Stops, disables and removes units; whether nothing of them is left. One that was edited by hand runs on."""
    paths = [_folder(user) / name for name in names]
    if not force and (kept := managed_files.edited(paths)):
        managed_files.say_kept(kept, user)
        return False
    timer, daemon = (file_name(name, user.system) for name in (TIMER, DAEMON))
    enabled = [name for name in names if name in (timer, daemon)]
    units = [name for name in names if name != file_name(FAILURE, user.system)]
    stopped = (not enabled or _systemctl(user, "disable", *enabled)) and _stopped(user, units)
    if timer in names:
        user.run(*_control(user), "clean", "--what=state", timer)  # systemd's note of when the timer last fired
    gone = managed_files.removed(paths, user, force=force)
    reloaded = _systemctl(user, "daemon-reload")
    instances = file_name(FAILURE, user.system).replace("@.", "@*.")
    user.run(*_control(user), "reset-failed", *units, instances)  # fails where nothing had failed
    return stopped and reloaded and gone


def _replace_other(user: User, kind: str) -> None:
    """Takes away the units of the other kind: two of them would make the same checks twice."""
    others = [file_name(name, user.system) for other in KINDS if other != kind for name in KINDS[other]]
    ours = [file_name(name, user.system) for name in KINDS[kind]]
    there = [name for name in others if name not in ours and (_folder(user) / name).exists()]
    if there:
        user.say(f"{file_name(STARTED[kind], user.system)} replaces {' and '.join(there)}")
        _removed(user, there)


def _folder(user: User) -> Path:
    """Where the units go. The user manager has its own environment, so $XDG_CONFIG_HOME is not asked."""
    return MACHINE if user.system else user.home / ".config" / "systemd" / "user"


def _control(user: User) -> tuple[str, ...]:
    return ("systemctl",) if user.system else ("systemctl", "--user")


def _systemctl(user: User, *words: str) -> bool:
    return user.worked(*_control(user), *words)


def _shown(user: User, *words: str) -> str:
    return " ".join((*_control(user), *words))


def _rehearse(user: User, texts: Mapping[Path, str], kind: str) -> int:
    for path, text in texts.items():
        user.say(f"would write {user.shown(path)}:\n{text}")
    unit = file_name(STARTED[kind], user.system)
    user.say(f"would run: {_shown(user, 'daemon-reload')}; {_shown(user, 'enable', unit)}; … restart {unit}")
    return DONE


def _reachable(user: User) -> bool:
    if not user.has("systemctl"):
        user.say(NO_SYSTEMCTL)
        return False
    if not user.run(*_control(user), "show", "--property=Version").returncode:
        return True
    if user.system:
        user.say(f"this machine does not run systemd; {_INSTEAD}")
    else:
        user.say(
            "systemd has no session for this user, so it cannot run user units. Log in as this user directly (not "
            "with `su` or `sudo`), or run `loginctl enable-linger` and try again; or use `authwatch install cron`"
        )
    return False


def _stopped(user: User, units: Sequence[str]) -> bool:
    user.run(*_control(user), "stop", *units)  # fails for a unit that was never loaded, too
    active = "active" in user.run(*_control(user), "is-active", *units).stdout.split()
    if active:
        user.say(f"still running: {', '.join(units)}")
    return not active


def _started(user: User, what: UnitValues, kind: str) -> bool:
    """Starts the unit and waits for a check; whether one was seen."""
    before, unit = traces(what), file_name(STARTED[kind], user.system)
    if not (_systemctl(user, "daemon-reload") and _systemctl(user, "enable", unit)):
        return False
    if not _systemctl(user, "restart", unit):
        return False
    return _systemctl(user, "start", file_name(CHECK, user.system)) if kind == "timer" else waited(what, before)


def _working(user: User, kind: str) -> str:
    return file_name(CHECK if kind == "timer" else DAEMON, user.system)


def _property(user: User, unit: str, name: str) -> str:
    return user.run(*_control(user), "show", unit, f"--property={name}", "--value", TZ="UTC").stdout.strip()


def _sandbox_forbidden(user: User, kind: str) -> bool:
    """Ubuntu since 23.10 and many containers forbid user namespaces: exit status USER or NAMESPACE, systemd.exec(5)."""
    return _property(user, _working(user, kind), "ExecMainStatus") in ("217", "226")


def _log(user: User, kind: str) -> tuple[str, ...]:
    journal = ("journalctl",) if user.system else ("journalctl", "--user")
    return (*journal, "-u", _working(user, kind), "-n", "20")


def _failed(user: User, kind: str) -> int:
    """Says why no check succeeded, in the last words of authwatch itself where the journal has any."""
    last = user.run(*_log(user, kind), "-o", "cat", "--no-pager").stdout.splitlines() if user.has("journalctl") else []
    if said := next((line for line in reversed(last) if line.startswith("authwatch: ")), ""):
        user.say(said.removeprefix("authwatch: "))
    user.say(f"{file_name(STARTED[kind], user.system)} is installed, but no check succeeded")
    user.say(f"log:    {' '.join(_log(user, kind))}")
    user.say(f"remove: {uninstalling(user)}")
    return NOT_DONE


def _report(user: User, what: UnitValues, kind: str) -> None:
    unit = file_name(STARTED[kind], user.system)
    every = rhythm(what.interval) if kind == "timer" else what.interval
    following = f"within {span(every)}"
    if kind == "timer":
        at = moment_of(_property(user, unit, "NextElapseUSecRealtime"))
        following = moment(at) if at else following
    user.summarize(f"{unit} is running", every, following, " ".join(_log(user, kind)), uninstalling(user))
    if kind == "daemon" and what.listen:
        user.say(f"page:   http://{what.listen}/")
    if not user.system:
        lingers = user.run("loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value").stdout.strip()
        if lingers != "yes":
            user.say("it stops when you log out; to keep it running: loginctl enable-linger")


def uninstalling(user: User) -> str:
    """The command that takes it away again."""
    if user.system:
        return f"sudo authwatch uninstall systemd --system --user-name {user.system}"
    return "authwatch uninstall systemd"


def moment_of(text: str) -> datetime | None:
    """A moment as systemd shows it with TZ=UTC, `Sun 2026-11-22 15:05:08 UTC`; None for what is none, such as `n/a`."""
    try:
        return datetime.strptime(text.partition(" ")[2], "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    except ValueError:
        return None
