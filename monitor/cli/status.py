"""`authwatch status`: every login, as it is now; reads only."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from monitor.cli.context import PATIENCE, Context, common, filters, filters_of

if TYPE_CHECKING:
    from monitor.check.read_only import CheckResult
    from monitor.check.status import Document
    from monitor.config.settings import Settings
    from monitor.model import ProbeResult


WATCH_SECONDS = 5
CLEAR = "\033[H\033[2J"


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    filters(parser)
    parser.add_argument("--check", action="store_true", help="exit like `check`: 0 ok, 1 now, 2 soon, 3 unknown")
    parser.add_argument(
        "--probe", action="store_true", help="also ask the providers, at most once an hour; calls no model"
    )
    parser.add_argument("--watch", action="store_true", help="refresh every few seconds, until Ctrl-C")


def run(given: argparse.Namespace, context: Context) -> int:
    """Prints what the last check found where that is still so, else what a look finds; writes nothing."""
    told_of: dict[str, ProbeResult] = {}
    while given.watch:
        if context.out.isatty():
            context.write(CLEAR)
        _once(given, context, told_of)
        context.flush()
        time.sleep(WATCH_SECONDS)
    return _once(given, context, told_of)


def _once(given: argparse.Namespace, context: Context, told_of: dict[str, ProbeResult]) -> int:
    part = None if given.probe else _of_last_check(given, context)
    if part is not None:
        _print(given, context, part)
    else:
        part = _looked_anew(given, context, told_of)
    return int(part["exit_code"]) if given.check else 0


def _of_last_check(given: argparse.Namespace, context: Context) -> Document | None:
    """What the last check found, where a look would find the same; None where a look is needed."""
    point = context.last_check()
    if point is None:
        return None
    from monitor.cli import filtering

    return filtering.document(point, filters_of(given))


def _looked_anew(given: argparse.Namespace, context: Context, told_of: dict[str, ProbeResult]) -> Document:
    from monitor.cli import filtering

    with context.ending(PATIENCE):
        settings, outcome = looked(given, context, told_of)
    part = filtering.part(outcome.document(settings), filters_of(given), settings, outcome.known)
    _print(given, context, part)
    if given.probe and not given.json:
        from monitor.cli.probe import lines

        context.say("\n".join(["", *lines(settings, outcome.judgement)]))
    for complaint in outcome.complaints:
        context.warn(complaint)
    return part


def _print(given: argparse.Namespace, context: Context, part: Document) -> None:
    if given.json:
        from monitor.check.status import written

        for piece in written(part):
            context.write(piece)
        context.write("\n")
    else:
        context.say(_shown(context, part))


def _shown(context: Context, part: Document) -> str:
    from monitor.cli.status_text import text

    return text(part, context.now(), color=context.color, columns=context.columns())


def looked(
    given: argparse.Namespace, context: Context, told_of: dict[str, ProbeResult] | None = None
) -> tuple[Settings, CheckResult]:
    """One look without a trace, judged with what the history knows; with --probe also with what providers say, which is
    remembered, there and in `told_of`."""
    from monitor.check.read_only import read_only

    if given.probe:
        from monitor.cli import probe

        this_check = probe.this_check(context, probe.asking(context.settings(context.host())))
        if told_of is not None:
            told_of.update(probe.told(this_check, told_of, context, filters_of(given)))
    else:
        this_check = context.this_check()
    return this_check.settings, read_only(this_check, told_of)
