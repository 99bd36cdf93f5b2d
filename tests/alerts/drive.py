"""Weeks of checks in a moment: the pure half of `alerts.notify` as a check uses it, people's ears on scripted lines.

Between `until` and `until` nothing is run, as in the real thing: a moment that `until` misses is a message that is late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts import memory, notify
from alerts.model import Alert, Channel, Condition, Delivery, Level, Notification, Outcome, QuietHours, Reason
from alerts.notification_state import Place, after
from tests.alerts.world import MINUTE, REMIND, SETTLE, START, Fate, Heard

INTERVAL = 5 * MINUTE
Line = Callable[[datetime], Fate]
"""What happens to a message that is sent over a channel at a moment."""


def works(_: datetime) -> Fate:
    return Fate.ARRIVES


def down(begin: datetime, end: datetime, fate: Fate) -> Line:
    """A line that is out of order for a while."""
    return lambda at: fate if begin <= at < end else Fate.ARRIVES


@dataclass
class Drive:
    """Passes every `interval`, skipped while nothing changed and `until` lies ahead."""

    channels: tuple[Channel, ...]
    lines: dict[str, Line] = field(default_factory=dict)
    quiet: QuietHours | None = None
    interval: timedelta = INTERVAL
    retry_after: timedelta | None = None
    now: datetime = START
    memory: memory.Memory = field(default_factory=memory.Memory)
    truth: dict[str, Condition] = field(default_factory=dict)
    inbox: list[Heard] = field(default_factory=list)
    sent: list[tuple[datetime, str, str, Fate]] = field(default_factory=list)
    minds: dict[Place, Alert] = field(default_factory=dict)
    until: datetime | None = None
    changed: bool = True
    checks: int = 0

    @property
    def rules(self) -> memory.Rules:
        return memory.Rules(SETTLE, REMIND, self.quiet)

    def see(self, *conditions: Condition) -> None:
        """From now on every look sees these."""
        self.truth |= {one.key: one for one in conditions}
        self.changed = True

    def run_to(self, end: datetime, watch: Callable[[], None] = lambda: None) -> None:
        """Lets time pass; `watch` is called after every check."""
        while self.now < end:
            if self.changed or (self.until is not None and self.until <= self.now):
                self.look()
                watch()
            self.now = min(self._next(), end)

    def look(self) -> None:
        """One check."""
        self.checks += 1
        self.changed = False
        planned = notify.plan(self.memory, self.truth.values(), self.channels, self.rules, self.now)
        results = []
        for notification in planned.notifications:
            fate = self.lines.get(notification.channel, works)(self.now)
            self.sent += [(self.now, notification.channel, one.alert.key, fate) for one in notification.items]
            if fate.heard:
                self._hear(notification, sure=fate.outcome in {Outcome.DELIVERED, Outcome.PARTIAL})
            rows = planned.tried[notification.channel]
            pause = self.retry_after if fate is Fate.LIMITED else None
            delivery = Delivery(notification, self.now, fate.outcome or Outcome.ATTEMPTED, retry_after=pause)
            if fate.outcome is not None:
                results.append((delivery, after(delivery, rows, planned.memory.attempts.values())))
        self.memory = notify.learned(planned.memory, results)
        moments = (planned.until, memory.outlook(self.memory, self.channels, self.rules, self.now))
        self.until = min((one for one in moments if one), default=None)

    def _next(self) -> datetime:
        """The first regular check at which there is something to do."""
        wanted = max(self.until or self.now + timedelta(days=1), self.now + self.interval)
        ticks = -((START - wanted) // self.interval)
        return START + ticks * self.interval

    def _hear(self, notification: Notification, *, sure: bool) -> None:
        for one in notification.items:
            alert, place = one.alert, (notification.channel, one.alert.key)
            self.inbox.append(Heard(self.now, notification.channel, alert.key, one.reason, alert.level, alert, sure))
            if one.reason is Reason.RESOLVED:
                self.minds.pop(place, None)
            else:
                self.minds[place] = alert

    # -- questions ----------------------------------------------------------------------------------------------------

    def heard(self, label: str, since: datetime = START) -> list[Heard]:
        return [one for one in self.inbox if one.channel == label and one.at >= since]

    def ignorant(self, channel: Channel, keys: Iterable[str], *, seen: bool = True) -> set[str]:
        """The keys of which this channel believes something else than what stands, as far as it cares.

        `seen`: only what the last look confirmed, the rest is not said.
        """
        stand = (self.memory.alerts.get(key) for key in keys)
        return {one.key for one in stand if one and (one.seen or not seen) and not self._knows(channel, one)}

    def _knows(self, channel: Channel, alert: Alert) -> bool:
        mind = self.minds.get((channel.label, alert.key))
        if mind is None:
            return alert.level is Level.FINE or alert.level.rank < channel.at_least.rank
        return (mind.since, mind.rank) == (alert.since, alert.rank)
