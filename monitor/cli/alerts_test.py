"""`authwatch alerts test`: a real message through every channel, or one; the result is recorded."""

from __future__ import annotations

import argparse
import json
from difflib import get_close_matches
from typing import TYPE_CHECKING

from alerts.model import Level
from monitor.cli.context import NOT_DONE, USAGE, Context, Failure

if TYPE_CHECKING:
    from alerts.model import Delivery
    from monitor.config.settings import ChannelSettings, Settings


def run(given: argparse.Namespace, context: Context) -> int:
    """Sends, and reports outcome, time and error of each channel."""
    settings = context.settings(context.host())
    wanted = [one for one in settings.channels if given.channel in (None, one.label)]
    if not wanted:
        raise Failure(USAGE, _no_such(given.channel, [one.label for one in settings.channels]))
    results = [(one.label, "bad_config", one.broken, 0.0) for one in wanted if one.url is None]
    sent = send(context, settings, [one for one in wanted if one.url])
    results += [(one.notification.channel, one.outcome.value, one.error, seconds) for one, seconds in sent]
    if given.json:
        columns = ("channel", "outcome", "error", "seconds")
        context.say(json.dumps({"schema": 1, "results": [dict(zip(columns, row, strict=True)) for row in results]}))
    else:
        for label, outcome, why, seconds in results:
            context.say(f"{label}: {outcome} after {seconds:.1f} s{f' ({why})' if why else ''}")
    context.flush()  # what follows may wait for a check that is running
    remember(context, settings, [one for one, _ in sent])
    return 0 if all(row[1] == "delivered" for row in results) else NOT_DONE


def remember(context: Context, settings: Settings, sent: list[Delivery]) -> None:
    """Puts the tests on record, for the doctor and the metrics; says so where that is not possible."""
    from alerts import store
    from monitor.cli import history_access

    try:
        if sent:
            with history_access.writing(context, settings) as db:
                for one in sent:
                    store.log_test(db, one)
    except Failure as failure:
        context.warn(f"the test was not recorded: {failure.message}")


def _no_such(asked: str | None, labels: list[str]) -> str:
    if not labels:
        return "no channels configured; add `channels:` to the config, or run: authwatch onboard"
    near = get_close_matches(asked or "", labels, n=1)
    return f"no channel {asked!r}; {f'did you mean {near[0]}?' if near else 'configured: ' + ', '.join(labels)}"


def send(context: Context, settings: Settings, wanted: list[ChannelSettings]) -> list[tuple[Delivery, float]]:
    """A real test message to each of these channels; what became of it and after how many seconds."""
    from alerts.message import notice
    from alerts.model import Notification
    from alerts.send import send as deliver
    from monitor.check.assess import recipient_of

    now = context.now()
    text = ("This channel works: alerts will reach you here.", "No action needed. Sent by: authwatch alerts test")
    # As loud as an alert that needs somebody soon: that it is heard is what a person tries.
    message = notice("Test message", text, recipient_of(settings), Level.SOON)
    notifications = [Notification(one.label, ()) for one in wanted]
    addresses = {one.label: one.url.reveal() for one in wanted if one.url}
    return [
        (sent, (sent.at - now).total_seconds())
        for sent in deliver(notifications, addresses, lambda _: message, now=now, deadline=settings.alerts.deadline)
    ]
