"""What a condition has settled to: rises at once, falls and doubts only when they last (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alerts.dataclass import replace
from alerts.model import Condition, Level, Login, Pending, Rank, Rise, Standing

FLAPPING_WINDOW: Final = timedelta(days=1)
FLAPPING_RISES: Final = 3


def settle(
    standing: Standing | None, condition: Condition, now: datetime, span: timedelta
) -> tuple[Standing, datetime | None]:
    """What the condition stands at after this look, and the next moment at which that differs without a change.

    `standing` is what the last look left (None: never seen), `span` how long a fall or a doubtful rise has to last.
    """
    start = standing or _unseen(condition, now)
    # Twice: a change that has lasted may uncover a further one, whose time begins now.
    settled = _step(_step(start, condition, now, span), condition, now, span)
    return settled, _until(settled, condition, now, span)


def absent(standing: Standing) -> Standing:
    """The standing of a key that this look did not cover: absence says nothing, neither good nor bad."""
    return standing if not standing.seen else replace(standing, seen=False)


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


def _unseen(condition: Condition, now: datetime) -> Standing:
    return Standing(condition.key, Level.FINE, since=now, at=now, labels=condition.labels)


def _step(standing: Standing, condition: Condition, now: datetime, span: timedelta) -> Standing:
    if condition.rank > standing.rank:
        return _rise(standing, condition, now, span)
    if condition.rank < standing.rank:
        return _fall(standing, condition, now, span)
    # An unreadable store neither confirms nor refutes that something vanished.
    kept = standing.pending if condition.held and standing.pending else None
    return replace(
        _worded(standing, condition),
        pending=kept if kept and kept.rank > standing.rank else None,
        doubt=standing.doubt and condition.doubt,
    )


def _rise(standing: Standing, condition: Condition, now: datetime, span: timedelta) -> Standing:
    change = Pending(condition.level, condition.step, now, condition.doubt)
    before = standing.pending if standing.pending and standing.pending.rank > standing.rank else None
    if before is None or (not condition.doubt and before.rank != change.rank):
        standing = replace(standing, rises=_counted(standing.rises, change))
    if not condition.doubt:
        return _arrive(standing, condition, change, now)
    if before is not None:
        change = min(before, replace(change, since=before.since), key=lambda one: one.rank)
    if now - change.since >= span or _calm_at(standing.rises, change.rank, now) > now:
        return _arrive(standing, condition, change, now)
    return replace(standing, pending=change, seen=True)


def _fall(standing: Standing, condition: Condition, now: datetime, span: timedelta) -> Standing:
    if condition.held:
        return absent(standing)
    change = Pending(condition.level, condition.step, now, condition.doubt)
    flapping = _calm_at(standing.rises, standing.rank, now) > now
    if not flapping and not condition.doubt and renewed(standing.login, condition.login):
        return _arrive(standing, condition, change, now)
    before = standing.pending
    if before is not None and before.rank < standing.rank:
        change = max(before, replace(change, since=before.since), key=lambda one: one.rank)
    if not flapping and now - change.since >= span:
        return _arrive(standing, condition, change, now)
    return replace(standing, pending=change, seen=False)


def _arrive(standing: Standing, condition: Condition, change: Pending, now: datetime) -> Standing:
    """The standing after a change counts."""
    if Level.FINE in {standing.level, change.level}:
        since = now if change.level is Level.FINE else change.since
    else:
        since = standing.since
    return replace(
        _worded(standing, condition),
        level=change.level,
        step=change.step,
        since=since,
        at=now,
        pending=None,
        doubt=change.doubt,
    )


def _worded(standing: Standing, condition: Condition) -> Standing:
    """The standing with what this look says of it; a login that is gone stays known."""
    known = condition.login is not None and condition.login != Login()
    return replace(
        standing,
        labels=condition.labels,
        summary=condition.summary,
        remedy=condition.remedy,
        login=condition.login if known else standing.login,
        seen=True,
    )


def _counted(rises: tuple[Rise, ...], change: Pending) -> tuple[Rise, ...]:
    recent = tuple(one for one in rises if change.since - one.at < FLAPPING_WINDOW)
    return (*recent, Rise(change.level, change.step, change.since))


def _calm_at(rises: tuple[Rise, ...], rank: Rank, now: datetime) -> datetime:
    """When fewer than three rises to this rank lie within a day; `now` if that is so already."""
    same = sorted(one.at for one in rises if one.rank == rank)
    return max(now, same[-FLAPPING_RISES] + FLAPPING_WINDOW) if len(same) >= FLAPPING_RISES else now


def _until(standing: Standing, condition: Condition, now: datetime, span: timedelta) -> datetime | None:
    if standing.pending is None:
        return None
    lasted = standing.pending.since + span
    if standing.pending.rank < standing.rank:
        if condition.held:
            return None
        lasted = max(lasted, _calm_at(standing.rises, standing.rank, now))
    return lasted if lasted > now else None
