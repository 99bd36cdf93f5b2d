"""The scalars of the config: spans of time, days, times of day, zones, names, paths, addresses."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerts.model import Level
from monitor.config.secrets import place
from monitor.config.shapes import Choice, Raw, ReadContext, Scalar
from monitor.config.spans import PATTERN, WORDS, parse_span
from monitor.model import Kind
from monitor.sources.timestamps import moment

#: A name inside keys, labels and paths: no slash, because keys are `source/agent/profile`.
NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
#: The same, with the profile of an OpenClaw that was found beside the listed one behind it.
SOURCE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(@[A-Za-z0-9][A-Za-z0-9_-]{0,63})?$"
HOUR: Final = timedelta(hours=1)
VARIABLE_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
PROVIDER_PATTERN: Final = r"^[^\x00-\x20\x7f/]{1,128}$"
LISTEN: Final = re.compile(r"^(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9.-]*):(\d{1,5})$")


def _span(text: str, _: ReadContext) -> timedelta:
    return parse_span(text)


def _positive(text: str, _: ReadContext) -> timedelta:
    span = parse_span(text)
    if not span:
        raise ValueError(f"expected {WORDS}, got zero")
    return span


def _hourly(text: str, _: ReadContext) -> timedelta:
    span = parse_span(text)
    if span < HOUR:
        raise ValueError("expected at least 1h: providers are asked at most hourly")
    return span


def _bool(text: str, _: ReadContext) -> bool:
    return text == "true"


def _day(text: str, _: ReadContext) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'not a valid date; expected YYYY-MM-DD, got "{text}"') from None


def _when(text: str, _: ReadContext) -> str:
    try:
        found = moment(text)
    except ValueError:
        found = None
    if found is None:
        raise ValueError("not a valid date; expected 2027-01-31 or 2027-01-31T12:00:00Z")
    return text


def _clock(text: str, _: ReadContext) -> time:
    hour, minute = text.split(":")
    return time(int(hour), int(minute))


def zone(name: str) -> ZoneInfo:
    """A time zone of the IANA database; ValueError if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        raise ValueError("unknown time zone; expected a name such as Europe/Stockholm or UTC") from None


def _zone(text: str, _: ReadContext) -> ZoneInfo:
    return zone(text)


def _path(text: str, site: ReadContext) -> str:
    path = site.host.path(text) if text == "~" or text.startswith("~/") else site.folder / text
    return str(path)


def _file(text: str, site: ReadContext) -> str:
    return str(place(text, site.host, site.folder))


def _listen(text: str, _: ReadContext) -> str:
    if int(text.rpartition(":")[2]) > 65535:
        raise ValueError("expected a port of at most 65535")
    return text


_ONE_LINE: Final = r"^[^\x00-\x1f\x7f]{1,1024}$"

TEXT: Final = Scalar("text on one line", _ONE_LINE)
REMEDY: Final = Scalar("what to do, as text on one line", _ONE_LINE)
NAME: Final = Scalar("a name of letters, digits, '.', '_' and '-'", NAME_PATTERN)
SOURCE: Final = Scalar(f"{NAME.words} (openclaw@PROFILE for a profile of OpenClaw)", SOURCE_PATTERN)
PROVIDER: Final = Scalar("a provider such as anthropic", PROVIDER_PATTERN)
VARIABLE: Final = Scalar("a variable name such as GROQ_API_KEY", VARIABLE_PATTERN)
KEY: Final = Scalar(
    "the key of a login such as openclaw/main/anthropic:default", r"^[^/\x00-\x1f]+/[^/\x00-\x1f]+/[^\x00-\x1f]+$"
)
PATH: Final = Scalar("a path: absolute, ~/…, or relative to the config file", _ONE_LINE, _path)
FILE: Final = Scalar(
    "a file: absolute, ~/…, relative to the config file, or the name of a systemd credential", _ONE_LINE, _file
)
HOURLY: Final = Scalar("a time span of at least 1h, such as 24h", PATTERN, _hourly)
ASKED: Final = Scalar(
    "an address https://HOST[:PORT][/PATH] without user, query and fragment (http:// only for this machine)",
    r"^(https://[A-Za-z0-9.-]{1,253}|http://(localhost|127\.0\.0\.1|\[::1\]))(:\d{1,5})?(/[A-Za-z0-9._~/-]{0,256})?$",
)
SPAN: Final = Scalar(WORDS, PATTERN, _span)
POSITIVE: Final = Scalar(WORDS, PATTERN, _positive)
DAY: Final = Scalar("a date such as 2026-03-01", r"^\d{4}-\d{2}-\d{2}$", _day)
WHEN: Final = Scalar(
    "a date (from 00:00 UTC) or a moment such as 2027-01-31T12:00:00Z",
    r"^\d{4}-\d{2}-\d{2}([Tt ][0-9:.+Zz-]{1,40})?$",
    _when,
)
CLOCK: Final = Scalar("a time of day such as 22:00", r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$", _clock)
ZONE: Final = Scalar("a time zone such as Europe/Stockholm", r"^[A-Za-z0-9_+/-]{1,64}$", _zone)
SSH_HOST: Final = Scalar(
    "a destination for ssh such as me@vps-1.example, or a Host of ~/.ssh/config",
    r"^[A-Za-z0-9_\[][A-Za-z0-9._@:%\[\]-]{0,250}$",
)
PAGE_URL: Final = Scalar(
    "an address such as https://vps-1.example/authwatch",
    r"^https?://[A-Za-z0-9.\[\]:-]{1,253}(/[A-Za-z0-9._~/-]{0,256})?$",
)
BOOL: Final = Scalar("true or false", r"^(true|false)$", _bool, {"type": "boolean"})
LISTEN_AT: Final = Scalar("an address and port such as 127.0.0.1:9797 or [::1]:9797", LISTEN.pattern, _listen)
SECRET: Final = Raw("text (a secret; ${VAR} is replaced by that environment variable)")
SECRET_FILE: Final = Raw(
    "a file that holds the secret: absolute, ~/…, relative to the config file, or a systemd credential"
)

AT_LEAST: Final = Choice(tuple(level for level in Level if level is not Level.FINE))
KIND: Final = Choice(tuple(Kind))
PRIVACY: Final = Choice(("full", "masked"))
DIGEST: Final = Choice(("daily", "weekly"))
