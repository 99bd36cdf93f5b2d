"""Conditions in, messages out: settle, decide, send, learn; pure but for the sending; and the checks to come, played
ahead, for the next message about each alert. `store` has the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from math import ceil
from typing import Final, NamedTuple, TypeVar

from alerts.clock_trust import past_alert, past_attempt, past_muting, past_notified
from alerts.formats import Message
from alerts.memory import (
    Memory,
    Rules,
    decided,
    least,
    of_channels,
    outlook,
    views_of,
)
from alerts.model import Attempt, Channel, Condition, Delivery, Level, Notification, Outcome, Reason
from alerts.notification_state import Place, StateChanges, after, before, bound
from alerts.send import Address, send
from alerts.settle import absent, settle
from alerts.undelivered import moot

T = TypeVar("T")
V = TypeVar("V")
Results = Iterator[tuple[Delivery, StateChanges]]
Look = Callable[[datetime, Memory], tuple[Iterable[Condition], datetime | None]]
"""What a look at a moment would see, given the memory, and until when it stays so."""

#: How long a delivery takes here: anything, but not nothing, or reminders would come a check too early.
LATENCY: Final = timedelta(seconds=1)
#: What comes later is not named.
HORIZON: Final = timedelta(days=31)
#: So many conditions are settled at most, all checks together, and so many checks are played: a running check waits.
WORK, CHECKS = 20_000, 200


class Plan(NamedTuple):
    """What a check says: the memory as it must be before the sends, the alerts, and until when this holds."""

    memory: Memory
    notifications: tuple[Notification, ...]
    until: datetime | None
    tried: Mapping[str, tuple[Attempt, ...]]
    """The attempts of each notification, by its channel."""


def past(known: Memory, now: datetime) -> Memory:
    """The memory without moments later than `now`: after a clock was set back they become now. Pure."""
    return known._replace(
        alerts={key: past_alert(one, now) for key, one in known.alerts.items()},
        notified={place: past_notified(one, now) for place, one in known.notified.items()},
        attempts={place: past_attempt(one, now) for place, one in known.attempts.items()},
        muting=past_muting(known.muting, now),
    )


def plan(
    before_check: Memory,
    conditions: Iterable[Condition],
    channels: Sequence[Channel],
    rules: Rules,
    now: datetime,
    *,
    speak: bool = True,
) -> Plan:
    """What stands after this check and what is to be said of it. Pure."""
    notified, tried_before = bound(before_check.notified, before_check.attempts, channels)
    before_check = before_check._replace(notified=notified, attempts=tried_before)
    found = (*conditions, *of_channels(before_check, channels, rules, now)[0])
    seen = {one.key: one for one in found if one.key not in before_check.ignored}
    alerts = {key: absent(one) for key, one in before_check.alerts.items() if key not in seen}
    moments = []
    for key, condition in seen.items():
        alerts[key], until = settle(before_check.alerts.get(key), condition, now, rules.settle)
        moments.append(until)
    known = before_check._replace(alerts=alerts)
    moot_places = {place for view in views_of(known, channels, rules, now) for place in moot(view, alerts)}
    known = known._replace(attempts={at: one for at, one in known.attempts.items() if at not in moot_places})
    notifications, until = decided(known, channels, rules, now) if speak else ((), None)
    by_label = {channel.label: channel for channel in channels}
    tried = {
        notification.channel: before(notification, by_label[notification.channel], known.notified, known.attempts, now)
        for notification in notifications
    }
    rows = {(row.address, row.key): row for rows in tried.values() for row in rows}
    known = known._replace(attempts={**known.attempts, **rows})
    return Plan(known, notifications, least([*moments, until]), tried)


def deliver(
    planned: Plan,
    addresses: Mapping[str, Address],
    say: Callable[[Notification], Message],
    *,
    now: datetime,
    deadline: timedelta,
) -> Results:
    """Sends every notification at once; yields each result with what the memory must hold from then on."""
    for delivery in send(planned.notifications, addresses, say, now=now, deadline=deadline):
        yield _resulting(delivery, planned)


def heard(planned: Plan, at: datetime) -> Results:
    """What `deliver` would yield if everything arrived at that moment; sends nothing."""
    for notification in planned.notifications:
        yield _resulting(Delivery(notification, at, Outcome.DELIVERED), planned)


def _resulting(delivery: Delivery, planned: Plan) -> tuple[Delivery, StateChanges]:
    return delivery, after(delivery, planned.tried[delivery.notification.channel], planned.memory.attempts.values())


def learned(known: Memory, results: Iterable[tuple[Delivery, StateChanges]]) -> Memory:
    """The memory after the sends. Pure."""
    notified, attempts, partial = dict(known.notified), dict(known.attempts), set(known.partial)
    for delivery, changes in results:
        _apply(notified, changes.notified)
        _apply(attempts, changes.attempts)
        if delivery.outcome.heard:
            reached_all = delivery.outcome is not Outcome.PARTIAL
            (partial.discard if reached_all else partial.add)(delivery.notification.channel)
    return known._replace(notified=notified, attempts=attempts, partial=frozenset(partial))


def ended(
    planned: Plan,
    results: Iterable[tuple[Delivery, StateChanges]],
    channels: Sequence[Channel],
    rules: Rules,
    now: datetime,
) -> tuple[Memory, datetime | None]:
    """The memory after the sends, and until when there is nothing to say and nothing settles. Pure."""
    after = learned(planned.memory, results)
    return after, least((planned.until, outlook(after, channels, rules, now)))


def _apply(known: dict[Place, V], changes: Mapping[Place, V | None]) -> None:
    for place, value in changes.items():
        if value is None:
            known.pop(place, None)
        else:
            known[place] = value


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
        made = plan(memory, seen, channels, rules, at)
        memory, until = ended(made, heard(made, at + LATENCY), channels, rules, at)
        return made.notifications, least((judged_until, until))

    most = min(CHECKS, max(4, WORK // max(1, len(known.alerts))))
    played = islice(checks(now, interval, HORIZON, check), most)
    while open_keys - {*found} and (step := next(played, None)):
        at, notifications = step
        for notification in notifications:
            for item in notification.items:
                found.setdefault(item.alert.key, NextMessage(notification.channel, item.reason, at))
    return {key: one for key, one in found.items() if key in open_keys}
