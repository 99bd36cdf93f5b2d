"""`authwatch alerts simulate`: what would be said, when and to whom, if nothing changed; writes nothing."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alerts.timefmt import iso, moment
from monitor.cli.context import USAGE, Context, Failure

if TYPE_CHECKING:
    from monitor.check.simulate import SimulatedMessage

LONGEST = timedelta(days=366)


def run(given: argparse.Namespace, context: Context) -> int:
    """Looks once, then lets the clock run ahead."""
    from alerts.formats import visible
    from monitor.check.simulate import rehearse
    from monitor.cli import history_access

    horizon = _span(given.span)
    this_check = context.this_check()
    with history_access.in_words():
        planned = list(rehearse(this_check, horizon))
    if given.json:
        end = this_check.now + horizon
        document = {
            "schema": 1,
            "from": iso(this_check.now),
            "to": iso(end),
            "messages": [_as_json(one) for one in planned],
        }
        context.say(json.dumps(document, ensure_ascii=False, indent=1))
        return 0
    if not this_check.settings.channels:
        context.say("No channel is configured, so nothing would be said; add `channels:` to the config.")
        return 0
    context.say(f"If nothing changed, in the next {given.span}:")
    for one in planned:
        context.say(visible(f"{moment(one.at)}  {one.notification.channel}: {one.message.subject}"))
        for item in one.notification.items:
            context.say(visible(f"      {item.reason}: {item.alert.summary.partition(chr(10))[0]}"))
    if not planned:
        context.say("nothing would be said to anybody.")
    return 0


def _as_json(one: SimulatedMessage) -> dict[str, Any]:
    return {
        "at": iso(one.at),
        "channel": one.notification.channel,
        "subject": one.message.subject,
        "text": one.message.text,
        "news": [
            {
                "key": item.alert.key,
                "reason": str(item.reason),
                "level": str(item.alert.level),
                "summary": item.alert.summary,
                "remedy": item.alert.remedy,
            }
            for item in one.notification.items
        ],
    }


def _span(text: str) -> timedelta:
    from monitor.config.spans import parse_span

    try:
        span = parse_span(text)
    except ValueError as error:
        raise Failure(USAGE, f"--in {text}: {error}") from None
    if span > LONGEST:
        raise Failure(USAGE, f"--in {text}: at most {LONGEST.days}d, later than that nobody knows anything")
    return span
