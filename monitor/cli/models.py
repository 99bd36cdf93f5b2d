"""`authwatch models`: the words OpenClaw's users know, answered without starting OpenClaw."""

from __future__ import annotations

import argparse
import json

from monitor.cli import models_auth, models_pin
from monitor.cli.context import PATIENCE, USAGE, Context, Failure, common
from monitor.cli.models_auth import agent


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """OpenClaw's own flags."""
    agent(parser, default=None)
    actions = parser.add_subparsers(dest="action", metavar="status | auth | pin | unpin")
    status = actions.add_parser("status", help="the report of `openclaw models status`")
    common(status)
    status.add_argument("--plain", action="store_true", help="print only the default model")
    status.add_argument("--check", action="store_true", help="exit 0 if fine, 1 if expired or missing, 2 if expiring")
    status.add_argument("--strict", action="store_true", help="check every stored login, not only the one used next")
    agent(status)
    status.add_argument("--probe", action="store_true", help="also ask the providers, at most hourly; calls no model")
    models_auth.arguments(actions.add_parser("auth", help="save, list and order logins and keys"))
    models_pin.arguments(actions)


def run(given: argparse.Namespace, context: Context) -> int:
    """Prints the report of the release that owns the store; --check gives its exit code."""
    from monitor.openclaw.write.replace_file import WriteRefused

    try:
        if given.action == "auth":
            return models_auth.run(given, context)
        if given.action in ("pin", "unpin"):
            return models_pin.run(given, context)
    except WriteRefused as refused:
        raise Failure(1, str(refused)) from None
    return _status(given, context)


def _status(given: argparse.Namespace, context: Context) -> int:
    from monitor.openclaw.compat.models_status import report
    from monitor.system.host import Unreadable

    if given.action is None:
        given = argparse.Namespace(
            json=given.json, plain=False, check=False, strict=False, agent=given.agent, probe=False
        )
    if given.plain and (given.json or given.probe):
        raise Failure(USAGE, f"--{'json' if given.json else 'probe'} cannot be used with --plain")
    try:
        with context.ending(PATIENCE):
            found = report(context.host(), given.agent, context.now())
    except Unreadable as error:
        raise Failure(1, str(error)) from None
    asked = None
    if given.probe and found.refusal is None:
        from monitor.cli import probe

        asked = probe.openclaw(given, context)
    if given.json:
        ours = {} if asked is None else {"authwatch": {"probes": probe.plain(asked[1])}}
        context.say(json.dumps({**found.json(), **ours}, ensure_ascii=False, indent=2))
    elif given.plain:
        context.say(found.plain())
    else:
        context.say(found.text())
        if asked is not None:
            context.say("\n".join(["", *probe.lines(*asked)]))
    asks = (
        given.check or given.strict or found.refusal is not None
    )  # what cannot be answered is an error, as it is there
    return found.check(strict=given.strict) if asks else 0
