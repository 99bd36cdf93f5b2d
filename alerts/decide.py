"""What to say to which channel now, why, and when that could next differ (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from alerts.model import (
    Alert,
    Attempt,
    Channel,
    Item,
    Level,
    Muting,
    Notification,
    NotificationState,
    QuietHours,
    Reason,
)
from alerts.muting import FOREVER, concerns, quiet_window, suppressed_until
from alerts.notification_state import Place, agrees, paused_until, possible_states, retry_at

TAKEN_ALONG: Final = timedelta(hours=12)
"""Reminders due so soon go with a message that is sent anyway, unless less than half their interval has passed."""

BAD_NEWS: Final = frozenset({Reason.NEW, Reason.WORSE, Reason.REMINDER})


def decide(
    alerts: Iterable[Alert],
    notified: Mapping[Place, NotificationState],
    attempts: Mapping[Place, Attempt],
    channels: Iterable[Channel],
    *,
    muting: Muting,
    quiet: QuietHours | None,
    now: datetime,
    remind: tuple[timedelta, ...],
) -> tuple[tuple[Notification, ...], datetime | None]:
    """At most one notification a channel, worst news first, and the next moment at which another could be due.

    `remind` are the intervals between reminders, the last repeating; `notified` and `attempts` go by address and key.
    """
    everything = tuple(alerts)
    window = quiet_window(quiet, now)
    notifications, moments = [], [FOREVER]
    for channel in channels:
        view = ChannelView(channel, notified, attempts, muting, window, now, remind)
        items, until = _hear(view, everything)
        moments.append(until)
        if items:
            notifications.append(Notification(channel.label, items))
    first = min(moments)
    return tuple(notifications), None if first == FOREVER else first


def condition_key(label: str) -> str:
    """The key of the condition that a channel does not deliver; never told to that channel."""
    return f"channel/{label}"


class Due(NamedTuple):
    """Something that may be said for a reason from a moment on."""

    reason: Reason
    at: datetime


class ChannelView(NamedTuple):
    """One channel at one moment: what it believes and when it may be spoken to; `window` are the quiet hours."""

    channel: Channel
    notified: Mapping[Place, NotificationState]
    attempts: Mapping[Place, Attempt]
    muting: Muting
    window: tuple[datetime, datetime] | None
    now: datetime
    remind: tuple[timedelta, ...]

    def possible_states(self, alert: Alert) -> tuple[NotificationState | None, ...]:
        place = (self.channel.id, alert.key)
        return possible_states(self.notified.get(place), self.attempts.get(place))

    def due(self, alert: Alert) -> Iterator[Due]:
        """What this channel should hear of it, the preferred reason first; hushing and failures aside."""
        believed = self.possible_states(alert)
        reasons = {reason for one in believed for reason in _reasons(one, alert)}
        for reason in Reason:
            if reason in reasons and (reason not in BAD_NEWS or self._cares(alert)):
                yield Due(reason, self.now)
        known = self.notified.get((self.channel.id, alert.key))
        if known and not reasons and self.remind and _nags(alert) and self._cares(alert):
            yield Due(Reason.REMINDER, known.at + self.interval(known))

    def wants(self, alert: Alert) -> bool:
        """Whether there is something to say, be it delayed by quiet hours or by a failure."""
        return any(max(one.at, self.suppressed_until(alert, one.reason)) <= self.now for one in self.due(alert))

    def interval(self, known: NotificationState) -> timedelta:
        return self.remind[min(known.nth, len(self.remind) - 1)]

    def open_at(self, alert: Alert, reason: Reason) -> datetime:
        """When it may be said: `now`, or the latest end of what is in the way, or FOREVER."""
        attempt = self.attempts.get((self.channel.id, alert.key))
        return max(
            self.suppressed_until(alert, reason),
            self._quiet_until(alert, reason),
            retry_at(attempt, alert, self.now),
        )

    def may_go_along(self, alert: Alert, due: Due) -> bool:
        """Whether it may go with a message that is sent anyway: a reminder that is due soon, or what waits only
        because a try surely failed. A channel that works again then hears everything at once."""
        if due.at > self.now:
            early = min(TAKEN_ALONG, self.interval(self.notified[self.channel.id, alert.key]) / 2)
            return due.at - self.now <= early and self.open_at(alert, due.reason) <= self.now
        attempt = self.attempts.get((self.channel.id, alert.key))
        hidden = max(self.suppressed_until(alert, due.reason), self._quiet_until(alert, due.reason))
        return attempt is not None and not attempt.outcome.unsure and hidden <= self.now

    def suppressed_until(self, alert: Alert, reason: Reason) -> datetime:
        return suppressed_until(self.muting, alert, self.now) if reason in BAD_NEWS else self.now

    def _quiet_until(self, alert: Alert, reason: Reason) -> datetime:
        if self.window is None:
            return self.now
        begin, end = self.window
        if reason in {Reason.NEW, Reason.WORSE}:
            return self.now if alert.level is Level.NOW else end
        ends_what_came_through = reason is not Reason.REMINDER and any(
            one is not None and one.at >= begin for one in self.possible_states(alert)
        )
        return self.now if ends_what_came_through else end

    def _cares(self, alert: Alert) -> bool:
        return (
            alert.seen
            and alert.level.rank >= self.channel.at_least.rank
            and alert.key != condition_key(self.channel.label)
            and concerns(self.channel.match, alert.labels)
        )


def _hear(view: ChannelView, alerts: Iterable[Alert]) -> tuple[tuple[Item, ...], datetime]:
    """The channel's news, and the first later moment (FOREVER: none)."""
    paused = paused_until(view.attempts.values(), view.channel, view.now)
    items, moments = [], [FOREVER]
    along: dict[str, Item] = {}
    for alert in alerts:
        for due in view.due(alert):
            at = max(due.at, view.open_at(alert, due.reason), paused)
            if at <= view.now:
                items.append(Item(alert, due.reason))
                along.pop(alert.key, None)
                break
            moments.append(at)
            if paused <= view.now and view.may_go_along(alert, due):
                along.setdefault(alert.key, Item(alert, due.reason))
    if items:
        items.extend(along.values())
    return tuple(sorted(items, key=_urgency)), min(moments)


def _reasons(state: NotificationState | None, alert: Alert) -> tuple[Reason, ...]:
    """Why the truth differs from what is believed; none if it does not."""
    if agrees(state, alert):
        return ()
    if alert.level is Level.FINE:
        return (Reason.RESOLVED,)
    if state is None or state.rank == alert.rank:
        return (Reason.NEW,)
    eased = state.rank > alert.rank
    if state.since != alert.since:
        return (Reason.NEW, Reason.EASED) if eased else (Reason.NEW,)
    return (Reason.EASED,) if eased else (Reason.WORSE,)


def _nags(alert: Alert) -> bool:
    """Whether it is worth repeating: `now`, and what cannot be determined."""
    return alert.level is Level.NOW or alert.doubt


def _urgency(one: Item) -> tuple[int, timedelta, str]:
    level, step = one.alert.rank
    return -level, -step, one.alert.key
