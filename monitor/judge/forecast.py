"""When a person will log in next: the known deadline, else what past log-ins let expect; what the next days hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from monitor.judge.deadlines import shift
from monitor.judge.refresh import median
from monitor.model import Evidence, ExpectedLogin, Need, Remembered, Verdict

#: So many gaps between log-ins let expect the next one.
LEAST: Final = 2
#: Log-ins closer to each other were one, tried twice.
APART: Final = timedelta(hours=1)
#: So many of the last log-ins count: habits change.
RECENT: Final = 12


class Coming(NamedTuple):
    """A log-in that is ahead: when, of which verdict, and the estimate it rests on where no deadline is known."""

    at: datetime
    verdict: Verdict
    estimate: ExpectedLogin | None


def expected(logins: Sequence[datetime]) -> ExpectedLogin | None:
    """The next log-in by past ones, oldest first: the last and the median of the gaps between them, with the median
    distance from it. None for fewer than LEAST gaps."""
    last: list[datetime] = []
    for at in logins:
        if not last or at - last[-1] >= APART:
            last.append(at)
    last = last[-RECENT:]
    gaps = [after - before for before, after in pairwise(last)]
    if len(gaps) < LEAST:
        return None
    usual = median(gaps)
    at_last = shift(last[-1], usual)
    return ExpectedLogin(at_last, median([abs(gap - usual) for gap in gaps]), len(last)) if at_last else None


def unstated(known: Mapping[str, Remembered]) -> set[str]:
    """The keys of logins that state no deadline, although one will come: only past log-ins can tell."""
    return {
        key
        for key, one in known.items()
        if one.observation.refreshable and one.deadline is None and one.observation.evidence is Evidence.PRESENT
    }


def estimated(verdict: Verdict, known: Remembered | None) -> ExpectedLogin | None:
    """What is expected of a login without a deadline that still works; None where a deadline is known, or nothing."""
    fine = verdict.deadline is None and verdict.seen.refreshable and verdict.needs_human in (Need.NO, Need.SOON)
    return expected(known.logins) if fine and known else None


def coming(verdicts: Iterable[Verdict], now: datetime, span: timedelta) -> list[Coming]:
    """The log-ins up to `span` from now that somebody will have to do, in order. What is estimated may be overdue."""
    found = []
    for one in verdicts:
        at = one.deadline or (one.expected and one.expected.at)
        if at and one.in_use and not one.ignored and at <= now + span and (one.expected or at > now):
            found.append(Coming(at, one, one.expected))
    return sorted(found, key=lambda one: (one.at, one.verdict.key))
