"""`authwatch forget | ignore | unignore KEY`: what a person decides about one credential."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from monitor.cli import book
from monitor.cli.shell import NOT_DONE, Failure, Shell, common

if TYPE_CHECKING:
    from monitor.model import Remembered


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the three commands."""
    common(parser, json=False)
    parser.add_argument(
        "key", metavar="KEY", help="as `authwatch status` shows it, like openclaw/main/anthropic:default"
    )


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Does it, in one transaction."""
    from alerts.memory import put_standings
    from monitor.history import memory

    settings = shell.settings(shell.host())
    with book.writing(shell, settings) as connection:
        known = memory.read(connection, "")
        row = known.get(given.key) or _unknown(given.key, known)
        if given.command == "forget":
            _refuse_if_seen(given.key, row)
            memory.forget(connection, given.key)
            put_standings(connection, {}, [given.key])
            shell.say(f"{given.key} is forgotten; it is not expected any more.")
            return 0
        ignored = given.command == "ignore"
        memory.set_ignored(connection, given.key, ignored)
        if ignored:
            put_standings(connection, {}, [given.key])
        back = f"; take it back with: authwatch unignore {given.key}" if ignored else ""
        shell.say(f"{given.key} is {'shown, and never alarmed about' if ignored else 'alarmed about again'}{back}.")
    return 0


def _refuse_if_seen(key: str, row: Remembered) -> None:
    from monitor.model import State

    if row.state is not State.MISSING:
        raise Failure(
            NOT_DONE,
            f"{key} was still seen by the last pass (it is {row.state}), so it would come back at once\n"
            f"to keep it quiet: authwatch ignore {key}",
        )


def _unknown(key: str, known: dict[str, Remembered]) -> Remembered:
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "authwatch status shows the keys that are"
    raise Failure(NOT_DONE, f"{key} is not in the history; {hint}")
