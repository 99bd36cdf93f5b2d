"""The look of a check, before anything heavy is imported: what is found, and whether it is the same as before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from alerts.dataclass import dataclass, field, replace
from alerts.timefmt import date
from monitor.config.settings import Settings, SourceEntry
from monitor.model import OURSELVES, Evidence, Finding, Observation, Problem, Trouble
from monitor.sources import beside, observe_all, sessions
from monitor.system.host import Host

#: Nothing that is watched existed before; a clock that says so belongs to a board without a battery.
EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What a check is to do.

    `caller` is a shell line that starts authwatch again, for the buttons of notifications.
    """

    settings: Settings
    caller: str = field(default="", repr=False)  # not in the digest: it is no part of the answer


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
    detail = f"it says {date(now)}, so no deadline can be told; set it with: sudo timedatectl set-ntp true"
    return (*seen, Trouble(OURSELVES, Problem.UNREADABLE, "the clock", detail))


def _lost(finding: Finding) -> bool:
    """A login that is not there is nothing to show where nobody asked for it."""
    return isinstance(finding, Observation) and finding.evidence is Evidence.ABSENT


def digest(asked: CheckOptions, findings: tuple[Finding, ...], host: Host, now: datetime) -> str:
    """A keyed digest of what was seen and what is configured; the same digest means the same answer until `until`.

    When something was last used matters only when it should have been renewed by then.
    """
    seen = sorted(host.fingerprint(repr(_calm(finding, now))) for finding in findings)
    secrets = [channel.url.reveal() for channel in asked.settings.channels if channel.url]
    return host.fingerprint(repr((asked, secrets, seen)))


def _calm(finding: Finding, now: datetime) -> Finding:
    if not isinstance(finding, Observation):
        return finding
    if finding.use.last_used_at is None or sessions.late(finding, now):
        return finding
    return replace(finding, use=replace(finding.use, last_used_at=None))
