"""`authwatch install | uninstall systemd|launchd|termux|cron`: makes it run by itself, or takes that back."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alerts.formats import visible
from monitor.cli.context import NOT_DONE, USAGE, Context, Failure, common

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.setup.user import UnitValues, User
    from monitor.system.host import Host

#: What runs it: its module in `monitor.setup`, with `install(user, what, kind, *, dry_run, force)` and
#: `uninstall(user, *, dry_run, force)`, which say what they do and return 0 (done) or 1.
WAYS: Final = {"systemd": "systemd", "launchd": "launchd", "termux": "termux", "cron": "cron"}

#: Secrets for the machine's units: a folder per user, a file per name, readable by root alone.
CREDENTIALS: Final = Path("/etc/authwatch/credentials")

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
#: Of the one who gives the command, not of the user for whom the machine runs it.
_PERSONAL: Final = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "AUTHWATCH_CONFIG")


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of both commands."""
    common(parser, json=False)
    parser.add_argument("what", choices=tuple(WAYS), help="what runs it")
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--user", action="store_true", help="under your own user (the default)")
    whose.add_argument("--system", action="store_true", help="systemd: units of the machine, for --user-name; as root")
    parser.add_argument("--user-name", metavar="USER", help="whose logins units of the machine watch")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    parser.add_argument("--force", action="store_true", help="replace or remove what was changed by hand")
    if command == "install":
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--timer", action="store_true", help="a check every few minutes (the default)")
        kind.add_argument("--daemon", action="store_true", help="the daemon, with /metrics")


def run(given: argparse.Namespace, context: Context) -> int:
    """Writes what the machine needs to run this very installation, starts it and waits for a check."""
    way = importlib.import_module(f"monitor.setup.{WAYS[given.what]}")
    context, user = _for_whom(given, context)
    if given.command == "uninstall":
        code = int(way.uninstall(user, dry_run=given.dry_run, force=given.force))
        _name_what_is_left(context, user)
        return code
    if given.home:
        raise Failure(
            USAGE,
            "what is installed watches its own user's home; run this as that user, or name the home in `sources:`",
        )
    if "STATE_DIRECTORY" in context.environ:
        raise Failure(USAGE, "$STATE_DIRECTORY is set, so this already runs inside a unit; install from a shell")
    what = installation(context, user)
    if what.locations:
        taken = ", ".join(f"{name}={value}" for name, value in sorted(what.locations.items()))
        context.say(f"it will look where this shell does: {visible(taken)}")
    return int(way.install(user, what, "daemon" if given.daemon else "timer", dry_run=given.dry_run, force=given.force))


def installation(context: Context, user: User) -> UnitValues:
    """What a unit has to know to look where this command looks, and to share its state folder."""
    from monitor.setup.user import UnitValues, acting_as
    from monitor.sources.location_variables import exported

    with acting_as(user.system):
        host = context.host()
        settings = context.settings(host)
        state = context.state(settings)
        locations = exported(host, settings.sources)
        environment = {**_places(context, host, settings), **locations}
    return UnitValues(
        command=own_command(),
        state=state.gate,
        interval=settings.interval,
        deadline=settings.alerts.deadline,
        writable=(state.folder,) if state.folder != state.gate else (),
        environment=environment,
        locations=locations,
        credentials=_credentials(user.system),
    )


def own_command() -> list[str]:
    """How this very installation is started: its script beside the interpreter, else the module."""
    script = Path(sys.executable).with_name("authwatch")
    return [str(script)] if script.exists() else [sys.executable, "-m", "monitor.cli.main"]


def _for_whom(given: argparse.Namespace, context: Context) -> tuple[Context, User]:
    """The shell as that user would have it, and the user."""
    from monitor.setup.user import User

    if not given.system:
        if given.user_name:
            raise Failure(USAGE, "--user-name goes with --system; for your own user leave it out")
        return context, User(context.own_home, context.environ, context.say)
    if given.what != "systemd":
        raise Failure(USAGE, f"--system is for systemd; {given.what} works for your own user only")
    name = given.user_name or context.environ.get("SUDO_USER", "")
    if not name:
        raise Failure(USAGE, "whose logins are to be watched? name the user: --system --user-name USER")
    home = _home_of(name)
    if os.geteuid() != 0:
        raise Failure(NOT_DONE, "units of the machine are root's to write: run this with sudo, or install with --user")
    environ = {key: value for key, value in context.environ.items() if key not in _PERSONAL} | {"HOME": str(home)}
    return context._replace(environ=environ, home=home, own_home=home), User(home, environ, context.say, name)


def _home_of(name: str) -> Path:
    import pwd

    try:
        if _ACCOUNT.fullmatch(name):
            return Path(pwd.getpwnam(name).pw_dir)
    except KeyError:
        pass
    raise Failure(USAGE, f"there is no user {name!r} here, or no unit can be named after it")


def _credentials(name: str) -> dict[str, Path]:
    """The secrets of the machine's units, by name; systemd hands them to the unit, sd_credentials."""
    folder = CREDENTIALS / name
    if not name or not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return {}
    return {path.name: path for path in sorted(folder.iterdir()) if _CREDENTIAL.fullmatch(path.name)}


def _places(context: Context, host: Host, settings: Settings) -> Mapping[str, str]:
    """The other variables that a check needs and a unit would not have: what the config or a source asked for and is
    the path of something that is there. Anything else may be a secret."""
    from monitor.sources import observe_all

    list(observe_all(host, settings.sources))
    places = {name: value for name, value in host.asked.items() if value and _is_place(name, value)}
    places.pop("HOME", None)
    if context.environ.get("PATH"):
        places["PATH"] = context.environ["PATH"]
    if settings.file:
        places["AUTHWATCH_CONFIG"] = str(settings.file)
    return places


def _is_place(name: str, value: str) -> bool:
    from monitor.system.host import present

    return value.startswith("/") and (name == "XDG_CONFIG_HOME" or present(value))


def _name_what_is_left(context: Context, user: User) -> None:
    """Says which of the user's data stays; a wrong config does not keep anybody from uninstalling."""
    from monitor.config.load import ConfigError, load
    from monitor.config.settings import Settings
    from monitor.setup.user import acting_as

    with acting_as(user.system):
        try:
            settings = load(context.host().at(context.own_home), context.config)
        except ConfigError:
            settings = Settings(file=context.config)
        state = context.state(settings)
        usual = context.own_home / ".config" / "authwatch"
        named = None if settings.file and settings.file.is_relative_to(usual) else settings.file
        left = [str(path) for path in dict.fromkeys((state.folder, state.gate, usual, named)) if path and path.exists()]
    if _credentials(user.system):
        left.append(str(CREDENTIALS / user.system))
    context.say(f"your data was left alone: {', '.join(left)}" if left else "nothing of yours is left")
