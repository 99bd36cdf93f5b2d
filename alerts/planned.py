"""What will be said next of everything that stands if nothing changes but the clock: the checks to come (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from math import ceil
from typing import Final, NamedTuple, TypeVar

from alerts import notify
from alerts.memory import least
from alerts.model import Channel, Condition, Level, Notification, Reason
from alerts.notify import Memory, Rules

T = TypeVar("T")

Look = Callable[[datetime, Memory], tuple[Iterable[Condition], datetime | None]]
"""What a look at a moment would see, given the memory, and until when it stays so."""

#: How long a delivery takes here: anything, but not nothing, or reminders would come a check too early.
LATENCY: Final = timedelta(seconds=1)
#: What comes later is not named.
HORIZON: Final = timedelta(days=31)
#: So many conditions are settled at most, all checks together, and so many checks are played: a running check waits.
WORK, CHECKS = 20_000, 200


class NextMessage(NamedTuple):
    """One message to come: on which channel, why, and at which check."""

    channel: str
    reason: Reason
    at: datetime


def checks(
    now: datetime, interval: timedelta, horizon: timedelta, check: Callable[[datetime], tuple[T, datetime | None]]
) -> Iterator[tuple[datetime, T]]:
    """Each regular check that has something to do, up to `horizon` after `now`, and what it gave.

    `check` takes a moment and says until when nothing differs; the next one is the first at or after that.
    """
    at, end = now, now + horizon
    while at <= end:
        result, until = check(at)
        yield at, result
        if until is None or until > end:
            return
        at = now + ceil((max(until, at + LATENCY) - now) / interval) * interval


def planned(
    known: Memory, channels: Sequence[Channel], rules: Rules, look: Look, now: datetime, interval: timedelta
) -> dict[str, NextMessage]:
    """The next message about each condition that is not fine, by its key; none for what will not be spoken of within
    HORIZON. Supposes that what is sent arrives."""
    open_keys = {key for key, one in known.alerts.items() if one.level is not Level.FINE} if channels else set()
    found: dict[str, NextMessage] = {}
    memory = known

    def check(at: datetime) -> tuple[tuple[Notification, ...], datetime | None]:
        nonlocal memory
        seen, judged_until = look(at, memory)
        plan = notify.plan(memory, seen, channels, rules, at)
        memory, until = notify.ended(plan, notify.heard(plan, at + LATENCY), channels, rules, at)
        return plan.notifications, least((judged_until, until))

    most = min(CHECKS, max(4, WORK // max(1, len(known.alerts))))
    played = islice(checks(now, interval, HORIZON, check), most)
    while open_keys - {*found} and (step := next(played, None)):
        at, notifications = step
        for notification in notifications:
            for items in notification.items:
                found.setdefault(items.alert.key, NextMessage(notification.channel, items.reason, at))
    return {key: one for key, one in found.items() if key in open_keys}
