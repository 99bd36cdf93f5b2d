"""Whether the wall clock is to be believed, and memories from a future that was not (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from alerts.model import Acknowledgement, Alert, Attempt, Muting, NotificationState, Silence

TOLERANCE: Final = timedelta(seconds=30)
DRIFT: Final = 1000
"""A clock that is slewed gains or loses at most one part in 2000 (adjtimex(2)); twice that is no step."""


class ClockReading(NamedTuple):
    """Both clocks at one moment; `boot` is the time since boot with suspend (CLOCK_BOOTTIME), None if unknown.

    `boot_id` tells boots apart where the system names them; a smaller `boot` than before does as well.
    """

    wall: datetime
    boot: timedelta | None = None
    boot_id: str = ""


class Trust(NamedTuple):
    """Whether to believe `now`; if not, since which reading it is doubted (to remember) and until when."""

    believed: bool
    doubted: ClockReading | None = None
    until: datetime | None = None


def trust(last: ClockReading | None, doubted: ClockReading | None, now: ClockReading, span: timedelta) -> Trust:
    """Whether the wall clock went on as the boot clock did since the `last` believed check.

    After a step it has to go on steadily for `span`, counted from `doubted` (what the last `Trust` gave). A check that
    is believed remembers its reading as the new `last` and no doubt.
    """
    if last is None or _steady(last, now):
        return Trust(True)
    if doubted is None or not _steady(doubted, now):
        doubted = now
    elapsed = _elapsed(doubted, now)
    return Trust(True) if elapsed >= span else Trust(False, doubted, now.wall + span - elapsed)


def _steady(then: ClockReading, now: ClockReading) -> bool:
    gone = now.wall - then.wall
    if then.boot_id != now.boot_id or then.boot is None or now.boot is None or now.boot < then.boot:
        return gone >= timedelta()
    return abs(gone - (now.boot - then.boot)) <= TOLERANCE + (now.boot - then.boot) / DRIFT


def _elapsed(then: ClockReading, now: ClockReading) -> timedelta:
    same = then.boot is not None and now.boot is not None and now.boot >= then.boot
    return now.boot - then.boot if same and now.boot and then.boot else now.wall - then.wall


def past_alert(one: Alert, now: datetime) -> Alert:
    """The alert without moments later than `now`; the same object if it has none."""
    pending = one.pending
    if max(one.since, one.at, *(pending.since,) if pending else (), *(rise.at for rise in one.rises)) <= now:
        return one
    return one._replace(
        since=min(one.since, now),
        at=min(one.at, now),
        pending=pending._replace(since=min(pending.since, now)) if pending else None,
        rises=tuple(rise._replace(at=min(rise.at, now)) for rise in one.rises),
    )


def past_notified(one: NotificationState, now: datetime) -> NotificationState:
    """The state without moments later than `now`."""
    return one if max(one.since, one.at) <= now else one._replace(since=min(one.since, now), at=min(one.at, now))


def past_attempt(one: Attempt, now: datetime) -> Attempt:
    """The attempt without moments later than `now`; it may be repeated as long after `now` as it was after itself."""
    return one._replace(
        first_at=min(one.first_at, now),
        at=min(one.at, now),
        state=past_notified(one.state, now) if one.state else None,
        earlier=tuple(past_notified(notified, now) if notified else None for notified in one.earlier),
    )


def past_muting(muting: Muting, now: datetime) -> Muting:
    """Silences and acknowledgements made later than `now` keep their length from `now` on."""
    return Muting(
        tuple(_past_silence(one, now) for one in muting.silences),
        tuple(_past_acknowledgement(one, now) for one in muting.acknowledgements),
    )


def _past_silence(one: Silence, now: datetime) -> Silence:
    ahead = max(timedelta(), one.made_at - now)
    return one._replace(made_at=one.made_at - ahead, until=one.until - ahead)


def _past_acknowledgement(one: Acknowledgement, now: datetime) -> Acknowledgement:
    ahead = max(timedelta(), one.made_at - now)
    until = one.until - ahead if one.until else None
    return one._replace(at=min(one.at, now), made_at=one.made_at - ahead, until=until)
