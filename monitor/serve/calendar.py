"""The deadlines as a calendar (RFC 5545): one event each, an alarm for every lead step, the same UID for ever; log-ins
that are only expected as days without an alarm.

The icalendar package costs six bare interpreters to import, and a resting daemon 8 MiB; its parser reads ours in tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from alerts.formats import calendar_text
from alerts.timefmt import date, moment, parse, span
from monitor import __version__
from monitor.check.status import zone

TYPE: Final = "text/calendar; charset=utf-8"
OCTETS: Final = 75  # of a line, its end not counted (RFC 5545, 3.1)
LENGTH: Final = timedelta(minutes=30)  # of an event: one without length is hard to hit with a finger


def calendar(overview: Mapping[str, Any], host: str) -> str:
    """The calendar of what a check left. Raises KeyError, TypeError or ValueError where it left something else."""
    stamp = _utc(parse(overview.get("at")) or datetime(1970, 1, 1, tzinfo=UTC))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//authwatch//{__version__}//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{calendar_text(f'Logins on {host}')}",
        f"X-WR-CALNAME:{calendar_text(f'Logins on {host}')}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for one in overview.get("deadlines", ()):
        lines += _event(one, host, stamp, zone(overview))
    for one in overview.get("estimates", ()):
        lines += _estimate(one, host, stamp, zone(overview))
    return "".join(f"{line}\r\n" for text in [*lines, "END:VCALENDAR"] for line in _folded(text))


#: What a person does about the kinds that nobody logs in with.
_DEEDS: Final = {"api_key": "Replace", "cert": "Renew", "manual": "Renew"}


def _event(one: Mapping[str, Any], host: str, stamp: str, reader: tzinfo | None) -> Iterator[str]:
    at = parse(one["at"])
    if at is None or at.year > 9998:
        return
    summary = calendar_text(f"{_DEEDS.get(one.get('kind', ''), 'Log in again')}: {one['name']}")
    fix = f"\nfix: {one['remedy']}" if one["remedy"] else ""
    words = f"Expires {moment(at, zone=reader)} on {host}.{fix}"  # no distance: a calendar keeps it for weeks
    yield "BEGIN:VEVENT"
    yield _uid(host, one["key"])
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART:{_utc(at)}"
    yield f"DTEND:{_utc(at + LENGTH)}"
    yield f"SUMMARY:{summary}"
    yield f"DESCRIPTION:{calendar_text(words)}"
    yield "TRANSP:TRANSPARENT"  # the hour stays free
    for step in sorted({int(step) for step in one["steps"]}, reverse=True):
        yield from (
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{summary}",
            f"TRIGGER:{_before(step)}",
            "END:VALARM",
        )
    yield "END:VEVENT"


def _estimate(one: Mapping[str, Any], host: str, stamp: str, reader: tzinfo | None) -> Iterator[str]:
    """A day without an alarm: nobody knows the moment, past log-ins let expect it."""
    at = parse(one["at"])
    if at is None or at.year > 9998:
        return
    spread = timedelta(seconds=int(one["spread"]))
    give = f", give or take {span(spread)}" if spread else ""
    about = f"Log in again soon: {one['name']} (estimate)"
    basis = f"an estimate from {one['logins']} past log-ins"
    words = f"About {date(at, zone=reader)}{give}, on {host}: {basis}. It has no expiry date."
    yield "BEGIN:VEVENT"
    yield _uid(host, f"{one['key']}\0estimate")
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{at.astimezone(reader):%Y%m%d}"
    yield f"SUMMARY:{calendar_text(about)}"
    yield f"DESCRIPTION:{calendar_text(words)}"
    yield "STATUS:TENTATIVE"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _uid(host: str, what: str) -> str:
    digest = hashlib.sha256(f"{host}\0{what}".encode("utf-8", "replace")).hexdigest()
    return f"UID:{digest[:32]}@authwatch"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _before(seconds: int) -> str:
    """A span before the event: in days where it is days, else in seconds (RFC 5545, 3.3.6)."""
    days, rest = divmod(seconds, 86400)
    return f"-PT{seconds}S" if rest or not days else f"-P{days}D"


def _folded(line: str) -> Iterable[str]:
    """A content line in pieces of at most 75 octets, never cut within a character; all but the first with a space."""
    pieces, piece, size = [], "", 0
    for char in line:
        width = len(char.encode("utf-8", "replace"))
        if size + width > OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += char
        size += width
    return [*pieces, piece]
