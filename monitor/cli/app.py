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
from monitor.cli.context import OK, USAGE, Context, Failure

#: name: (module, one line of help)
COMMANDS = {
    "status": ("status", "what is true now; writes nothing, needs no config"),
    "check": ("check", "one check: look, record, tell; for a timer, cron or a Termux job"),
    "serve": ("serve", "the daemon: the check on a schedule, /metrics, status"),
    "demo": ("demo", "the whole thing on a made-up home"),
    "history": ("history", "what changed, when"),
    "forget": ("forget_ignore", "stop expecting a credential that is gone"),
    "ignore": ("forget_ignore", "show it, never alarm"),
    "unignore": ("forget_ignore", "alarm again"),
    "alerts": ("alerts", "what stands and was told; test, acknowledge, silence, rehearse"),
    "explain": ("explain", "the evidence and the rule behind a verdict"),
    "doctor": ("doctor", "check the installation and say how to fix it"),
    "onboard": ("onboard", "guided first set-up; every answer is also an option"),
    "relogin": ("relogin", "guided re-login, watched until the new login is seen"),
    "install": ("install", "run checks automatically (systemd, launchd, cron, Termux)"),
    "uninstall": ("install", "remove what install set up"),
    "models": ("models", "OpenClaw's own words"),
    "completion": ("completion", "completions for bash, zsh, fish"),
    "config": ("config", "check it, show it, its schema"),
}


DESCRIPTION = "Tells you before your AI agent loses its login."


class Help(argparse.RawDescriptionHelpFormatter):
    """argparse's help, without its way to the width: that imports all of shutil, and one is made for every option."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        wrapped = argparse.HelpFormatter._fill_text(self, text, width, indent)
        return super()._fill_text(text, width, indent) if "\n" in text else wrapped


class Parser(argparse.ArgumentParser):
    """argparse with the contract's exit code for wrong usage."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"formatter_class": Help, **given})

    def error(self, message: str) -> NoReturn:
        raise Failure(USAGE, f"{message}\ntry: {self.prog} --help")


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
        return _explain(Failure(USAGE, f"{odd!a} is no text") if odd else Failure.bug(error), argv, context)
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
        context.complain(f"authwatch: {failure.message}")
    return failure.code


def _dispatch(argv: list[str], context: Context) -> int:
    top = _top()
    at = next((place for place, word in enumerate(argv) if not word.startswith("-")), len(argv))
    found = top.parse_args(argv[: at + 1] or ["--help"])
    if found.command not in COMMANDS:
        raise Failure(USAGE, f"there is no command {found.command!r}{_meant(found.command)}\ntry: authwatch --help")
    parser = Parser(prog=f"authwatch {found.command}", description=_described(found.command))
    module = furnish(parser, found.command)
    arguments = parser.parse_args(argv[at + 1 :])
    arguments.command = found.command
    return int(module.run(arguments, context.configured(arguments)) or OK)


def _top() -> Parser:
    top = Parser(
        prog="authwatch",
        description=DESCRIPTION,
        epilog="\n".join(f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items()),
    )
    top.add_argument("--version", action="version", version=f"authwatch {__version__}")
    top.add_argument("command", metavar="COMMAND", help="one of those below; each has its own --help")
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
    return module


def _described(command: str) -> str:
    return f"{command}: {COMMANDS[command][1]}"


def _meant(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, COMMANDS, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
