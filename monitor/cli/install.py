"""`authwatch install | uninstall systemd|launchd|termux|cron`: makes checks run by themselves, or removes that."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alerts.formats import visible
from alerts.timefmt import for_reader
from monitor.cli.context import CONFIG, NOT_DONE, USAGE, Context, Failure, common

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.setup.user import UnitValues, User
    from monitor.system.host import Host

#: What runs it: its module in `monitor.setup`, with `install(user, what, kind, *, dry_run, force)` and
#: `uninstall(user, *, dry_run, force)`, which say what they do and return 0 (done) or 1, and `present(user)`.
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
    if command == "install":
        parser.add_argument("what", metavar="WHAT", choices=tuple(WAYS), help=" | ".join(WAYS))
    else:
        ways = f"{' | '.join(WAYS)}; default: whatever is installed"
        parser.add_argument("what", metavar="WHAT", nargs="?", choices=tuple(WAYS), help=ways)
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--user", action="store_true", help="for your own user (the default)")
    whose.add_argument("--system", action="store_true", help="systemd: system units for --user-name; needs root")
    parser.add_argument("--user-name", metavar="USER", help="with --system: the user whose logins are watched")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, change nothing")
    parser.add_argument("--force", action="store_true", help="replace or remove files that were edited by hand")
    if command == "install":
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--timer", action="store_true", help="run a check every few minutes (the default)")
        kind.add_argument("--daemon", action="store_true", help="run the daemon, with the status page and /metrics")


def run(given: argparse.Namespace, context: Context) -> int:
    """Writes what the machine needs to run this very installation, starts it and waits for a check."""
    context, user = _for_whom(given, context)
    if given.command == "uninstall":
        return _uninstall(given, context, user)
    way = _way(given.what)
    if given.home:
        raise Failure(
            USAGE,
            "install takes no --home: run it as the user who owns that home, or list the home under `sources:`",
        )
    if "STATE_DIRECTORY" in context.environ:
        raise Failure(USAGE, "$STATE_DIRECTORY is set, so this runs inside a unit; run install from a shell")
    what, settings = installation(context, user)
    user = replace(user, say=lambda text: context.say(for_reader(text, context.now(), settings.timezone)))
    if given.daemon and not given.dry_run:
        _address(settings)
    if what.locations:
        taken = ", ".join(f"{name}={value}" for name, value in sorted(what.locations.items()))
        context.say(f"checks will use these variables of your shell: {visible(taken)}")
    kind = "daemon" if given.daemon else "timer"
    code = int(way.install(user, what, kind, dry_run=given.dry_run, force=given.force))
    if code == 0 and not given.dry_run and not user.system:
        _replace_others(user, given.what)
    return code


def _uninstall(given: argparse.Namespace, context: Context, user: User) -> int:
    """Removes what is named, else whatever is there; names what runs checks still."""
    named_is_there = given.what and not user.system and _way(given.what).present(user)
    enough = user.system or named_is_there or (given.what and given.dry_run)
    there = [] if enough else [name for name in WAYS if _way(name).present(user)]
    named = [given.what] if given.what else ["systemd"] if user.system else there
    code = 0
    if not named:
        user.say("nothing is installed that runs checks")
    for name in named:
        code = int(_way(name).uninstall(user, dry_run=given.dry_run, force=given.force)) or code
    for other in (name for name in there if name not in named):
        user.say(f"{other} still runs checks; remove it: authwatch uninstall {other}")
        code = NOT_DONE  # what was there to be removed is another
    _name_what_is_left(context, user)
    return code


def _way(name: str) -> Any:
    return importlib.import_module(f"monitor.setup.{WAYS[name]}")


def _replace_others(user: User, new: str) -> None:
    """Removes what else of ours runs checks for this user: two of them would make the same checks twice."""
    for name in WAYS:
        way = _way(name)
        if name != new and way.present(user):
            user.say(f"{new} replaces {name}")
            if way.uninstall(user):
                user.say(f"{name} still runs checks as well; remove it: authwatch uninstall {name} --force")


def _address(settings: Settings) -> None:
    """A Failure where another program listens at the daemon's address, which could not start then."""
    from monitor.doctor.daemon import PortAnswer, asked
    from monitor.serve.web_auth import CannotServe, listen_address
    from monitor.system.listening import in_words, refusal

    try:
        host, port = listen_address(settings.web)
    except CannotServe as refused:
        raise Failure(CONFIG, str(refused)) from None
    error = refusal(host, port) if port else None
    if error and asked(host, port)[0] is not PortAnswer.OURS:
        raise Failure(NOT_DONE, in_words(settings.web.listen, port, error))


def installation(context: Context, user: User) -> tuple[UnitValues, Settings]:
    """What a unit has to know to look where this command looks, and to share its state folder; and the settings."""
    from monitor.setup.user import UnitValues, acting_as
    from monitor.sources.location_variables import exported

    with acting_as(user.system):
        host = context.host()
        settings = context.settings(host)
        state = context.state(settings)
        locations = exported(host, settings.sources)
        environment = {**_places(context, host, settings), **locations}
    values = UnitValues(
        command=own_command(),
        state=state.gate,
        interval=settings.interval,
        deadline=settings.alerts.deadline,
        writable=(state.folder,) if state.folder != state.gate else (),
        environment=environment,
        locations=locations,
        credentials=_credentials(user.system),
        listen=settings.web.listen,
    )
    return values, settings


def own_command() -> list[str]:
    """How this very installation is started: its script beside the interpreter, else the module."""
    script = Path(sys.executable).with_name("authwatch")
    return [str(script)] if script.exists() else [sys.executable, "-m", "monitor.cli.main"]


def _for_whom(given: argparse.Namespace, context: Context) -> tuple[Context, User]:
    """The shell as that user would have it, and the user."""
    from monitor.setup.user import User, path_of

    if not given.system:
        if given.user_name:
            raise Failure(USAGE, "--user-name needs --system; for your own user leave it out")
        return context, User(context.own_home, context.environ, context.say)
    if given.what != "systemd":
        raise Failure(USAGE, f"--system works with systemd only; {given.what} runs checks for your own user")
    name = given.user_name or context.environ.get("SUDO_USER", "")
    if not name:
        raise Failure(USAGE, "--system needs the user whose logins are watched: --system --user-name USER")
    home = _home_of(name)
    if os.geteuid() != 0:
        raise Failure(NOT_DONE, "installing system units needs root (sudo); without root use --user")
    environ = {key: value for key, value in context.environ.items() if key not in _PERSONAL} | {"HOME": str(home)}
    if given.command == "install":
        environ["PATH"] = path_of(name)
    return context._replace(environ=environ, home=home, own_home=home), User(home, environ, context.say, name)


def _home_of(name: str) -> Path:
    import pwd

    try:
        if _ACCOUNT.fullmatch(name):
            return Path(pwd.getpwnam(name).pw_dir)
    except KeyError:
        pass
    raise Failure(USAGE, f"no user {name!r} on this machine, or the name cannot be part of a unit's name")


def _credentials(name: str) -> dict[str, Path]:
    """The secrets of the machine's units, by name; systemd hands them to the unit, sd_credentials."""
    folder = CREDENTIALS / name
    if not name or not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return {}
    return {path.name: path for path in sorted(folder.iterdir()) if _CREDENTIAL.fullmatch(path.name)}


def _places(context: Context, host: Host, settings: Settings) -> Mapping[str, str]:
    """The other variables that a check needs and a unit would not have: what the config or a source asked for and is
    the path of something that is there. Anything else may be a secret."""
    from monitor.setup.user import each_once
    from monitor.sources import observe_all

    list(observe_all(host, settings.sources))
    places = {name: value for name, value in host.asked.items() if value and _is_place(name, value)}
    places.pop("HOME", None)
    if context.environ.get("PATH"):
        places["PATH"] = each_once(context.environ["PATH"])
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
        places = dict.fromkeys((state.folder, state.gate, usual, named))
        left = [user.shown(path) for path in places if path and path.exists()]
    if _credentials(user.system):
        left.append(str(CREDENTIALS / user.system))
    if left:
        context.say(f"your data was kept: {', '.join(left)}")
