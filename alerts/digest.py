"""The digest: all logins in a few lines, those that need somebody first, then the next to end (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from alerts.hush import concerns
from alerts.message import moment, name_of, relative
from alerts.model import Level, Standing

MOST: Final = 10


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
    ends = sorted(_ends(logins, now))
    lines += [f"Next: {name} ends {moment(at)} ({relative(at, now)})." for at, name in ends[:3]]
    return "\n".join(lines)


def _ends(logins: Iterable[Standing], now: datetime) -> list[tuple[datetime, str]]:
    return [
        (one.login.deadline, name_of(one))
        for one in logins
        if one.level is Level.FINE and one.login and one.login.deadline and one.login.deadline > now
    ]


def _worst_first(one: Standing) -> tuple[int, str]:
    return -one.level.rank, one.key
