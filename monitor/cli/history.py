"""`authwatch history`: what changed, when; with `--next`, who has to log in; `adopt`: it belongs to us now."""

from __future__ import annotations

import argparse
import csv
import json
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from alerts.timefmt import date, for_reader, iso, moment
from alerts.timefmt import span as in_words
from monitor.cli import history_access
from monitor.cli.context import Context, common
from monitor.judge.forecast import Coming

if TYPE_CHECKING:
    from monitor.history.engine import Connection
    from monitor.model import Transition


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    words = "only this one: a key, or any unique end of it; `adopt`: the state folder or the home moved here"
    parser.add_argument("key", nargs="?", metavar="KEY", help=words)
    parser.add_argument("--since", default="30d", metavar="SPAN", help="how far back, such as 365d or 12h (30d)")
    parser.add_argument(
        "--next", nargs="?", const="30d", metavar="SPAN", help="instead, who has to log in within so long (30d)"
    )
    parser.add_argument("--csv", action="store_true", help="comma separated values on stdout")


def run(given: argparse.Namespace, context: Context) -> int:
    """Prints the changes of the asked span, oldest first."""
    from monitor.cli.filtering import span_of

    if given.next is not None:
        return run_next(given, context)
    settings = context.settings(context.host())
    if given.key == "adopt":
        lines = list(history_access.adopt(context, settings))
        context.say(json.dumps({"ok": True, "message": " ".join(lines)}) if given.json else "\n".join(lines))
        return 0
    span = span_of(given.since, "--since")
    with history_access.reading(context, settings) as connection:
        key = given.key if connection is None else _key(connection, given)
        found = [] if connection is None else _found(connection, context, span, key)
    if given.json:
        rows = [_row(change) for change in found]
        context.say(json.dumps({"schema": 1, "transitions": rows}, ensure_ascii=False, indent=1))
    elif given.csv:
        writer = csv.DictWriter(context.out, ["at", "key", "before", "after", "needs_human", "note"])
        writer.writeheader()
        writer.writerows(map(_row, found))
    elif connection is None:
        context.say("No history yet. Run: authwatch check")
    elif not found:
        context.say(f"No changes{f' of {key}' if key else ''} in the last {in_words(span)}.")
    elif context.out.isatty():
        from monitor.cli import history_text
        from monitor.cli.layout import columns_of

        context.say(history_text.timeline(found, columns_of(context), settings.timezone, color=context.color))
    else:
        _lines(context, found, settings.timezone)
    return 0


def _key(connection: Connection, given: argparse.Namespace) -> str | None:
    """The key that is meant. For programs one that has no history is no error: nothing changed of it."""
    from monitor.cli.filtering import key_of
    from monitor.history.queries import changed_keys
    from monitor.judge.keys import Keys

    if given.key is None:
        return None
    keys = changed_keys(connection)
    if (given.json or given.csv) and not Keys(keys).find(given.key):
        return str(given.key)
    return key_of(given.key, keys, "authwatch history --since 365d")


def _found(connection: Connection, context: Context, span: timedelta, key: str | None) -> list[Transition]:
    from monitor.cli.progress import progress
    from monitor.history.queries import each_transition

    found = []
    with progress(context, after=0.5) as show:
        for change in each_transition(connection, context.now() - span, key):
            found.append(change)
            if len(found) % 1000 == 0:
                show(f"Reading the history: {len(found)} changes")
    return found


def _row(change: Transition) -> dict[str, Any]:
    return {
        "at": iso(change.at),
        "key": change.key,
        "before": change.before,
        "after": change.after,
        "needs_human": change.needs_human,
        "note": change.note,
    }


def _lines(context: Context, changes: list[Transition], zone: tzinfo | None) -> None:
    """A line for each change, for grep and its like."""
    from alerts.formats import visible

    for one in changes:
        what = f"{one.before or 'first seen'} -> {one.after}"
        note = f"  ({for_reader(one.note, None, zone)})" if one.note else ""
        context.say(visible(f"{moment(one.at, zone=zone)}  {what:<24}  {one.key}{note}"))


def run_next(given: argparse.Namespace, context: Context) -> int:
    """Looks, and prints who has to log in within the asked span, in order."""
    from alerts.formats import visible
    from monitor.cli.filtering import key_of, span_of
    from monitor.cli.layout import columns_of, table
    from monitor.cli.status import looked
    from monitor.judge.forecast import coming
    from monitor.judge.keys import Keys

    given.source = given.agent = given.provider = given.profile = given.probe = None
    asked = span_of(given.next, "--next")
    settings, outcome = looked(given, context)
    keys = [one.key for one in outcome.judgement.verdicts]
    key = key_of(given.key, keys) if given.key else None
    found = coming(outcome.judgement.verdicts, outcome.at, asked)
    found = [one for one in found if key in (None, one.verdict.key)]
    if given.json:
        context.say(json.dumps({"schema": 1, "next": [_next_row(one) for one in found]}, ensure_ascii=False, indent=1))
    elif found:
        short, now, zone = Keys(keys).short, outcome.at, settings.timezone
        rows = [(_when(one, now, zone), visible(short(one.verdict.key)), _why(one)) for one in found]
        context.say("\n".join(table(rows, columns_of(context))))
    else:
        context.say(f"No login needs renewing in the next {in_words(asked)}, as far as is known.")
    for complaint in outcome.complaints:
        context.warn(complaint)
    return 0


def _when(one: Coming, now: datetime, zone: tzinfo | None) -> str:
    if one.estimate is None:
        return moment(one.at, zone=zone)
    return "any day now" if one.at <= now else f"about {date(one.at, zone=zone)}"


def _why(one: Coming) -> str:
    if one.estimate is None:
        return "expires"
    spread = f"(± {in_words(one.estimate.spread)})".replace(" ", "\xa0") if one.estimate.spread else ""
    return f"estimated from {one.estimate.logins} past logins {spread}".rstrip()


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
