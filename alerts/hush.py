"""When not to speak: quiet hours, silences, acknowledgements (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from alerts.dataclass import replace
from alerts.model import Hush, Level, Quiet, Silence, Standing

FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def covers(match: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a silence's match covers something: it needs every label it names."""
    return all(labels.get(name) == value for name, value in match.items())


def concerns(match: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a channel's match lets something through: it compares only the labels that are there."""
    return all(labels.get(name, value) == value for name, value in match.items())


def worst(match: Mapping[str, str], standings: Iterable[Standing]) -> Level:
    """The level up to which a new silence hides: the worst it covers now, `now` where nothing is wrong yet."""
    levels = [one.level for one in standings if one.level is not Level.FINE and covers(match, one.labels)]
    return max(levels, key=lambda level: level.rank, default=Level.NOW)


def hushed_until(hush: Hush, standing: Standing, now: datetime) -> datetime:
    """When new, worse and reminders of this standing may be said: `now`, the end of what hides them, or FOREVER."""
    silenced = (
        one.until
        for one in hush.silences
        if standing.level.rank <= one.level.rank and covers(one.match, standing.labels)
    )
    known = (one.until or FOREVER for one in hush.acknowledgements if (one.key, one.at) == (standing.key, standing.at))
    return max(now, *silenced, *known, now)


def quiet_window(quiet: Quiet | None, now: datetime) -> tuple[datetime, datetime] | None:
    """The quiet hours around `now` as UTC moments (begin included, end not); None outside them."""
    if quiet is None:
        return None
    today = now.astimezone(quiet.zone).date()
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        begin, end = _window(quiet, day)
        if begin <= now < end:
            return begin, end
    return None


def _window(quiet: Quiet, day: date) -> tuple[datetime, datetime]:
    """The window that begins on a local day; where the clock is set back it takes in the whole repeated hour."""
    last = day if quiet.start <= quiet.end else day + timedelta(days=1)
    begin = datetime.combine(day, quiet.start.replace(fold=0), tzinfo=quiet.zone)
    end = datetime.combine(last, quiet.end.replace(fold=1), tzinfo=quiet.zone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def follow(silence: Silence, old: Mapping[str, str], new: Mapping[str, str]) -> Silence:
    """The silence after a key it covers moved from labels `old` to labels `new`; unchanged if it covers neither."""
    if not covers(silence.match, old):
        return silence
    return replace(silence, match={name: new.get(name, value) for name, value in silence.match.items()})
