"""Moments and spans as the page says them; all in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS: Final = (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))


def parse(text: str | None) -> datetime | None:
    """A moment of one of our documents; None where there is none. Raises ValueError for what is no moment."""
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def day(at: datetime, now: datetime) -> str:
    """`Thu 3 Dec`, with the year where it is another one; `today` and `tomorrow` where it is so."""
    at = at.astimezone(UTC)
    away = (at.date() - now.astimezone(UTC).date()).days
    if away in (0, 1):
        return "tomorrow" if away else "today"
    return date(at, now)


def date(at: datetime, now: datetime) -> str:
    """`Thu 3 Dec`, with the year where it is another one."""
    at = at.astimezone(UTC)
    year = f" {at.year}" if at.year != now.astimezone(UTC).year else ""
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}{year}"


def moment(at: datetime, now: datetime) -> str:
    """`Thu 3 Dec, 14:05`."""
    return f"{date(at, now)}, {at.astimezone(UTC):%H:%M}"


def relative(at: datetime, now: datetime) -> str:
    """`in 2 days`, `3 hours ago`, `now`."""
    away = at - now
    span = spell(abs(away))
    if span == NOTHING:
        return "now"
    return f"in {span}" if away > timedelta() else f"{span} ago"


NOTHING: Final = "less than a minute"
MANY: Final = 7


def spell(span: timedelta) -> str:
    """`2 days`, `3 hours`: the largest unit of which there are enough, rounded where there are many."""
    seconds = span.total_seconds()
    for name, size in _UNITS:
        count = round(seconds / size) if seconds >= MANY * size else int(seconds // size)
        if count >= (2 if name in ("year", "month") else 1):
            return f"{count} {name}{'s' if count > 1 else ''}"
    return NOTHING
