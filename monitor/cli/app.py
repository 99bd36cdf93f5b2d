"""The table of commands: finds the one that is meant, imports only it, and turns every failure into words."""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any, NoReturn

from monitor import __version__
from monitor.cli.context import COMMON, OK, USAGE, Context, Failure, common

#: What the help lists: heading: {name: (module, one line of help)}
GROUPS = {
    "Everyday": {
        "status": ("status", "show every login; writes nothing, needs no config"),
        "check": ("check", "check once and notify; run this from a timer, cron or Termux"),
        "alerts": ("alerts", "list alerts; test, acknowledge, silence, preview"),
        "explain": ("explain", "why a login is judged the way it is"),
        "history": ("history", "what changed, and when"),
        "relogin": ("relogin", "log in again, guided, until the new login is seen"),
        "ignore": ("forget_ignore", "mute a login for good"),
        "unignore": ("forget_ignore", "unmute it"),
        "forget": ("forget_ignore", "forget a removed login"),
    },
    "Setup": {
        "onboard": ("onboard", "guided first setup; every answer is also an option"),
        "install": ("install", "run authwatch by systemd, cron, launchd or Termux"),
        "uninstall": ("install", "remove what install set up"),
        "serve": ("serve", "run as a daemon: regular checks, web page, /metrics"),
        "doctor": ("doctor", "check the installation and say how to fix it"),
        "config": ("config", "check the config, show it, explain every key"),
        "completion": ("completion", "print completions for bash, zsh or fish"),
        "demo": ("demo", "try authwatch on a made-up home"),
    },
    "OpenClaw": {
        "models": ("models", "the logins of OpenClaw, as `openclaw models` shows and stores them"),
    },
}

COMMANDS = {name: row for rows in GROUPS.values() for name, row in rows.items()}

DESCRIPTION = "Tells you before your AI agent loses its login."


class Help(argparse.RawDescriptionHelpFormatter):
    """argparse's help, without its way to the width: that imports all of shutil, and one is made for every option."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        wrapped = argparse.HelpFormatter._fill_text(self, text, width, indent)
        return super()._fill_text(text, width, indent) if "\n" in text else wrapped


class Parser(argparse.ArgumentParser):
    """argparse with the contract's exit code for wrong usage, and with the options of every command."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"formatter_class": Help, **given})

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> argparse.Namespace:  # type: ignore[override]
        """The arguments; the options of every command are there although nobody gave them."""
        return super().parse_args(args, namespace or argparse.Namespace(**COMMON))

    def error(self, message: str) -> NoReturn:
        raise Failure(USAGE, f"{message}\nsee: {self.prog} --help")


@cache
def _columns() -> int:
    """How wide the terminal is, 80 where there is none; as `shutil.get_terminal_size` says."""
    with suppress(ValueError):
        if (said := int(os.environ.get("COLUMNS", ""))) > 0:
            return said
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def run(argv: list[str]) -> NoReturn:
    """Runs one command and leaves the process; nothing a sender thread does can keep it alive."""
    gc.set_threshold(20_000, 20, 10)  # a look makes many records and hardly a cycle
    context = Context.real(argv)
    code = _guarded(argv, context)
    context.flush()
    os._exit(code)


def _guarded(argv: list[str], context: Context) -> int:
    try:
        return _dispatch(argv, context)
    except Failure as failure:
        return _explain(failure, argv, context)
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else USAGE
    except UnicodeEncodeError as error:
        odd = next((word for word in argv if not word.isprintable()), None)
        return _explain(
            Failure(USAGE, f"argument {odd!a} is not valid text") if odd else Failure.bug(error), argv, context
        )
    except Exception as error:  # noqa: BLE001 - the last line of defence: words instead of a traceback
        return _explain(Failure.bug(error), argv, context)


def _explain(failure: Failure, argv: Sequence[str], context: Context) -> int:
    if "--nagios" in argv:
        from monitor.cli.status_text import plugin_unknown

        context.say(plugin_unknown(failure.message.partition("\n")[0]))
        return 3
    if "--json" in argv:
        context.say(json.dumps({"ok": False, "error": {"code": failure.code, "message": failure.message}}))
    else:
        context.warn(failure.message)
    return failure.code


def _dispatch(argv: list[str], context: Context) -> int:
    if not argv or argv[0].startswith("-"):
        _top().parse_args(argv or ["--help"])  # shows help or the version, or says what is wrong
        raise Failure(USAGE, "put the options behind the command\nsee: authwatch --help")
    command = argv[0]
    if command not in COMMANDS:
        raise Failure(USAGE, f"unknown command {command!r}{_meant(command)}\nsee: authwatch --help")
    parser = Parser(prog=f"authwatch {command}", description=_described(command))
    module = furnish(parser, command)
    arguments = parser.parse_args(argv[1:])
    arguments.command = command
    return int(module.run(arguments, context.configured(arguments)) or OK)


def _top() -> Parser:
    lists = [
        "\n".join([f"{heading}:", *(f"  {name:<11} {text}" for name, (_, text) in rows.items())])
        for heading, rows in GROUPS.items()
    ]
    top = Parser(
        prog="authwatch",
        usage="authwatch [OPTIONS] COMMAND ...",
        description="\n\n".join([DESCRIPTION, *lists]),
        epilog="More about a command: authwatch COMMAND --help",
    )
    top.add_argument("--version", action="version", version=f"authwatch {__version__}", help="print the version")
    top.add_argument("command", metavar="COMMAND", help=argparse.SUPPRESS)
    common(top)
    return top


def whole() -> Parser:
    """One parser of all commands: what completions and the manual page are made from."""
    top = Parser(prog="authwatch", description=DESCRIPTION)
    top.add_argument("--version", action="version", version=f"authwatch {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, (_, text) in COMMANDS.items():
        furnish(commands.add_parser(name, help=text, description=_described(name)), name)
    return top


def furnish(parser: argparse.ArgumentParser, command: str) -> ModuleType:
    """Gives a parser the arguments of a command; returns the module that runs it."""
    module = importlib.import_module(f"monitor.cli.{COMMANDS[command][0]}")
    module.arguments(parser, command)
    _completed(parser)
    return module


def _completed(parser: argparse.ArgumentParser) -> None:
    """The options of every command also between the words of a command, where its help need not show them."""
    inner = [
        one
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for one in action.choices.values()
    ]
    if "--config" not in parser._option_string_actions:
        common(parser, json=bool(inner), shown=False)
    for one in inner:
        _completed(one)


def _described(command: str) -> str:
    text = COMMANDS[command][1]
    return f"{text[0].upper()}{text[1:]}."


def _meant(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, COMMANDS, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
