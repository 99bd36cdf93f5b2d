"""Does a login still renew itself: how often it usually does, and whether it was used after that without a renewal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from monitor.judge.deadlines import rotated_at, same_login, shift
from monitor.model import Evidence, Finding, Observation, Remembered, Renewal

#: So many gaps between renewals make a rhythm.
LEAST: Final = 3
#: How long a use that should have renewed a login may go without that before it counts as broken.
GRACE: Final = timedelta(hours=1)
#: Up to so much of the usual span a renewal may be late without a word.
TOLERANCE: Final = 8


class Rhythm(NamedTuple):
    """How often a program renews a login by itself, learned from `gaps` gaps between renewals.

    `usual` is their median, `spread` the median distance from it, `early` how long before the access ran out it was
    usually renewed (zero: at its end or later; None: nothing is known of ends).
    """

    usual: timedelta
    spread: timedelta
    gaps: int
    early: timedelta | None = None


def rhythm(rotations: Sequence[Renewal]) -> Rhythm | None:
    """How often a program renewed a login by itself, from renewals in a row, oldest first; None for fewer than LEAST
    gaps. What a person renewed ends no gap."""
    pairs = [(before, one) for before, one in pairwise(rotations) if not one.new_login and one.at > before.at]
    if len(pairs) < LEAST:
        return None
    gaps = [one.at - before.at for before, one in pairs]
    margins = [before.access_expires_at - one.at for before, one in pairs if before.access_expires_at]
    usual = median(gaps)
    spread = median([abs(gap - usual) for gap in gaps])
    return Rhythm(usual, spread, len(gaps), max(timedelta(), median(margins)) if margins else None)


def median(spans: Sequence[timedelta]) -> timedelta:
    """The middle one of some spans, at least one; between two of them, their mean. (`statistics` costs an import.)"""
    ordered, half = sorted(spans), len(spans) // 2
    return ordered[half] if len(spans) % 2 else (ordered[half - 1] + ordered[half]) / 2


def due_at(seen: Observation, renewed_at: datetime, usual: Rhythm) -> datetime | None:
    """The moment after which every use should have renewed it; None where the calendar ends.

    A program that renews by the age of the token is due a little after its usual age; one that waits for the end of the
    access is not due before that end comes nearer than it ever let it come: half of what it usually left. Where no
    end is stated, twice the usual age counts.
    """
    slack = max(usual.spread, usual.usual / TOLERANCE, GRACE)
    if seen.access_expires_at is None:
        return shift(renewed_at, 2 * usual.usual + slack)
    end = seen.access_expires_at - (usual.early or timedelta()) / 2
    due = shift(renewed_at, usual.usual + slack)
    return due and max(due, end)


def overused_at(seen: Observation, known: Remembered | None, now: datetime) -> datetime | None:
    """When a use that should have renewed this very login was first seen; `now` if this check is the first, None if
    there is none: idle is not broken."""
    edges = [edge for edge in (_ran_out(seen, now), overdue_since(seen, known, now)) if edge]
    if not edges:
        return None
    first = known.overused_at if known and same_login(seen, known) else None
    return first if first and first >= min(edges) else now


def unrenewed_at(seen: Observation, first: datetime | None, now: datetime) -> datetime | None:
    """When a use after the access ran out counts as broken, if there was one; `first` is `overused_at`."""
    ran_out = _ran_out(seen, now)
    return max(first, ran_out) + GRACE if first and ran_out else None


def stalled_at(seen: Observation, known: Remembered | None, first: datetime | None, now: datetime) -> datetime | None:
    """When a login that lost its rhythm counts as stalled, if it did; `first` is `overused_at`."""
    return first + GRACE if first and overdue_since(seen, known, now) else None


def overdue_since(seen: Observation, known: Remembered | None, now: datetime) -> datetime | None:
    """When its renewal was due by its own rhythm, if it was used after that; None otherwise."""
    used = _used_at(seen)
    if not (known and used and seen.refreshable and seen.evidence is Evidence.PRESENT and same_login(seen, known)):
        return None
    renewed, usual = rotated_at(seen, known, now), rhythm(known.rotations)
    due = due_at(seen, renewed, usual) if renewed and usual else None
    return due if due and due < used else None


def in_question(findings: Iterable[Finding], known: Mapping[str, Remembered]) -> set[str]:
    """The keys whose rhythm could decide: they were used late in the life of their access, or long after a renewal."""
    return {
        seen.credential.key
        for seen in findings
        if isinstance(seen, Observation) and _late_use(seen, known.get(seen.credential.key))
    }


def _late_use(seen: Observation, known: Remembered | None) -> bool:
    used = _used_at(seen)
    if not (known and known.rotated_at and used and seen.refreshable and used > known.rotated_at):
        return False
    ends = seen.access_expires_at
    return ends is None or ends - used < (ends - known.rotated_at) / 4


def _ran_out(seen: Observation, now: datetime) -> datetime | None:
    """The end of the access, if its program says that it was used after that."""
    expiry, used = seen.access_expires_at, seen.use.last_used_at
    return expiry if seen.refreshable and expiry and used and expiry <= now and used > expiry else None


def _used_at(seen: Observation) -> datetime | None:
    use = seen.use
    return max((at for at in (use.last_used_at, use.session_at) if at), default=None)
