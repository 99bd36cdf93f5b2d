"""The part of `authwatch onboard` that makes it run by itself: which way, and doing it."""

from __future__ import annotations

import argparse
import sys

from monitor.cli.context import Context
from monitor.cli.prompts import ask, at_terminal

WAYS = ("systemd", "launchd", "termux", "cron")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The option that answers the question."""
    text = "what runs it from now on; auto takes what this machine has"
    parser.add_argument("--timer", choices=("auto", *WAYS, "none"), help=text)
    parser.add_argument("--yes", action="store_true", help="take the default of every question that is left")


def chosen(given: argparse.Namespace, context: Context) -> str:
    """One of WAYS, or none."""
    found = _found(context)
    if given.timer:
        return found if given.timer == "auto" else str(given.timer)
    if given.yes or not at_terminal():
        return found
    while True:
        word = ask(context, f"What shall run it? {', '.join(WAYS)} or none", found)
        if word in (*WAYS, "none"):
            return word


def install(context: Context, way: str) -> int:
    """As `authwatch install WAY` does."""
    from monitor.cli import install as command
    from monitor.cli.app import Parser

    if way == "none":
        context.say("Nothing runs it by itself yet: authwatch install systemd, launchd, termux or cron")
        return 0
    parser = Parser(prog="authwatch install")
    command.arguments(parser, "install")
    words = parser.parse_args([way])
    words.command = "install"
    return int(command.run(words, context))


def _found(context: Context) -> str:
    from monitor.setup.termux import on_a_phone
    from monitor.setup.user import User

    user = User(context.own_home, context.environ, context.say)
    if on_a_phone(context.environ):
        return "termux"
    if sys.platform == "darwin":
        return "launchd"
    if user.has("systemctl") and user.run("systemctl", "--user", "show", "--property=Version").returncode == 0:
        return "systemd"
    return "cron" if user.has("crontab") else "none"
