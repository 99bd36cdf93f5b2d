"""`authwatch doctor`: can everything that must work, work? `--fix` mends what is safe, and looks again."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from monitor.cli.context import PATIENCE, Context, Failure, common

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from monitor.doctor.fix import Done
    from monitor.doctor.model import Fix, Result, Subject


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    parser.add_argument(
        "--fix", action="store_true", help="mend what is safe: modes of your own files, the state folder, leftovers"
    )


def run(given: argparse.Namespace, context: Context) -> int:
    """Runs every check; 0 fine, 2 warnings, 1 broken. After `--fix` the second look decides."""
    from monitor.doctor import examine
    from monitor.doctor.fix import mend
    from monitor.doctor.model import worst

    tried: Sequence[Done] = ()
    with context.ending(PATIENCE * 3):  # it asks many programs
        subject = _patient(context)
        results = list(examine(subject))
        if given.fix and (tried := mend(results, subject)):
            subject = _patient(context)
            results = list(examine(subject))
    left = {one.fix for one in results if one.fix}
    if given.json:
        context.say(json.dumps(_document(results, tried, left, fixing=given.fix), indent=1))
    else:
        from monitor.cli.doctor_text import text

        context.say(text(results, tried, left, subject, context.width(), color=context.color, fixing=given.fix))
    return worst(results)


def _patient(context: Context) -> Subject:
    """A fresh look; a wrong config is a finding, and the defaults are looked at."""
    from monitor.config.settings import Settings
    from monitor.doctor import meet

    host, complaint = context.host(), ""
    own = host.at(context.own_home).alone()
    try:
        settings = context.settings(own)
    except Failure as failure:
        settings, complaint = Settings(file=None), failure.message
    return meet(settings, host, own, context.state(settings), context.now(), context.environ, complaint)


def _document(
    results: Sequence[Result], tried: Sequence[Done], left: Collection[Fix], *, fixing: bool
) -> dict[str, Any]:
    document: dict[str, Any] = {"schema": 1, "results": [_entry(result) for result in results]}
    if fixing:
        document["fixes"] = [{"said": one.said, "fixed": one.tried and one.fix not in left} for one in tried]
    return document


def _entry(result: Result) -> dict[str, Any]:
    return {
        "check": result.check,
        "health": str(result.health),
        "what": result.what,
        "why": result.why,
        "mend": result.mend,
        "fixable": result.fix is not None,
    }
