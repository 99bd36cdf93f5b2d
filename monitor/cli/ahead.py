"""`authwatch history --next 30d`: the log-ins that are ahead, the known ones and those that past ones let expect."""

from __future__ import annotations

import argparse
import json
from typing import Any

from monitor.cli.shell import Shell
from monitor.judge.forecast import Coming
from monitor.judge.words import span as in_words


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Looks, and prints the log-ins of the asked span, in order."""
    from monitor.cli.history import span
    from monitor.cli.status import looked
    from monitor.cli.text import columns, visible
    from monitor.judge.forecast import coming

    given.source = given.agent = given.provider = given.profile = given.probe = None
    asked = span(given.next)
    _, outcome = looked(given, shell)
    found = coming(outcome.judgement.verdicts, outcome.at, asked)
    found = [one for one in found if given.key in (None, one.verdict.key)]
    if given.json:
        shell.say(json.dumps({"schema": 1, "next": [_row(one) for one in found]}, ensure_ascii=False, indent=1))
    elif found:
        lines = [(_when(one, overdue=one.at <= outcome.at), visible(one.verdict.key), _why(one)) for one in found]
        shell.say("\n".join(columns(lines)))
    else:
        shell.say("Nobody has to log in in that time, as far as can be told.")
    for complaint in outcome.complaints:
        shell.complain(f"authwatch: {complaint}")
    return 0


def _when(one: Coming, *, overdue: bool) -> str:
    if one.estimate is None:
        return f"{one.at:%Y-%m-%d %H:%M} UTC"
    return "any day now" if overdue else f"about {one.at:%Y-%m-%d}"


def _why(one: Coming) -> str:
    if one.estimate is None:
        return "it ends then"
    give = f", give or take {in_words(one.estimate.spread)}" if one.estimate.spread else ""
    return f"by {one.estimate.logins} past log-ins{give}; it states no end of its own"


def _row(one: Coming) -> dict[str, Any]:
    """One log-in as JSON; spans are seconds."""
    from monitor.report import iso

    estimate = one.estimate
    return {
        "key": one.verdict.key,
        "at": iso(one.at),
        "estimate": estimate is not None,
        "spread": int(estimate.spread.total_seconds()) if estimate else None,
        "logins": estimate.logins if estimate else None,
    }
