"""`authwatch install | uninstall systemd`: makes it run by itself, or takes that back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.shell import USAGE, Failure, Shell, common

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.host import Host


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of both commands."""
    common(parser, json=False)
    parser.add_argument("what", choices=("systemd",), help="what runs it")
    parser.add_argument("--user", action="store_true", help="units of your own user (the default)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    parser.add_argument("--force", action="store_true", help="replace units that were changed by hand")
    if command == "install":
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--timer", action="store_true", help="a pass every few minutes (the default)")
        kind.add_argument("--daemon", action="store_true", help="the daemon, with /metrics")


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Renders the units for the interpreter and paths at hand, starts them and waits for a pass."""
    from monitor.setup import systemd
    from monitor.setup.units import Installation

    user = systemd.User(shell.own_home, shell.environ, shell.say)
    if given.command == "uninstall":
        return systemd.uninstall(user, dry_run=given.dry_run, force=given.force)
    if given.home:
        raise Failure(
            USAGE, "a unit watches its own user's home; run this as that user, or name the home in `sources:`"
        )
    if "STATE_DIRECTORY" in shell.environ:
        raise Failure(USAGE, "$STATE_DIRECTORY is set, so this already runs inside a unit; install from a shell")
    host = shell.host()
    settings = shell.settings(host)
    state = shell.state(settings)
    what = Installation(
        command=own_command(),
        state=state.gate,
        interval=settings.interval,
        deadline=settings.alerts.deadline,
        writable=(state.folder,),
        environment=_places(shell, host, settings),
    )
    return systemd.install(user, what, "daemon" if given.daemon else "timer", dry_run=given.dry_run, force=given.force)


def own_command() -> list[str]:
    """How this very installation is started: its script beside the interpreter, else the module."""
    script = Path(sys.executable).with_name("authwatch")
    return [str(script)] if script.exists() else [sys.executable, "-m", "monitor.cli.main"]


def _places(shell: Shell, host: Host, settings: Settings) -> dict[str, str]:
    """The variables that say where things lie, which a unit would not have; values that are no paths may be secrets."""
    from monitor.sources import observe_all

    list(observe_all(host, settings.sources))
    places = {name: value for name, value in host.asked.items() if value and value.startswith("/")}
    places.pop("HOME", None)
    if settings.file:
        places["AUTHWATCH_CONFIG"] = str(settings.file)
    return places
