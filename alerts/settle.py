"""What a condition has settled to: rises at once, falls and doubts only when they last (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alerts.model import Alert, Condition, Level, Login, Pending, Rank, Rise

FLAPPING_WINDOW: Final = timedelta(days=1)
FLAPPING_RISES: Final = 3


def settle(alert: Alert | None, condition: Condition, now: datetime, span: timedelta) -> tuple[Alert, datetime | None]:
    """What the condition stands at after this check, and the next moment at which that differs without a change.

    `alert` is what the last look left (None: never seen), `span` how long a fall or a doubtful rise has to last.
    """
    start = alert or _unseen(condition, now)
    # Twice: a change that has lasted may uncover a further one, whose time begins now.
    settled = _step(_step(start, condition, now, span), condition, now, span)
    return settled, _until(settled, condition, now, span)


def absent(alert: Alert) -> Alert:
    """The alert of a key that this check did not cover: absence says nothing, neither good nor bad."""
    return alert if not alert.seen else alert._replace(seen=False)


def renewed(old: Login | None, new: Login | None) -> bool:
    """Whether `new` is another, later login: by the logins' own ends, else by fingerprint and deadline.

    No deadline counts as later than any.
    """
    if old is None or new is None:
        return False
    if old.ends_at and new.ends_at:
        return new.ends_at > old.ends_at
    if new.fingerprint is None or new.fingerprint == old.fingerprint or old.deadline is None:
        return False
    return new.deadline is None or new.deadline > old.deadline


def _unseen(condition: Condition, now: datetime) -> Alert:
    return Alert(condition.key, Level.FINE, since=now, at=now, labels=condition.labels)


def _step(alert: Alert, condition: Condition, now: datetime, span: timedelta) -> Alert:
    if condition.rank > alert.rank:
        return _rise(alert, condition, now, span)
    if condition.rank < alert.rank:
        return _fall(alert, condition, now, span)
    # An unreadable store neither confirms nor refutes that something vanished.
    kept = alert.pending if condition.held and alert.pending else None
    return _worded(alert, condition)._replace(
        pending=kept if kept and kept.rank > alert.rank else None,
        doubt=alert.doubt and condition.doubt,
    )


def _rise(alert: Alert, condition: Condition, now: datetime, span: timedelta) -> Alert:
    change = Pending(condition.level, condition.step, now, condition.doubt)
    before = alert.pending if alert.pending and alert.pending.rank > alert.rank else None
    if before is None or (not condition.doubt and before.rank != change.rank):
        alert = alert._replace(rises=_counted(alert.rises, change))
    if not condition.doubt:
        return _arrive(alert, condition, change, now)
    if before is not None:
        change = min(before, change._replace(since=before.since), key=lambda one: one.rank)
    if now - change.since >= span or _calm_at(alert.rises, change.rank, now) > now:
        return _arrive(alert, condition, change, now)
    return alert._replace(pending=change, seen=True)


def _fall(alert: Alert, condition: Condition, now: datetime, span: timedelta) -> Alert:
    if condition.held:
        return absent(alert)
    change = Pending(condition.level, condition.step, now, condition.doubt)
    flapping = _calm_at(alert.rises, alert.rank, now) > now
    if not flapping and not condition.doubt and renewed(alert.login, condition.login):
        return _arrive(alert, condition, change, now)
    before = alert.pending
    if before is not None and before.rank < alert.rank:
        change = max(before, change._replace(since=before.since), key=lambda one: one.rank)
    if not flapping and now - change.since >= span:
        return _arrive(alert, condition, change, now)
    return alert._replace(pending=change, seen=False)


def _arrive(alert: Alert, condition: Condition, change: Pending, now: datetime) -> Alert:
    """The alert after a change counts."""
    if Level.FINE in {alert.level, change.level}:
        since = now if change.level is Level.FINE else change.since
    else:
        since = alert.since
    return _worded(alert, condition)._replace(
        level=change.level,
        step=change.step,
        since=since,
        at=now,
        pending=None,
        doubt=change.doubt,
    )


def _worded(alert: Alert, condition: Condition) -> Alert:
    """The alert with what this check says of it; a login that is gone stays known."""
    known = condition.login is not None and condition.login != Login()
    return alert._replace(
        labels=condition.labels,
        summary=condition.summary,
        remedy=condition.remedy,
        cause=alert.cause if condition.level is Level.FINE else condition.cause,
        how=condition.how,
        login=condition.login if known else alert.login,
        seen=True,
    )


def _counted(rises: tuple[Rise, ...], change: Pending) -> tuple[Rise, ...]:
    recent = tuple(one for one in rises if change.since - one.at < FLAPPING_WINDOW)
    return (*recent, Rise(change.level, change.step, change.since))


def _calm_at(rises: tuple[Rise, ...], rank: Rank, now: datetime) -> datetime:
    """When fewer than three rises to this rank lie within a day; `now` if that is so already."""
    same = sorted(one.at for one in rises if one.rank == rank)
    return max(now, same[-FLAPPING_RISES] + FLAPPING_WINDOW) if len(same) >= FLAPPING_RISES else now


def _until(alert: Alert, condition: Condition, now: datetime, span: timedelta) -> datetime | None:
    if alert.pending is None:
        return None
    lasted = alert.pending.since + span
    if alert.pending.rank < alert.rank:
        if condition.held:
            return None
        lasted = max(lasted, _calm_at(alert.rises, alert.rank, now))
    return lasted if lasted > now else None
