"""`authwatch history`: what changed, when; with `--next`, what is ahead; `adopt`: it belongs to us now."""

from __future__ import annotations

import argparse
import csv
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.timefmt import date, iso, moment
from alerts.timefmt import span as in_words
from monitor.cli import history_access
from monitor.cli.context import USAGE, Context, Failure, common
from monitor.judge.forecast import Coming

if TYPE_CHECKING:
    from monitor.history.engine import Connection
    from monitor.model import Transition


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    parser.add_argument(
        "key", nargs="?", metavar="KEY", help="only this credential; `adopt`: the state folder or the home moved here"
    )
    parser.add_argument("--since", default="30d", metavar="SPAN", help="how far back, like 30d or 12h (30d)")
    parser.add_argument(
        "--next", nargs="?", const="30d", metavar="SPAN", help="the log-ins ahead instead: of so long, like 30d (30d)"
    )
    parser.add_argument("--csv", action="store_true", help="comma separated values on stdout")


def run(given: argparse.Namespace, context: Context) -> int:
    """Prints the changes of the asked span, oldest first."""
    if given.next is not None:
        return run_next(given, context)
    settings = context.settings(context.host())
    if given.key == "adopt":
        lines = list(history_access.adopt(context, settings))
        context.say(json.dumps({"ok": True, "message": " ".join(lines)}) if given.json else "\n".join(lines))
        return 0
    since = context.now() - span(given.since)
    with history_access.reading(context, settings) as connection:
        found = [] if connection is None else _found(connection, since, given.key)
    rows = [_row(change) for change in found]
    if given.json:
        context.say(json.dumps({"schema": 1, "transitions": rows}, ensure_ascii=False, indent=1))
    elif given.csv:
        writer = csv.DictWriter(context.out, ["at", "key", "before", "after", "needs_human", "note"])
        writer.writeheader()
        writer.writerows(rows)
    elif not rows:
        context.say("Nothing changed in that time." if connection else "There is no history yet; run: authwatch check")
    elif context.color:
        from monitor.cli import rich_output

        context.say(rich_output.timeline(found, context.width()))
    else:
        _table(context, rows)
    return 0


def span(text: str) -> timedelta:
    """A span in the words of the config (`30d`, `12h`)."""
    from monitor.config.spans import parse_span

    try:
        return parse_span(text)
    except ValueError as error:
        raise Failure(USAGE, f"{text!r}: {error}") from None


def _found(connection: Connection, since: datetime, key: str | None) -> list[Transition]:
    from monitor.history.queries import transitions

    return transitions(connection, since, key)


def _row(change: Transition) -> dict[str, Any]:
    return {
        "at": iso(change.at),
        "key": change.key,
        "before": change.before,
        "after": change.after,
        "needs_human": change.needs_human,
        "note": change.note,
    }


def _table(context: Context, rows: list[dict[str, Any]]) -> None:
    from alerts.formats import visible

    for row in rows:
        change = f"{row['before'] or 'first seen'} -> {row['after']}"
        note = f"  ({row['note']})" if row["note"] else ""
        moment = row["at"].replace("T", " ").replace("Z", " UTC")
        context.say(visible(f"{moment}  {change:<24}  {row['key']}{note}"))


def run_next(given: argparse.Namespace, context: Context) -> int:
    """Looks, and prints the log-ins of the asked span, in order."""
    from alerts.formats import visible
    from monitor.cli.status import looked
    from monitor.cli.status_text import columns
    from monitor.judge.forecast import coming

    given.source = given.agent = given.provider = given.profile = given.probe = None
    asked = span(given.next)
    _, outcome = looked(given, context)
    found = coming(outcome.judgement.verdicts, outcome.at, asked)
    found = [one for one in found if given.key in (None, one.verdict.key)]
    if given.json:
        context.say(json.dumps({"schema": 1, "next": [_next_row(one) for one in found]}, ensure_ascii=False, indent=1))
    elif found:
        lines = [(_when(one, overdue=one.at <= outcome.at), visible(one.verdict.key), _why(one)) for one in found]
        context.say("\n".join(columns(lines)))
    else:
        context.say("Nobody has to log in in that time, as far as can be told.")
    for complaint in outcome.complaints:
        context.complain(f"authwatch: {complaint}")
    return 0


def _when(one: Coming, *, overdue: bool) -> str:
    if one.estimate is None:
        return moment(one.at)
    return "any day now" if overdue else f"about {date(one.at)}"


def _why(one: Coming) -> str:
    if one.estimate is None:
        return "it ends then"
    give = f", give or take {in_words(one.estimate.spread)}" if one.estimate.spread else ""
    return f"by {one.estimate.logins} past log-ins{give}; it states no end of its own"


def _next_row(one: Coming) -> dict[str, Any]:
    """One log-in as JSON; spans are seconds."""
    estimate = one.estimate
    return {
        "key": one.verdict.key,
        "at": iso(one.at),
        "estimate": estimate is not None,
        "spread": int(estimate.spread.total_seconds()) if estimate else None,
        "logins": estimate.logins if estimate else None,
    }
