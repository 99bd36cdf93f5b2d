"""The digest: all logins in a few lines, those that need somebody first, then the next to end (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from alerts.hush import concerns
from alerts.message import moment, name_of, relative
from alerts.model import Level, Standing

MOST: Final = 10
#: How far ahead it looks.
AHEAD: Final = timedelta(days=30)


def digest(standings: Iterable[Standing], match: Mapping[str, str], now: datetime) -> str:
    """What a channel with this `match` should know of everything, one sentence a line."""
    mine = [one for one in standings if concerns(match, one.labels)]
    bad = sorted((one for one in mine if one.level is not Level.FINE), key=_worst_first)
    logins = [one for one in mine if "profile" in one.labels]
    fine = sum(one.level is Level.FINE for one in logins)
    lines = [f"{fine} of {len(logins)} {'login needs' if len(logins) == 1 else 'logins need'} nobody."]
    lines += [one.summary or name_of(one) for one in bad[:MOST]]
    if len(bad) > MOST:
        lines.append(f"… and {len(bad) - MOST} more: authwatch status")
    return "\n".join([*lines, *_ahead(logins, now)])


def _ahead(logins: Iterable[Standing], now: datetime) -> Iterator[str]:
    """What comes in the next 30 days, or else the first after them."""
    coming = sorted(_coming(logins, now))
    near = [words for at, words in coming if at <= now + AHEAD]
    yield "In the next 30 days:" if near else "In the next 30 days nobody has to log in, as far as can be told."
    yield from near[:MOST]
    if len(near) > MOST:
        yield f"… and {len(near) - MOST} more: authwatch history --next 30d"
    if coming and not near:
        yield f"Next: {coming[0][1]}"


def _coming(logins: Iterable[Standing], now: datetime) -> Iterator[tuple[datetime, str]]:
    """The log-ins ahead of those that need nobody yet: those known, and those that past ones let expect."""
    for one in logins:
        login = one.login if one.level is Level.FINE else None
        if login and login.deadline and login.deadline > now:
            yield login.deadline, f"{name_of(one)} ends {moment(login.deadline)} ({relative(login.deadline, now)})."
        elif login and login.expected_at and not login.deadline:
            day = f"{login.expected_at:%Y-%m-%d}" if login.expected_at > now else "any day now"
            yield login.expected_at, f"{name_of(one)} needs a log-in about {day}, by its past ones."


def _worst_first(one: Standing) -> tuple[int, str]:
    return -one.level.rank, one.key
