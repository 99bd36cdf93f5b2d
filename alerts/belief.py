"""What channels believe, and what one send changes in that (pure).

Commit `before` ahead of a send and `after` behind it: a crash in between leaves the message as perhaps heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from alerts.dataclass import dataclass, field, replace
from alerts.model import Alert, Attempt, Channel, Delivery, Level, News, Outcome, Reason, Standing, Told

Place = tuple[str, str]
"""A channel's label and a condition's key."""

FAILED_WAITS: Final = tuple(timedelta(minutes=m) for m in (1, 2, 4, 8, 15))
UNSURE_WAITS: Final = tuple(timedelta(minutes=m) for m in (5, 30, 120, 360))
LONGEST_PAUSE: Final = timedelta(days=1)
"""At most this much of a server's Retry-After is honoured: a nonsensical one must not silence a channel for ever."""
KEPT_BELIEFS: Final = 3
"""Two that differ already force the truth to be said, whatever it is; so few are enough."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the memory must hold now, in one transaction with the log of the delivery; None deletes."""

    told: Mapping[Place, Told | None] = field(default_factory=dict)
    attempts: Mapping[Place, Attempt | None] = field(default_factory=dict)


def beliefs(told: Told | None, attempt: Attempt | None) -> tuple[Told | None, ...]:
    """Everything the channel may believe; None stands for fine."""
    if attempt is None:
        return (told,)
    last = (attempt.belief,) if attempt.outcome.unsure else ()
    return (told, *attempt.earlier, *last)


def agrees(belief: Told | None, standing: Standing) -> bool:
    """Whether a belief is the truth: the same episode, level and step, or fine."""
    if belief is None or standing.level is Level.FINE:
        return belief is None and standing.level is Level.FINE
    return belief.since == standing.since and belief.rank == standing.rank


def before(
    alert: Alert,
    channel: Channel,
    told: Mapping[Place, Told],
    attempts: Mapping[Place, Attempt],
    now: datetime,
) -> tuple[Attempt, ...]:
    """The rows to commit before this alert is sent over this channel; they replace those of the same place."""
    return tuple(
        _attempt(one, channel, told.get(place), attempts.get(place), now)
        for one in alert.news
        for place in ((alert.channel, one.standing.key),)
    )


def after(delivery: Delivery, tried: Iterable[Attempt], others: Iterable[Attempt] = ()) -> Changes:
    """What to commit once the outcome is known; `tried` is what `before` gave for that alert, `others` all attempts.

    A success shows that the channel works: whatever else waits for it is tried again after the shortest wait.
    """
    rows = {(row.channel, row.key): row for row in tried}
    if not delivery.outcome.heard:
        return Changes(attempts={place: _ended(row, delivery) for place, row in rows.items()})
    told = {place: row.belief and replace(row.belief, key=row.key, at=delivery.at) for place, row in rows.items()}
    return Changes(told, {**dict.fromkeys(rows), **_hastened(delivery, rows, others)})


def retry_at(attempt: Attempt | None, channel: Channel, standing: Standing, now: datetime) -> datetime:
    """When the truth may be tried (again): at once if it never was, or on another address."""
    if attempt is None or attempt.address != channel.address:
        return now
    tried = (attempt.belief, *attempt.earlier)
    if not any(agrees(one, standing) for one in tried):
        return now
    return max(now, attempt.at + attempt.wait)


def paused_until(attempts: Iterable[Attempt], channel: Channel, now: datetime) -> datetime:
    """When a channel may be used at all: a rate limit holds for everything that goes there."""
    ends = (
        one.at + one.wait
        for one in attempts
        if one.outcome is Outcome.RATE_LIMITED and (one.channel, one.address) == (channel.label, channel.address)
    )
    return max(now, *ends, now)


def _hastened(delivery: Delivery, rows: Mapping[Place, Attempt], others: Iterable[Attempt]) -> dict[Place, Attempt]:
    mine = (one for one in others if one.channel == delivery.alert.channel and (one.channel, one.key) not in rows)
    soonest = delivery.at + FAILED_WAITS[0]
    return {(one.channel, one.key): replace(one, wait=min(one.wait, soonest - one.at)) for one in mine}


def _attempt(news: News, channel: Channel, told: Told | None, old: Attempt | None, now: datetime) -> Attempt:
    unsure = 1 + (old.unsure if old and old.address == channel.address else 0)
    return Attempt(
        channel=channel.label,
        key=news.standing.key,
        first_at=old.first_at if old else now,
        at=now,
        belief=_belief(news, channel, told, now),
        earlier=_distinct(beliefs(None, old)[1:]),
        tries=old.tries if old and old.address == channel.address else 0,
        unsure=unsure,
        wait=_nth(UNSURE_WAITS, unsure),
        address=channel.address,
    )


def _belief(news: News, channel: Channel, told: Told | None, now: datetime) -> Told | None:
    if news.reason is Reason.RECOVERED:
        return None
    standing = news.standing
    nth = told.nth + 1 if told and news.reason is Reason.REMINDER else 0
    return Told(channel.label, standing.key, standing.level, standing.since, now, standing.step, nth)


def _ended(row: Attempt, delivery: Delivery) -> Attempt:
    pause = min(delivery.retry_after or timedelta(), LONGEST_PAUSE)
    row = replace(row, outcome=delivery.outcome, at=delivery.at)
    if delivery.outcome.unsure:
        return replace(row, wait=max(row.wait, pause))
    tries = row.tries + 1
    return replace(row, tries=tries, unsure=row.unsure - 1, wait=max(_nth(FAILED_WAITS, tries), pause))


def _distinct(some: Iterable[Told | None]) -> tuple[Told | None, ...]:
    newest = {(one.since, one.rank) if one else None: one for one in some}
    return tuple(newest.values())[-KEPT_BELIEFS:]


def _nth(waits: tuple[timedelta, ...], nth: int) -> timedelta:
    return waits[min(nth, len(waits)) - 1]
