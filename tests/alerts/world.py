"""A small world for the notification core: settle, decide and belief over scripted looks and flaky channels, all pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from alerts import notification_state, settle, undelivered
from alerts.clock_trust import past_alert, past_attempt, past_muting, past_notified
from alerts.decide import ChannelView, decide
from alerts.model import (
    Acknowledgement,
    Alert,
    Attempt,
    Channel,
    Condition,
    Delivery,
    Item,
    Level,
    Login,
    Muting,
    Notification,
    NotificationState,
    Outcome,
    QuietHours,
    Reason,
    Silence,
)
from alerts.muting import quiet_window

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTLE = 10 * MINUTE
REMIND = (DAY, 2 * DAY, 7 * DAY)
PHONE = Channel("phone", Level.SOON, address="phone-1")
MAIL = Channel("mail", Level.NOW, address="mail-1")


class Fate(Enum):
    """What happens to a message: whether people hear it, and what we learn of it (None: the check dies first)."""

    ARRIVES = (True, Outcome.DELIVERED)
    PARTLY = (True, Outcome.PARTIAL)
    REFUSED = (False, Outcome.CONNECT)
    LIMITED = (False, Outcome.RATE_LIMITED)
    HEARD_LATE = (True, Outcome.TIMEOUT)
    LOST_LATE = (False, Outcome.TIMEOUT)
    HEARD_CRASH = (True, None)
    LOST_CRASH = (False, None)

    def __init__(self, heard: bool, outcome: Outcome | None) -> None:
        self.heard = heard
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Heard:
    """One piece of news as people at an address got it, and whether we know that they did."""

    at: datetime
    channel: str
    key: str
    reason: Reason
    level: Level
    alert: Alert
    sure: bool
    address: str = ""


@dataclass
class World:
    """Memory, channels and people; `look` is one check. What people at an address believe is in `minds`."""

    channels: tuple[Channel, ...] = (PHONE,)
    span: timedelta = SETTLE
    remind: tuple[timedelta, ...] = REMIND
    quiet: QuietHours | None = None
    now: datetime = START
    alerts: dict[str, Alert] = field(default_factory=dict)
    notified: dict[notification_state.Place, NotificationState] = field(default_factory=dict)
    attempts: dict[notification_state.Place, Attempt] = field(default_factory=dict)
    muting: Muting = field(default_factory=Muting)
    partial: frozenset[str] = frozenset()
    fates: dict[str, Fate] = field(default_factory=dict)
    retry_after: timedelta | None = None
    own: bool = False
    minds: dict[notification_state.Place, Alert] = field(default_factory=dict)
    inbox: list[Heard] = field(default_factory=list)
    messages: list[Notification] = field(default_factory=list)
    until: datetime | None = None
    died: bool = False
    """Whether the last check died in the middle of a send."""
    again: bool = False
    """Whether the deliveries of the last check changed a channel's own condition, so that another is due at once."""

    # -- a check -----------------------------------------------------------------------------------------------

    def look(self, *conditions: Condition, after: timedelta = timedelta()) -> list[Heard]:
        """One check that sees these conditions; what people heard of it, in order."""
        self.now += after
        before = len(self.inbox)
        own, _ = self.own_conditions()
        settled_until = self.settle((*conditions, *own))
        self.died = not all(self._send(notification) for notification in self.decide()[0])
        then, own_until = self.own_conditions()
        self.again = then != own
        soon = self.now + MINUTE if self.again else None
        moments = (settled_until, own_until, soon, self.decide()[1])
        self.until = min((one for one in moments if one is not None), default=None)
        return self.inbox[before:]

    def settle(self, conditions: Iterable[Condition]) -> datetime | None:
        """The first half of a check: what stands, without telling anybody."""
        seen = {one.key: one for one in conditions}
        moments = []
        for key, alert in self.alerts.items():
            if key not in seen:
                self.alerts[key] = settle.absent(alert)
        for key, condition in seen.items():
            self.alerts[key], until = settle.settle(self.alerts.get(key), condition, self.now, self.span)
            if until is not None:
                moments.append(until)
        self.notified, self.attempts = notification_state.bound(self.notified, self.attempts, self.channels)
        for view in self.views():
            for place in undelivered.moot(view, self.alerts):
                del self.attempts[place]
        return min(moments, default=None)

    def decide(self) -> tuple[tuple[Notification, ...], datetime | None]:
        """What would be said now."""
        return decide(
            self.alerts.values(),
            self.notified,
            self.attempts,
            self.channels,
            muting=self.muting,
            quiet=self.quiet,
            now=self.now,
            remind=self.remind,
        )

    def views(self) -> list[ChannelView]:
        window = quiet_window(self.quiet, self.now)
        return [
            ChannelView(one, self.notified, self.attempts, self.muting, window, self.now, self.remind)
            for one in self.channels
        ]

    def own_conditions(self) -> tuple[tuple[Condition, ...], datetime | None]:
        if not self.own:
            return (), None
        return undelivered.channel_conditions(self.views(), self.alerts, self.partial)

    def _send(self, notification: Notification) -> bool:
        channel = next(one for one in self.channels if one.label == notification.channel)
        rows = notification_state.before(notification, channel, self.notified, self.attempts, self.now)
        self.attempts.update({(one.address, one.key): one for one in rows})
        fate = self.fates.get(notification.channel, Fate.ARRIVES)
        self.messages.append(notification)
        if fate.heard:
            for item in notification.items:
                self._hear(channel, item, fate.outcome in {Outcome.DELIVERED, Outcome.PARTIAL})
        if fate.outcome is None:
            return False
        pause = self.retry_after if fate is Fate.LIMITED else None
        delivery = Delivery(notification, self.now, fate.outcome, retry_after=pause)
        self._commit(notification_state.after(delivery, rows, self.attempts.values()))
        if fate.outcome.heard:
            self.partial = (self.partial - {notification.channel}) | (
                {notification.channel} if fate is Fate.PARTLY else set()
            )
        return True

    def _commit(self, changes: notification_state.StateChanges) -> None:
        for place, notified in changes.notified.items():
            _put(self.notified, place, notified)
        for place, attempt in changes.attempts.items():
            _put(self.attempts, place, attempt)

    def _hear(self, channel: Channel, item: Item, sure: bool) -> None:
        alert = item.alert
        where, reason = (channel.label, alert.key), item.reason
        self.inbox.append(Heard(self.now, *where, reason, alert.level, alert, sure, channel.id))
        _put(self.minds, (channel.id, alert.key), None if item.reason is Reason.RESOLVED else alert)

    def set_back(self, span: timedelta) -> None:
        """The wall clock is set back and believed: no moment in memory lies ahead of it any more."""
        self.now -= span
        self.alerts = {key: past_alert(one, self.now) for key, one in self.alerts.items()}
        self.minds = {place: past_alert(one, self.now) for place, one in self.minds.items()}
        self.notified = {place: past_notified(one, self.now) for place, one in self.notified.items()}
        self.attempts = {place: past_attempt(one, self.now) for place, one in self.attempts.items()}
        self.muting = past_muting(self.muting, self.now)
        self.inbox = [replace(one, at=min(one.at, self.now)) for one in self.inbox]

    # -- what people do ---------------------------------------------------------------------------------------

    def acknowledge(self, key: str, until: datetime | None = None) -> None:
        given = Acknowledgement(key, self.alerts[key].at, until, self.now)
        others = tuple(one for one in self.muting.acknowledgements if one.key != key)
        self.muting = self.muting._replace(acknowledgements=(*others, given))

    def silence(self, match: Mapping[str, str], span: timedelta, level: Level = Level.NOW) -> None:
        given = Silence(len(self.muting.silences), match, self.now + span, level, self.now)
        self.muting = self.muting._replace(silences=(*self.muting.silences, given))


def _put(rows: dict, place: notification_state.Place, row: object | None) -> None:
    if row is None:
        rows.pop(place, None)
    else:
        rows[place] = row


# -- conditions -----------------------------------------------------------------------------------------------


def login(generation: int, deadline: datetime = START + 30 * DAY) -> Login:
    """A login that is later and other than those of lower generation."""
    return Login(None, f"print-{generation}", deadline + generation * DAY)


def fine(key: str = "a", **more: object) -> Condition:
    return Condition(key, Level.FINE, **more)


def soon(key: str = "a", days: int | None = 7, **more: object) -> Condition:
    return Condition(key, Level.SOON, step=None if days is None else days * DAY, **more)


def now(key: str = "a", **more: object) -> Condition:
    return Condition(key, Level.NOW, **more)


def said(heard: Iterable[Heard]) -> list[tuple[str, str, str]]:
    """Channel, key and reason of each piece of news, for comparing."""
    return [(one.channel, one.key, str(one.reason)) for one in heard]


def reasons(heard: Iterable[Heard]) -> list[str]:
    return [str(one.reason) for one in heard]


def wait(world: World, *conditions: Condition, span: timedelta) -> list[tuple[timedelta, str]]:
    """Passes exactly when planned for `span`; after how long people heard what."""
    start, before = world.now, len(world.inbox)
    end = start + span
    while world.until is not None and world.until <= end:
        assert world.until > world.now, "a check that plans itself for ever"
        world.look(*conditions, after=world.until - world.now)
    world.now = end
    return [(one.at - start, str(one.reason)) for one in world.inbox[before:]]
