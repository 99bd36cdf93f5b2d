"""`authwatch forget | ignore | unignore KEY`: what a person decides about one credential."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from monitor.cli import history_access
from monitor.cli.context import NOT_DONE, Context, Failure, common

if TYPE_CHECKING:
    from alerts.store import Connection
    from monitor.model import Remembered


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the three commands."""
    common(parser, json=False)
    parser.add_argument(
        "key", metavar="KEY", help="as `authwatch status` shows it, like openclaw/main/anthropic:default"
    )


def run(given: argparse.Namespace, context: Context) -> int:
    """Does it, in one transaction."""
    from alerts.store import put_alerts
    from monitor.history import known as known_rows

    settings = context.settings(context.host())
    with history_access.writing(context, settings) as connection:
        known = known_rows.read(connection, "")
        findings = _findings(connection)
        if given.key in findings and given.key not in known:
            return _finding(given, context, connection)
        row = known.get(given.key) or _unknown(given.key, [*known, *findings])
        if given.command == "forget":
            _refuse_if_seen(given.key, row)
            known_rows.forget(connection, given.key)
            put_alerts(connection, {}, [given.key])
            context.say(f"{given.key} is forgotten; it is not expected any more.")
            return 0
        ignored = given.command == "ignore"
        known_rows.set_ignored(connection, given.key, ignored)
        if ignored:
            put_alerts(connection, {}, [given.key])
        back = f"; take it back with: authwatch unignore {given.key}" if ignored else ""
        context.say(f"{given.key} is {'shown, and never alarmed about' if ignored else 'alarmed about again'}{back}.")
    return 0


def _findings(connection: Connection) -> set[str]:
    """The keys of conditions that are neither a login nor a store, those that stand and those that are muted."""
    from alerts import store
    from monitor.judge.conditions import about

    alerts = store.alerts(connection)
    return {*store.ignored(connection), *(key for key, one in alerts.items() if about(one.labels))}


def _finding(given: argparse.Namespace, context: Context, connection: Connection) -> int:
    """Mutes a finding for good, or no longer."""
    from alerts import store

    if given.command == "forget":
        quiet = f"to keep it quiet: authwatch ignore {given.key}"
        raise Failure(NOT_DONE, f"{given.key} is a finding, and ends by itself\n{quiet}")
    ignored = given.command == "ignore"
    store.ignore(connection, given.key, ignored)
    if ignored:
        store.put_alerts(connection, {}, [given.key])
    back = f"; take it back with: authwatch unignore {given.key}" if ignored else ""
    context.say(f"{given.key} is {'shown, and never alarmed about' if ignored else 'alarmed about again'}{back}.")
    return 0


def _refuse_if_seen(key: str, row: Remembered) -> None:
    from monitor.judge.unreadable import never_there
    from monitor.model import State

    unchecked = row.state is State.UNKNOWN and not never_there(row)
    if row.state is not State.MISSING and not unchecked:
        raise Failure(
            NOT_DONE,
            f"{key} was still seen by the last check (it is {row.state}), so it would come back at once\n"
            f"to keep it quiet: authwatch ignore {key}",
        )


def _unknown(key: str, known: list[str]) -> Remembered:
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "authwatch status shows the keys that are"
    raise Failure(NOT_DONE, f"{key} is not in the history; {hint}")
