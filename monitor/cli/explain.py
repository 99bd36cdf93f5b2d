"""`authwatch explain KEY`: the evidence and the rule behind a verdict, and what would change it."""

from __future__ import annotations

import argparse
import json
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from monitor.cli.context import NOT_DONE, PATIENCE, Context, Failure, common

if TYPE_CHECKING:
    from monitor.check.read_only import CheckResult

#: So many changes ahead are shown.
AHEAD = 6


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    parser.add_argument("key", metavar="KEY", help="as `authwatch status` shows it")


def run(given: argparse.Namespace, context: Context) -> int:
    """Looks, and prints what the verdict on one credential rests on; `-v` also shows the rows that did not hold."""
    from monitor.check.read_only import read_only
    from monitor.check.simulate import prospect
    from monitor.cli import explain_text

    with context.ending(PATIENCE):
        this_check = context.this_check()
        outcome = read_only(this_check, about=given.key)
    verdict = next((one for one in outcome.judgement.verdicts if one.key == given.key), None)
    if verdict is None:
        raise _unknown(given.key, outcome)
    ahead = tuple(islice(prospect(this_check, outcome.judgement, outcome.known, verdict.key), AHEAD))
    told = explain_text.Explained(verdict, outcome, this_check.settings, ahead)
    if given.json:
        context.say(json.dumps(explain_text.document(told), ensure_ascii=False, indent=1))
    else:
        context.say(explain_text.text(told, width=min(context.width(), 80), whole=context.verbose))
    for complaint in outcome.complaints:
        context.complain(f"authwatch: {complaint}")
    return 0


def _unknown(key: str, outcome: CheckResult) -> Failure:
    keys = [one.key for one in outcome.judgement.verdicts]
    near = get_close_matches(key, keys, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "authwatch status shows those that are"
    return Failure(NOT_DONE, f"there is no credential {key}; {hint}")
