"""All that is remembered of alerts, and what follows from it for every channel (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from alerts.decide import ChannelView, decide
from alerts.model import Alert, Attempt, Channel, Condition, Level, Muting, Notification, NotificationState, QuietHours
from alerts.muting import quiet_window, suppressed_until
from alerts.notification_state import Place
from alerts.schedule import scheduled_items
from alerts.settle import settle
from alerts.undelivered import MUTE, channel_conditions, mute_since, waiting_since


class Rules(NamedTuple):
    """How to speak: how long doubts and falls must last, when to repeat, when to keep quiet."""

    settle: timedelta
    remind: tuple[timedelta, ...]
    quiet: QuietHours | None = None
    digest: timedelta | None = None


class Memory(NamedTuple):
    """Everything that speaking depends on; `partial` are the channels whose last message reached only some, `ignored`
    the keys of conditions that are muted for good."""

    alerts: Mapping[str, Alert] = MappingProxyType({})
    notified: Mapping[Place, NotificationState] = MappingProxyType({})
    attempts: Mapping[Place, Attempt] = MappingProxyType({})
    muting: Muting = Muting()
    partial: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()


def of_channels(
    known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime
) -> tuple[tuple[Condition, ...], datetime | None]:
    """The channels' own conditions, and when one would rise by itself."""
    found, rises = channel_conditions(views_of(known, channels, rules, now), known.alerts, known.partial)
    return tuple(one for one in found if one.key not in known.ignored), rises


def views_of(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> tuple[ChannelView, ...]:
    """Every channel at this moment."""
    window = quiet_window(rules.quiet, now)
    return tuple(
        ChannelView(one, known.notified, known.attempts, known.muting, window, now, rules.remind) for one in channels
    )


def decided(
    known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime
) -> tuple[tuple[Notification, ...], datetime | None]:
    """News, and what goes out on schedule; at most one notification a channel."""
    notifications, until = decide(
        known.alerts.values(),
        known.notified,
        known.attempts,
        channels,
        muting=known.muting,
        quiet=rules.quiet,
        now=now,
        remind=rules.remind,
    )
    said = {notification.channel: notification.items for notification in notifications}
    moments = [until]
    for view in views_of(known, channels, rules, now):
        items, later = scheduled_items(view, rules.digest, known.alerts.values())
        moments.append(later)
        if items:
            label = view.channel.label
            said[label] = (*said.get(label, ()), *items)
    return tuple(Notification(label, items) for label, items in said.items()), least(moments)


def _muting_ends(known: Memory, now: datetime) -> Iterator[datetime]:
    """When a silence or an acknowledgement ends, which shows in status and metrics."""
    silences, acknowledgements = known.muting.silences, known.muting.acknowledgements
    ends = (*(one.until for one in silences), *(one.until for one in acknowledgements))
    return (end for end in ends if end and end > now)


def outlook(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> datetime | None:
    """When, without any change, something is to be said or a channel's own condition changes. Pure."""
    _, first = decided(known, channels, rules, now)
    conditions, rises = of_channels(known, channels, rules, now)
    silent = mute_since(views_of(known, channels, rules, now), known.alerts)
    moments = [first, rises, *_muting_ends(known, now)]
    if silent and silent + MUTE > now:
        moments.append(silent + MUTE)
    for condition in conditions:
        stood = known.alerts.get(condition.key) or Alert(condition.key, Level.FINE, since=now, at=now)
        settled, until = settle(stood, condition, now, rules.settle)
        # A change that only begins has to be recorded too, or its time would not run before the next check.
        changes = (settled.rank, settled.pending) != (stood.rank, stood.pending)
        moments.append(now if changes else until)
    return least(moments)


def waiting(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> Mapping[str, datetime]:
    """The channels that something could not be told to, with the first try of it."""
    found = {view.channel.label: waiting_since(view, known.alerts) for view in views_of(known, channels, rules, now)}
    return {label: since for label, since in found.items() if since}


def mute(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> bool:
    """Whether no channel has delivered for so long that only the heartbeat can still say so."""
    since = mute_since(views_of(known, channels, rules, now), known.alerts)
    return since is not None and now - since >= MUTE


def pending(known: Memory, channel: Channel, rules: Rules, now: datetime) -> int:
    """How many conditions a channel still has to hear of."""
    (view,) = views_of(known, [channel], rules, now)
    return sum(view.wants(one) for one in known.alerts.values())


def suppressed(known: Memory, now: datetime) -> tuple[frozenset[str], frozenset[str]]:
    """The keys that are acknowledged and those that are silenced now."""
    only_acks, only_silences = known.muting._replace(silences=()), known.muting._replace(acknowledgements=())
    bad = {key: one for key, one in known.alerts.items() if one.level is not Level.FINE}
    return (
        frozenset(key for key, one in bad.items() if suppressed_until(only_acks, one, now) > now),
        frozenset(key for key, one in bad.items() if suppressed_until(only_silences, one, now) > now),
    )


def least(moments: Iterable[datetime | None]) -> datetime | None:
    """The first of some moments; None if there is none."""
    return min((one for one in moments if one), default=None)
