"""Weeks of passes in a moment: the pure half of `alerts.notify` as a pass uses it, people's ears on scripted lines.

Between `until` and `until` nothing is run, as in the real thing: a moment that `until` misses is a message that is late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts import notify
from alerts.model import Alert, Channel, Condition, Delivery, Level, Outcome, Quiet, Reason, Standing
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
    quiet: Quiet | None = None
    interval: timedelta = INTERVAL
    retry_after: timedelta | None = None
    now: datetime = START
    memory: notify.Memory = field(default_factory=notify.Memory)
    truth: dict[str, Condition] = field(default_factory=dict)
    inbox: list[Heard] = field(default_factory=list)
    sent: list[tuple[datetime, str, str, Fate]] = field(default_factory=list)
    minds: dict[Place, Standing] = field(default_factory=dict)
    until: datetime | None = None
    changed: bool = True
    passes: int = 0

    @property
    def rules(self) -> notify.Rules:
        return notify.Rules(SETTLE, REMIND, self.quiet)

    def see(self, *conditions: Condition) -> None:
        """From now on every look sees these."""
        self.truth |= {one.key: one for one in conditions}
        self.changed = True

    def run_to(self, end: datetime, watch: Callable[[], None] = lambda: None) -> None:
        """Lets time pass; `watch` is called after every pass."""
        while self.now < end:
            if self.changed or (self.until is not None and self.until <= self.now):
                self.look()
                watch()
            self.now = min(self._next(), end)

    def look(self) -> None:
        """One pass."""
        self.passes += 1
        self.changed = False
        planned = notify.plan(self.memory, self.truth.values(), self.channels, self.rules, self.now)
        results = []
        for alert in planned.alerts:
            fate = self.lines.get(alert.channel, works)(self.now)
            self.sent += [(self.now, alert.channel, one.standing.key, fate) for one in alert.news]
            if fate.heard:
                self._hear(alert, sure=fate.outcome in {Outcome.DELIVERED, Outcome.PARTIAL})
            rows = planned.tried[alert.channel]
            pause = self.retry_after if fate is Fate.LIMITED else None
            delivery = Delivery(alert, self.now, fate.outcome or Outcome.ATTEMPTED, retry_after=pause)
            if fate.outcome is not None:
                results.append((delivery, after(delivery, rows, planned.memory.attempts.values())))
        self.memory = notify.learned(planned.memory, results)
        moments = (planned.until, notify.outlook(self.memory, self.channels, self.rules, self.now))
        self.until = min((one for one in moments if one), default=None)

    def _next(self) -> datetime:
        """The first regular pass at which there is something to do."""
        wanted = max(self.until or self.now + timedelta(days=1), self.now + self.interval)
        ticks = -((START - wanted) // self.interval)
        return START + ticks * self.interval

    def _hear(self, alert: Alert, *, sure: bool) -> None:
        for one in alert.news:
            standing, place = one.standing, (alert.channel, one.standing.key)
            self.inbox.append(Heard(self.now, alert.channel, standing.key, one.reason, standing.level, standing, sure))
            if one.reason is Reason.RECOVERED:
                self.minds.pop(place, None)
            else:
                self.minds[place] = standing

    # -- questions ----------------------------------------------------------------------------------------------------

    def heard(self, label: str, since: datetime = START) -> list[Heard]:
        return [one for one in self.inbox if one.channel == label and one.at >= since]

    def ignorant(self, channel: Channel, keys: Iterable[str], *, seen: bool = True) -> set[str]:
        """The keys of which this channel believes something else than what stands, as far as it cares.

        `seen`: only what the last look confirmed, the rest is not said.
        """
        stand = (self.memory.standings.get(key) for key in keys)
        return {one.key for one in stand if one and (one.seen or not seen) and not self._knows(channel, one)}

    def _knows(self, channel: Channel, standing: Standing) -> bool:
        mind = self.minds.get((channel.label, standing.key))
        if mind is None:
            return standing.level is Level.FINE or standing.level.rank < channel.at_least.rank
        return (mind.since, mind.rank) == (standing.since, standing.rank)
