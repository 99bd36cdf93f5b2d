"""`authwatch alerts simulate`: the notifications to come if nothing changes; sends and writes nothing."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from alerts.timefmt import date, for_reader, iso, moment
from alerts.timefmt import span as in_words
from monitor.cli.context import USAGE, Context, Failure

if TYPE_CHECKING:
    from monitor.check.simulate import SimulatedMessage

LONGEST = timedelta(days=366)


def run(given: argparse.Namespace, context: Context) -> int:
    """Looks once, then lets the clock run ahead."""
    from alerts.formats import visible
    from monitor.check.simulate import rehearse
    from monitor.cli import history_access
    from monitor.cli.layout import columns_of, table
    from monitor.cli.progress import progress

    horizon = _span(given.span)
    with progress(context, "Simulating…") as show:
        this_check = context.this_check()
        planned = []
        with history_access.in_words():
            for one in rehearse(this_check, horizon):
                planned.append(one)
                show(f"Simulating: up to {date(one.at)}")
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
        context.say("No notifications: no channel is configured. To set one up: authwatch onboard")
        return 0
    ahead = f"in the next {in_words(horizon)} if nothing changes"
    if not planned:
        context.say(f"No notifications expected {ahead}.")
        return 0
    zone = this_check.settings.timezone
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)  # the channels that hear the same
    for one in planned:
        alike[moment(one.at, zone=zone), _what(one, zone)].append(one.notification.channel)
    rows = [(at, visible(", ".join(channels)), visible(what)) for (at, what), channels in alike.items()]
    context.say("\n".join([f"Notifications {ahead}:", "", *table(rows, columns_of(context))]))
    return 0


def _what(one: SimulatedMessage, zone: tzinfo | None) -> str:
    """The subject as the phone shows it, and why each login is in it."""
    from alerts.message import name_of

    items = one.notification.items
    reasons = dict.fromkeys(str(item.reason) for item in items)
    parts = [
        f"{reason}: {', '.join(name_of(item.alert) for item in items if item.reason == reason)}" for reason in reasons
    ]
    why = "; ".join(parts if len(items) > 1 else reasons)
    return f"{for_reader(one.message.subject, one.at, zone)} ({why})"


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
    from monitor.cli.filtering import span_of

    span = span_of(text, "--in")
    if span > LONGEST:
        raise Failure(USAGE, f"--in {text}: the forecast is limited to {LONGEST.days} days")
    return span
