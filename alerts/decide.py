"""What to say to which channel now, why, and when that could next differ (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from alerts.dataclass import dataclass
from alerts.model import Alert, Attempt, Channel, Hush, Level, News, Quiet, Reason, Standing, Told
from alerts.muting import FOREVER, concerns, hushed_until, quiet_window
from alerts.notification_state import Place, agrees, beliefs, paused_until, retry_at

TAKEN_ALONG: Final = timedelta(hours=12)
"""Reminders due so soon go with a message that is sent anyway, unless less than half their interval has passed."""

BAD_NEWS: Final = frozenset({Reason.NEW, Reason.WORSE, Reason.REMINDER})


def decide(
    standings: Iterable[Standing],
    told: Mapping[Place, Told],
    attempts: Mapping[Place, Attempt],
    channels: Iterable[Channel],
    *,
    hush: Hush,
    quiet: Quiet | None,
    now: datetime,
    remind: tuple[timedelta, ...],
) -> tuple[tuple[Alert, ...], datetime | None]:
    """At most one alert a channel, worst news first, and the next moment at which another could be due.

    `remind` are the intervals between reminders, the last repeating; `told` and `attempts` go by address and key.
    """
    everything = tuple(standings)
    window = quiet_window(quiet, now)
    alerts, moments = [], [FOREVER]
    for channel in channels:
        ear = Ear(channel, told, attempts, hush, window, now, remind)
        news, until = _hear(ear, everything)
        moments.append(until)
        if news:
            alerts.append(Alert(channel.label, news))
    first = min(moments)
    return tuple(alerts), None if first == FOREVER else first


def condition_key(label: str) -> str:
    """The key of the condition that a channel does not deliver; never told to that channel."""
    return f"channel/{label}"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that may be said for a reason from a moment on."""

    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True)
class Ear:
    """One channel at one moment: what it believes and when it may be spoken to; `window` are the quiet hours."""

    channel: Channel
    told: Mapping[Place, Told]
    attempts: Mapping[Place, Attempt]
    hush: Hush
    window: tuple[datetime, datetime] | None
    now: datetime
    remind: tuple[timedelta, ...]

    def beliefs(self, standing: Standing) -> tuple[Told | None, ...]:
        place = (self.channel.id, standing.key)
        return beliefs(self.told.get(place), self.attempts.get(place))

    def due(self, standing: Standing) -> Iterator[Due]:
        """What this channel should hear of it, the preferred reason first; hushing and failures aside."""
        believed = self.beliefs(standing)
        reasons = {reason for one in believed for reason in _reasons(one, standing)}
        for reason in Reason:
            if reason in reasons and (reason not in BAD_NEWS or self._cares(standing)):
                yield Due(reason, self.now)
        known = self.told.get((self.channel.id, standing.key))
        if known and not reasons and self.remind and _nags(standing) and self._cares(standing):
            yield Due(Reason.REMINDER, known.at + self.interval(known))

    def wants(self, standing: Standing) -> bool:
        """Whether there is something to say, be it delayed by quiet hours or by a failure."""
        return any(max(one.at, self.hushed_until(standing, one.reason)) <= self.now for one in self.due(standing))

    def interval(self, known: Told) -> timedelta:
        return self.remind[min(known.nth, len(self.remind) - 1)]

    def open_at(self, standing: Standing, reason: Reason) -> datetime:
        """When it may be said: `now`, or the latest end of what is in the way, or FOREVER."""
        attempt = self.attempts.get((self.channel.id, standing.key))
        return max(
            self.hushed_until(standing, reason),
            self._quiet_until(standing, reason),
            retry_at(attempt, standing, self.now),
        )

    def may_go_along(self, standing: Standing, due: Due) -> bool:
        """Whether it may go with a message that is sent anyway: a reminder that is due soon, or what waits only
        because a try surely failed. A channel that works again then hears everything at once."""
        if due.at > self.now:
            early = min(TAKEN_ALONG, self.interval(self.told[self.channel.id, standing.key]) / 2)
            return due.at - self.now <= early and self.open_at(standing, due.reason) <= self.now
        attempt = self.attempts.get((self.channel.id, standing.key))
        hidden = max(self.hushed_until(standing, due.reason), self._quiet_until(standing, due.reason))
        return attempt is not None and not attempt.outcome.unsure and hidden <= self.now

    def hushed_until(self, standing: Standing, reason: Reason) -> datetime:
        return hushed_until(self.hush, standing, self.now) if reason in BAD_NEWS else self.now

    def _quiet_until(self, standing: Standing, reason: Reason) -> datetime:
        if self.window is None:
            return self.now
        begin, end = self.window
        if reason in {Reason.NEW, Reason.WORSE}:
            return self.now if standing.level is Level.NOW else end
        ends_what_came_through = reason is not Reason.REMINDER and any(
            one is not None and one.at >= begin for one in self.beliefs(standing)
        )
        return self.now if ends_what_came_through else end

    def _cares(self, standing: Standing) -> bool:
        return (
            standing.seen
            and standing.level.rank >= self.channel.at_least.rank
            and standing.key != condition_key(self.channel.label)
            and concerns(self.channel.match, standing.labels)
        )


def _hear(ear: Ear, standings: Iterable[Standing]) -> tuple[tuple[News, ...], datetime]:
    """The channel's news, and the first later moment (FOREVER: none)."""
    paused = paused_until(ear.attempts.values(), ear.channel, ear.now)
    news, moments = [], [FOREVER]
    along: dict[str, News] = {}
    for standing in standings:
        for due in ear.due(standing):
            at = max(due.at, ear.open_at(standing, due.reason), paused)
            if at <= ear.now:
                news.append(News(standing, due.reason))
                along.pop(standing.key, None)
                break
            moments.append(at)
            if paused <= ear.now and ear.may_go_along(standing, due):
                along.setdefault(standing.key, News(standing, due.reason))
    if news:
        news.extend(along.values())
    return tuple(sorted(news, key=_urgency)), min(moments)


def _reasons(belief: Told | None, standing: Standing) -> tuple[Reason, ...]:
    """Why the truth differs from what is believed; none if it does not."""
    if agrees(belief, standing):
        return ()
    if standing.level is Level.FINE:
        return (Reason.RECOVERED,)
    if belief is None or belief.rank == standing.rank:
        return (Reason.NEW,)
    eased = belief.rank > standing.rank
    if belief.since != standing.since:
        return (Reason.NEW, Reason.EASED) if eased else (Reason.NEW,)
    return (Reason.EASED,) if eased else (Reason.WORSE,)


def _nags(standing: Standing) -> bool:
    """Whether it is worth repeating: `now`, and what cannot be determined."""
    return standing.level is Level.NOW or standing.doubt


def _urgency(one: News) -> tuple[int, timedelta, str]:
    level, step = one.standing.rank
    return -level, -step, one.standing.key
