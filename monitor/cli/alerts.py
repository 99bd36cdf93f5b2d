"""`authwatch alerts list | test`: what stands and was told, and whether the channels work."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.cli import book
from monitor.cli.shell import NOT_DONE, USAGE, Failure, Shell, common

if TYPE_CHECKING:
    from alerts.model import Delivery
    from monitor.config.settings import ChannelSettings, Settings


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the two actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list | test")
    listing = actions.add_parser("list", help="what stands, and who was told")
    common(listing)
    test = actions.add_parser("test", help="send a real test message")
    common(test)
    test.add_argument("channel", nargs="?", metavar="CHANNEL", help="only this channel")


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Does the action."""
    settings = shell.settings(shell.host())
    return _list(given, shell, settings) if given.action == "list" else _test(given, shell, settings)


def _list(given: argparse.Namespace, shell: Shell, settings: Settings) -> int:
    from alerts import tell
    from alerts.model import Level
    from monitor.cli.text import visible

    now = shell.now()
    with book.reading(shell, settings) as connection:
        known = tell.recall(connection, now) if connection else tell.Memory()
    acknowledged, silenced = tell.hushed(known, now)
    rows = [
        {
            "key": key,
            "level": one.level.value,
            "since": _iso(one.since),
            "summary": one.summary,
            "acknowledged": key in acknowledged,
            "silenced": key in silenced,
            "told": {label: _iso(told.at) for (label, about), told in sorted(known.told.items()) if about == key},
            "undelivered": sorted(label for label, about in known.attempts if about == key),
        }
        for key, one in sorted(known.standings.items(), key=lambda item: (-item[1].level.rank, item[0]))
        if one.level is not Level.FINE or any(about == key for _, about in known.told)
    ]
    if given.json:
        shell.say(json.dumps({"schema": 1, "standings": rows}, ensure_ascii=False, indent=1))
        return 0
    if not rows:
        shell.say("Nothing stands.")
    for row in rows:
        shell.say(visible(f"{row['level']:<5} {row['key']} since {row['since']}: {row['summary']}"))
        shell.say(visible(f"      {_who(row)}"))
    return 0


def _who(row: dict[str, Any]) -> str:
    parts = [f"told {label} {at}" for label, at in row["told"].items()]
    parts += [f"not yet delivered to {label}" for label in row["undelivered"]]
    parts += [word for word in ("acknowledged", "silenced") if row[word]]
    return "; ".join(parts) or "nobody was told"


def _test(given: argparse.Namespace, shell: Shell, settings: Settings) -> int:
    wanted = [one for one in settings.channels if given.channel in (None, one.label)]
    if not wanted:
        names = ", ".join(one.label for one in settings.channels) or "none; add `channels:` to the config"
        raise Failure(USAGE, f"there is no such channel; configured are: {names}")
    broken = [one for one in wanted if one.url is None]
    results = [(one.label, "bad_config", one.broken, 0.0) for one in broken]
    results += [
        (sent.alert.channel, sent.outcome.value, sent.error, seconds)
        for sent, seconds in _send(shell, settings, [one for one in wanted if one.url])
    ]
    if given.json:
        columns = ("channel", "outcome", "error", "seconds")
        shell.say(json.dumps({"schema": 1, "results": [dict(zip(columns, row, strict=True)) for row in results]}))
    else:
        for label, outcome, why, seconds in results:
            shell.say(f"{label}: {outcome} after {seconds:.1f} s{f' ({why})' if why else ''}")
    return 0 if all(row[1] == "delivered" for row in results) else NOT_DONE


def _send(shell: Shell, settings: Settings, wanted: list[ChannelSettings]) -> list[tuple[Delivery, float]]:
    from alerts.message import notice
    from alerts.model import Alert
    from alerts.send import send

    now = shell.now()
    text = ("If you read this on your phone or in your mailbox, alerts will reach you.",)
    message = notice("Test message", text, settings.host, now)
    alerts = [Alert(one.label, ()) for one in wanted]
    addresses = {one.label: one.url.reveal() for one in wanted if one.url}
    return [
        (sent, (sent.at - now).total_seconds())
        for sent in send(alerts, addresses, lambda _: message, now=now, deadline=settings.alerts.deadline)
    ]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
