"""Moments and spans as people read them, and moments as programs do, for both packages; PURE.

A sentence that is kept (in a status document, an alert, a row of the history) names its moments in UTC, by `moment`;
whoever shows or sends it gives it to `for_reader`, who knows the reader's clock. A `zone` of None is the machine's own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_YEAR: Final = timedelta(days=365)
#: What `moment` writes in UTC, and a word before it that wants a moment rather than a distance.
_MOMENT: Final = re.compile(
    r"\b((?:until|since|before|after|from|by|at|on) )?"
    rf"(?:{'|'.join(_DAYS)}) (\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}}), (\d\d):(\d\d) UTC\b"
)


def on_clock(at: datetime, zone: tzinfo | None) -> datetime:
    """The moment on a clock (None: the machine's); in UTC where that clock has no such day, as at the end of 9999."""
    try:
        return at.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return at.astimezone(UTC)


def moment(at: datetime, now: datetime | None = None, zone: tzinfo | None = UTC) -> str:
    """`Thu 3 Dec 2026, 14:05 UTC`, never in the language of the machine; with `now`, `Thu 3 Dec, 14:05`, for a page
    that names the zone once."""
    at = on_clock(at, zone)
    return f"{date(at, now, zone)}, {at:%H:%M}{'' if now else f' {at.tzname()}'}"


def date(at: datetime, now: datetime | None = None, zone: tzinfo | None = UTC) -> str:
    """`Thu 3 Dec 2026`; without the year where it is that of `now`."""
    at = on_clock(at, zone)
    year = "" if now and at.year == on_clock(now, zone).year else f" {at.year}"
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}{year}"


def near(at: datetime, zone: tzinfo | None) -> str:
    """A moment whose year goes without saying: `Sat 28 Nov, 17:05 CET`."""
    at = on_clock(at, zone)
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}, {at:%H:%M} {at.tzname()}"


def when(at: datetime, now: datetime, zone: tzinfo | None) -> str:
    """A moment as a reader wants it: `in 2 days (Sat 28 Nov, 17:05 CET)` within a week, else `moment`."""
    if abs(at - now) > _WEEK:
        return moment(at, zone=zone)
    return f"{relative(at, now)} ({near(at, zone)})"


def for_reader(text: str, now: datetime | None, zone: tzinfo | None) -> str:
    """A kept sentence with its moments on the reader's clock: each as `when` has it, the distance last behind a word
    such as "until" (`until Sat 28 Nov, 17:05 CET (in 2 days)`). Without `now`, absolute ones only, which stay true for
    as long as the sentence does."""

    def told(found: re.Match[str]) -> str:
        before, day, month, year, hour, minute = found.groups(default="")
        try:
            at = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), tzinfo=UTC)
            if now is None or abs(at - now) > _WEEK:
                return f"{before}{moment(at, zone=zone)}"
            return f"{before}{near(at, zone)} ({relative(at, now)})" if before else when(at, now, zone)
        except (ValueError, OverflowError):  # a day that no calendar has: somebody else's words
            return found[0]

    return _MOMENT.sub(told, text)


def day(at: datetime, now: datetime, zone: tzinfo | None = UTC) -> str:
    """`date`, but `today` and `tomorrow` where it is so."""
    away = (on_clock(at, zone).date() - on_clock(now, zone).date()).days
    return {0: "today", 1: "tomorrow"}.get(away) or date(at, now, zone)


def relative(at: datetime, now: datetime) -> str:
    """How far off a moment is: `in 3 days`, `2 h ago`, `now`."""
    length = abs(at - now)
    if length < _MINUTE:
        return "now"
    return f"in {span(length)}" if at > now else f"{span(length)} ago"


def span(length: timedelta) -> str:
    """How long something takes, rounded to what matters: `30 s`, `45 min`, `8 h`, `10 days`, `3 years`."""
    if length < _MINUTE:
        return f"{round(length.total_seconds())} s"
    if (minutes := round(length / _MINUTE)) < 120:
        return f"{minutes} min"
    if (hours := round(length / _HOUR)) < 48:
        return f"{hours} h"
    years = round(length / _YEAR)
    return f"{years} years" if length >= 2 * _YEAR else f"{round(length / _DAY)} days"


def iso(at: datetime | None, precision: str = "") -> str | None:
    """A moment as JSON has it, `2026-12-03T14:05:00Z`: in UTC, to the millisecond where it has any, or as asked for."""
    if at is None:
        return None
    precision = precision or ("milliseconds" if at.microsecond >= 1000 else "seconds")
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def parse(text: str | None) -> datetime | None:
    """A moment of one of our documents; None where there is none. Raises ValueError for what is no moment."""
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
