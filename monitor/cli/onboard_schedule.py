"""The part of `authwatch onboard` that makes checks run by themselves: what does already, what should, and doing it."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from monitor.cli.context import Context
from monitor.cli.prompts import ask, at_terminal

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.doctor.model import Runner
    from monitor.setup.onboard import Machine
    from monitor.setup.user import User

WAYS = ("systemd", "launchd", "termux", "cron")


class Schedule(NamedTuple):
    """What runs the checks: one of WAYS or `none`, its `name`, whether it is `there` already, and commands: `fix` where
    it does not run, `remove`."""

    way: str
    name: str = ""
    there: bool = False
    fix: str = ""
    remove: str = ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The option that answers the question."""
    text = "what runs the checks; auto takes what fits this machine"
    parser.add_argument("--timer", choices=("auto", *WAYS, "none"), help=text)
    parser.add_argument("--yes", action="store_true", help="take the default of every question that is left")


def present(context: Context, settings: Settings) -> Schedule | None:
    """What runs checks here already."""
    from monitor.doctor.model import Subject
    from monitor.doctor.schedulers import runners

    host = context.host()
    subject = Subject(
        settings, host, host.at(context.own_home), context.state(settings), context.now(), context.environ
    )
    found = [_schedule(one) for one in runners(subject)]
    return min(found, key=lambda one: bool(one.fix), default=None)


def chosen(given: argparse.Namespace, context: Context, there: Schedule | None) -> Schedule:
    """What is there where it will do; else what the option or the person says."""
    if there and given.timer in (None, "auto", there.way):
        return there
    from monitor.setup.onboard import possible, proposal

    machine = _machine(context)
    way, why = proposal(machine)
    if given.timer not in (None, "auto"):
        return _new(str(given.timer), way)
    if given.timer == "auto" or given.yes or not at_terminal():
        context.say(f"Checks will run by {way}: {why}." if way != "none" else f"Nothing can run the checks: {why}.")
        return _new(way, way)
    context.say(f"\nSuggested: {way} ({why}).")
    while True:
        word = ask(context, f"What should run the checks? {', '.join(possible(machine))} or none", way)
        if word in (*WAYS, "none"):
            return _new(word, way)


def installed(context: Context, schedule: Schedule) -> tuple[Schedule, int]:
    """Does what `authwatch install WAY` does, where there is something to do; what then runs the checks, and its exit
    code."""
    from monitor.cli import install as command
    from monitor.cli.app import Parser

    if schedule.there or schedule.way == "none":
        return schedule, 0
    if context.out.isatty():
        context.say(f"Setting up {schedule.name} and running a first check …")
        context.flush()
    parser = Parser(prog="authwatch install")
    command.arguments(parser, "install")
    words = parser.parse_args([schedule.way])
    words.command = "install"
    if code := int(command.run(words, context)):
        return schedule._replace(fix=f"authwatch install {schedule.way}"), code
    return present(context, context.settings(context.host())) or schedule, 0


def _new(way: str, proposed: str) -> Schedule:
    """What is to be set up; for `none` it names what could be."""
    names = {"systemd": "a systemd timer", "launchd": "a launchd agent", "termux": "a Termux job", "cron": "cron"}
    if way == "none":
        return Schedule(way, fix=f"authwatch install {proposed}" if proposed != "none" else "authwatch serve")
    return Schedule(way, names[way], remove=f"authwatch uninstall {way}")


def _schedule(one: Runner) -> Schedule:
    """What the doctor found, as what `authwatch install` would set up again."""
    fix = one.start if one.runs is False else ""
    way = re.search(r"authwatch install (\w+)|(termux)/", one.again)
    if way and way[1] == "systemd":
        account = one.name.partition("@")[2].rpartition(".")[0]
        remove = f"sudo authwatch uninstall systemd --system --user-name {account}" if account else ""
        return Schedule("systemd", one.name, True, fix, remove or "authwatch uninstall systemd")
    known = (way[1] or way[2]) if way else "cron"
    return _new(known, known)._replace(there=True, fix=fix)


def _machine(context: Context) -> Machine:
    from monitor.setup import cron
    from monitor.setup.onboard import Machine
    from monitor.setup.termux import on_a_phone
    from monitor.setup.user import User

    user = User(context.own_home, context.environ, context.say)
    return Machine(
        termux=on_a_phone(context.environ),
        macos=sys.platform == "darwin",
        systemd=user.has("systemctl") and user.run("systemctl", "--user", "show", "--property=Version").returncode == 0,
        lingers=_lingers(user),
        crontab=user.has("crontab"),
        cron=cron.runs(),
    )


def _lingers(user: User) -> bool:
    if not user.has("loginctl"):
        return False
    said = user.run("loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value")
    return said.stdout.strip() == "yes"
