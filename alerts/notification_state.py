"""What channels believe, and what one send changes in that (pure).

Commit `before` ahead of a send and `after` behind it: a crash in between leaves the message as perhaps heard.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from alerts.model import (
    Alert,
    Attempt,
    Channel,
    Delivery,
    Item,
    Level,
    Notification,
    NotificationState,
    Outcome,
    Reason,
)

Place = tuple[str, str]
"""A channel's `id` (its address) and a condition's key."""

R = TypeVar("R", NotificationState, Attempt)

FAILED_WAITS: Final = tuple(timedelta(minutes=m) for m in (1, 2, 4, 8, 15))
UNSURE_WAITS: Final = tuple(timedelta(minutes=m) for m in (5, 30, 120, 360))
LONGEST_PAUSE: Final = timedelta(days=1)
"""At most this much of a server's Retry-After is honoured: a nonsensical one must not silence a channel for ever."""
KEPT_STATES: Final = 3
"""Two that differ already force the truth to be said, whatever it is; so few are enough."""


class StateChanges(NamedTuple):
    """What the memory must hold now, in one transaction with the log of the delivery; None deletes."""

    notified: Mapping[Place, NotificationState | None] = MappingProxyType({})
    attempts: Mapping[Place, Attempt | None] = MappingProxyType({})


def possible_states(
    notified: NotificationState | None, attempt: Attempt | None
) -> tuple[NotificationState | None, ...]:
    """Everything the channel may believe; None stands for fine."""
    if attempt is None:
        return (notified,)
    last = (attempt.state,) if attempt.outcome.unsure else ()
    return (notified, *attempt.earlier, *last)


def agrees(state: NotificationState | None, alert: Alert) -> bool:
    """Whether a state is the truth: the same episode, level and step, or fine."""
    if state is None or alert.level is Level.FINE:
        return state is None and alert.level is Level.FINE
    return state.since == alert.since and state.rank == alert.rank


def before(
    notification: Notification,
    channel: Channel,
    notified: Mapping[Place, NotificationState],
    attempts: Mapping[Place, Attempt],
    now: datetime,
) -> tuple[Attempt, ...]:
    """The rows to commit before this notification is sent over this channel; they replace those of the same place."""
    return tuple(
        _attempt(one, channel, notified.get(place), attempts.get(place), now)
        for one in notification.items
        for place in ((channel.id, one.alert.key),)
    )


def after(delivery: Delivery, tried: Iterable[Attempt], others: Iterable[Attempt] = ()) -> StateChanges:
    """What to commit once the outcome is known; `tried` is what `before` gave for it, `others` all attempts.

    A success shows that the channel works: whatever else waits for it is tried again after the shortest wait.
    """
    rows = {(row.address, row.key): row for row in tried}
    if not delivery.outcome.heard:
        return StateChanges(attempts={place: _ended(row, delivery) for place, row in rows.items()})
    notified = {place: row.state and row.state._replace(key=row.key, at=delivery.at) for place, row in rows.items()}
    return StateChanges(notified, {**dict.fromkeys(rows), **_hastened(delivery, rows, others)})


def bound(
    notified: Mapping[Place, NotificationState], attempts: Mapping[Place, Attempt], channels: Collection[Channel]
) -> tuple[dict[Place, NotificationState], dict[Place, Attempt]]:
    """What is remembered, as it holds for the addresses that the channels have now.

    Addresses that another key made cannot be compared: what their channels believe goes on. An address that no channel
    has any more keeps what was told or may have been heard there, in case it comes back; nothing is tried there.
    """
    ids = {one.id for one in channels}
    followed = {place: one for place, one in _followed(attempts, channels).items() if place[0] in ids or _heard(one)}
    return _followed(notified, channels), {
        place: one if place[0] in ids else one._replace(tries=0, unsure=0) for place, one in followed.items()
    }


def retry_at(attempt: Attempt | None, alert: Alert, now: datetime) -> datetime:
    """When the truth may be tried (again): at once if it never was."""
    if attempt is None:
        return now
    tried = (attempt.state, *attempt.earlier)
    if not any(agrees(one, alert) for one in tried):
        return now
    return max(now, attempt.at + attempt.wait)


def paused_until(attempts: Iterable[Attempt], channel: Channel, now: datetime) -> datetime:
    """When a channel may be used at all: a rate limit holds for everything that goes there."""
    ends = (one.at + one.wait for one in attempts if one.outcome is Outcome.RATE_LIMITED and one.address == channel.id)
    return max(now, *ends, now)


def _hastened(delivery: Delivery, rows: Mapping[Place, Attempt], others: Iterable[Attempt]) -> dict[Place, Attempt]:
    here = {address for address, _ in rows}
    mine = (one for one in others if one.address in here and (one.address, one.key) not in rows)
    soonest = delivery.at + FAILED_WAITS[0]
    return {(one.address, one.key): one._replace(wait=min(one.wait, soonest - one.at)) for one in mine}


def _followed(rows: Mapping[Place, R], channels: Iterable[Channel]) -> dict[Place, R]:
    """The rows, those of a former key at the address that their channel has now; of several the newest."""
    homes = {one.label: one.id for one in channels if one.address}
    found: dict[Place, R] = {}
    for (address, key), row in sorted(rows.items(), key=lambda item: item[1].at):
        home = homes.get(row.channel, address)
        foreign = ":" in address and _key_of(address) != _key_of(home)
        found[home if foreign else address, key] = _moved(row, home) if foreign else row
    return found


def _moved(row: R, address: str) -> R:
    return row._replace(address=address) if isinstance(row, Attempt) else row


def _key_of(address: str) -> str:
    return address.partition(":")[0]


def _heard(attempt: Attempt) -> bool:
    """Whether somebody may have heard of it."""
    return attempt.outcome.unsure or bool(attempt.earlier)


def _attempt(
    item: Item, channel: Channel, notified: NotificationState | None, old: Attempt | None, now: datetime
) -> Attempt:
    unsure = 1 + (old.unsure if old else 0)
    return Attempt(
        channel=channel.label,
        key=item.alert.key,
        first_at=old.first_at if old and not old.resting else now,
        at=now,
        state=_state(item, channel, notified, now),
        earlier=_distinct(possible_states(None, old)[1:]),
        tries=old.tries if old else 0,
        unsure=unsure,
        wait=_nth(UNSURE_WAITS, unsure),
        address=channel.id,
    )


def _state(item: Item, channel: Channel, notified: NotificationState | None, now: datetime) -> NotificationState | None:
    if item.reason is Reason.RESOLVED:
        return None
    alert = item.alert
    nth = notified.nth + 1 if notified and item.reason is Reason.REMINDER else 0
    return NotificationState(channel.label, alert.key, alert.level, alert.since, now, alert.step, nth)


def _ended(row: Attempt, delivery: Delivery) -> Attempt:
    pause = min(delivery.retry_after or timedelta(), LONGEST_PAUSE)
    row = row._replace(outcome=delivery.outcome, at=delivery.at)
    if delivery.outcome.unsure:
        return row._replace(wait=max(row.wait, pause))
    tries = row.tries + 1
    return row._replace(tries=tries, unsure=row.unsure - 1, wait=max(_nth(FAILED_WAITS, tries), pause))


def _distinct(some: Iterable[NotificationState | None]) -> tuple[NotificationState | None, ...]:
    newest = {(one.since, one.rank) if one else None: one for one in some}
    return tuple(newest.values())[-KEPT_STATES:]


def _nth(waits: tuple[timedelta, ...], nth: int) -> timedelta:
    return waits[min(nth, len(waits)) - 1]
