"""systemd unit files, filled in for one installation: pure text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from monitor.config.settings import check_killed
from monitor.setup.managed_files import marked

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


@dataclass(frozen=True, slots=True)
class UnitValues:
    """What the units of one installation need to know.

    `command` is the argv that starts authwatch, its global options included; `state` the default state
    place, which units get as $STATE_DIRECTORY so that they share it with the prompt; `writable` are further folders
    that a check writes to (a `state:` elsewhere, a textfile's folder); `environment`
    are the variables that a check needs and that are no secrets, `locations` those among them that choose where sources
    look; `credentials` are files that only root can read, by the name under which the config asks for them.
    """

    command: Sequence[str]
    state: Path
    interval: timedelta = timedelta(minutes=5)
    deadline: timedelta = timedelta(seconds=60)
    writable: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    locations: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, Path] = field(default_factory=dict)
    sandbox: bool = True


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


def quote(text: str) -> str:
    """One word of a unit file (systemd.syntax(7)) in which spaces, quotes, backslashes and `%` survive.

    `$` is left alone: commands are written with the prefix `:`, which switches its expansion off.
    """
    if not text.isprintable():  # control characters, line ends, and bytes that are not UTF-8
        raise Unrenderable(f"{text!r} has characters that a systemd unit cannot hold")
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
