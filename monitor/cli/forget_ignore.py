"""`authwatch forget | ignore | unignore KEY`: what a person decides about one credential."""

from __future__ import annotations

import argparse
from shlex import quote
from typing import TYPE_CHECKING

from alerts.formats import visible
from monitor.cli import history_access
from monitor.cli.context import NOT_DONE, Context, Failure, common

if TYPE_CHECKING:
    from alerts.store import Connection
    from monitor.model import Remembered


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the three commands."""
    common(parser, json=False)
    parser.add_argument("key", metavar="KEY", help="a key, or any unique end of one, such as anthropic:default")


def run(given: argparse.Namespace, context: Context) -> int:
    """Does it, in one transaction."""
    from alerts.store import put_alerts
    from monitor.cli.filtering import key_of
    from monitor.history import known as known_rows

    settings = context.settings(context.host())
    with history_access.writing(context, settings) as connection:
        known = known_rows.read(connection, "")
        findings = _findings(connection)
        key = key_of(given.key, {*known, *findings})
        if key not in known:
            _finding(given.command, key, connection)
        elif given.command == "forget":
            _refuse_if_seen(key, known[key])
            known_rows.forget(connection, key)
            put_alerts(connection, {}, [key])
        else:
            known_rows.set_ignored(connection, key, given.command == "ignore")
            if given.command == "ignore":
                put_alerts(connection, {}, [key])
    for line in _done(given.command, key):
        context.say(visible(line))
    return 0


def _done(command: str, key: str) -> tuple[str, ...]:
    if command == "forget":
        return (f"Forgot {key}. It is no longer expected.",)
    if command == "ignore":
        return (f"{key} is ignored: shown, never alerts.", f"undo: authwatch unignore {quote(key)}")
    return (f"Alerts for {key} are on again.",)


def _findings(connection: Connection) -> set[str]:
    """The keys of conditions that are neither a login nor a store, those that stand and those that are muted."""
    from alerts import store
    from monitor.judge.conditions import about

    alerts = store.alerts(connection)
    return {*store.ignored(connection), *(key for key, one in alerts.items() if about(one.labels))}


def _finding(command: str, key: str, connection: Connection) -> None:
    """Mutes a finding for good, or no longer."""
    from alerts import store

    if command == "forget":
        message = f"{key} is a finding; it goes away by itself when it is fixed"
        raise Failure(NOT_DONE, f"{message}\nto mute it: authwatch ignore {quote(key)}")
    store.ignore(connection, key, command == "ignore")
    if command == "ignore":
        store.put_alerts(connection, {}, [key])


def _refuse_if_seen(key: str, row: Remembered) -> None:
    from monitor.judge.unreadable import never_there
    from monitor.model import State

    unchecked = row.state is State.UNKNOWN and not never_there(row)
    if row.state is not State.MISSING and not unchecked:
        message = f"{key} is still there ({row.state}); the next check would find it again"
        raise Failure(NOT_DONE, f"{message}\nto mute it: authwatch ignore {quote(key)}")
