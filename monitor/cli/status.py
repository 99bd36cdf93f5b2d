"""`authwatch status`: what is true now; reads only."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from monitor.cli import filtering
from monitor.cli.context import PATIENCE, Shell, common, filters, filters_of

if TYPE_CHECKING:
    from monitor.check.run import Outcome
    from monitor.check.status import Document
    from monitor.config.settings import Settings
    from monitor.proof import Proof


WATCH_SECONDS = 5
CLEAR = "\033[H\033[2J"


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    filters(parser)
    parser.add_argument("--check", action="store_true", help="exit like `check`: 0, 1 now, 2 soon, 3 unknown")
    parser.add_argument("--probe", action="store_true", help="ask the providers too, at most hourly; calls no model")
    parser.add_argument("--watch", action="store_true", help="look again every few seconds, until Ctrl-C")


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Looks, judges with what the history knows, prints; writes nothing."""
    told_of: dict[str, Proof] = {}
    while given.watch:
        if shell.out.isatty():
            shell.write(CLEAR)
        _once(given, shell, told_of)
        shell.flush()
        time.sleep(WATCH_SECONDS)
    return _once(given, shell, told_of)


def _once(given: argparse.Namespace, shell: Shell, told_of: dict[str, Proof]) -> int:
    with shell.ending(PATIENCE):
        settings, outcome = looked(given, shell, told_of)
    part = filtering.part(outcome.document(settings), filters_of(given), settings, outcome.known)
    if given.json:
        from monitor.check.status import written

        for piece in written(part):
            shell.write(piece)
        shell.write("\n")
    else:
        shell.say(_shown(shell, part))
        if given.probe:
            from monitor.cli.probe import lines

            shell.say("\n".join(["", *lines(settings, outcome.judgement)]))
    for complaint in outcome.complaints:
        shell.complain(f"authwatch: {complaint}")
    return int(part["exit_code"]) if given.check else 0


def _shown(shell: Shell, part: Document) -> str:
    if shell.color:
        from monitor.cli import rich_output

        return rich_output.status(part, shell.width())
    from monitor.cli.status_text import text

    return text(part, color=False)


def looked(
    given: argparse.Namespace, shell: Shell, told_of: dict[str, Proof] | None = None
) -> tuple[Settings, Outcome]:
    """One look without a trace, judged with what the history knows; with --probe also with what providers say, which is
    remembered, there and in `told_of`."""
    from monitor.check import run as full_check

    if given.probe:
        from monitor.cli import probe

        turn = probe.turn(shell, probe.asking(shell.settings(shell.host())))
        if told_of is not None:
            told_of.update(probe.told(turn, told_of, shell, filters_of(given)))
    else:
        turn = shell.turn()
    return turn.settings, full_check.glance(turn, told_of)
