"""The look of a check, before anything heavy is imported: what is found, and whether it is the same as before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Final, NamedTuple

from alerts import timefmt
from monitor.config.settings import Settings, SourceEntry
from monitor.model import OURSELVES, Evidence, Finding, Observation, Problem, Secret, Trouble
from monitor.sources import beside, observe_all, sessions
from monitor.system.host import Host, Unreadable

#: Nothing that is watched existed before; a clock that says so belongs to a board without a battery.
EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)


class CheckOptions(NamedTuple):
    """What a check is to do.

    `caller` is a shell line that starts authwatch again, for the buttons of notifications.
    """

    settings: Settings
    caller: str = ""


def watched(settings: Settings, host: Host, now: datetime) -> Settings:
    """The settings, with a source for each further OpenClaw of this user: `openclaw --profile x` made it."""
    listed = [entry for entry in settings.sources if "profile" not in entry.options or entry.type != "openclaw"]
    plain = next((entry for entry in listed if entry.type == "openclaw" and "home" not in entry.options), None)
    if plain is None:
        return settings
    from monitor.openclaw.profiles import beside as profiles

    try:
        return settings._replace(sources=(*listed, *profiles(host, plain, now)))
    except Unreadable:  # the home hangs: the look at the plain folder says so
        return settings


def look(asked: CheckOptions, host: Host, now: datetime) -> tuple[Finding, ...]:
    """What every configured source finds, what is found beside them, and the clock where it cannot be right: every
    deadline then looks far."""
    from monitor.sources.location_variables import located

    listed = asked.settings.sources
    entries = (*listed, *beside(host, asked.settings.policy.unlisted))

    def hinted(alone: Host, entry: SourceEntry, found: list[Finding]) -> list[Finding]:
        if entry in listed:
            return sessions.hinted(alone, found, now)
        return [one for one in found if not _lost(one)]

    seen = tuple(located(host, listed, observe_all(host, entries, hinted)))
    if now >= EARLIEST:
        return seen
    detail = f"it says {timefmt.date(now)}, so no deadline can be told; set it with: sudo timedatectl set-ntp true"
    return (*seen, Trouble(OURSELVES, Problem.UNREADABLE, "the clock", detail))


def _lost(finding: Finding) -> bool:
    """A login that is not there is nothing to show where nobody asked for it."""
    return isinstance(finding, Observation) and finding.evidence is Evidence.ABSENT


def digest(asked: CheckOptions, findings: tuple[Finding, ...], host: Host, now: datetime) -> str:
    """A keyed digest of what was seen and what is configured; the same digest means the same answer until `until`.

    When something was last used matters only when it should have been renewed by then.
    """
    seen = sorted(_canonical((type(finding).__name__, _calm(finding, now)), host) for finding in findings)
    return host.fingerprint(_canonical((asked.settings, seen), host))


def _canonical(value: object, host: Host) -> str:
    """JSON that is the same for equal values, whatever the order of their mappings and sets and in every process."""

    def plain(part: object) -> object:
        match part:
            case Secret():
                return host.fingerprint(part.reveal())
            case datetime() | date() | time():
                return part.isoformat()
            case timedelta():
                return part.total_seconds()
            case Mapping():
                return dict(part)
            case set() | frozenset():
                return sorted(part)
            case Path() | tzinfo():
                return str(part)
        raise TypeError(f"no plain form for {type(part).__name__}")

    return json.dumps(value, default=plain, sort_keys=True)


def _calm(finding: Finding, now: datetime) -> Finding:
    if not isinstance(finding, Observation):
        return finding
    if finding.use.last_used_at is None or sessions.late(finding, now):
        return finding
    return finding._replace(use=finding.use._replace(last_used_at=None))
