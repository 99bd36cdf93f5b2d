"""When not to speak: quiet hours, silences, acknowledgements, and what people ask for in words (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Final

from alerts.model import Acknowledgement, Alert, Level, Muting, QuietHours, Silence

FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def covers(match: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a silence's match covers something: it needs every label it names."""
    return all(labels.get(name) == value for name, value in match.items())


def concerns(match: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a channel's match lets something through: it compares only the labels that are there."""
    return all(labels.get(name, value) == value for name, value in match.items())


def worst(match: Mapping[str, str], alerts: Iterable[Alert]) -> Level:
    """The level up to which a new silence hides: the worst it covers now, `now` where nothing is wrong yet."""
    levels = [one.level for one in alerts if one.level is not Level.FINE and covers(match, one.labels)]
    return max(levels, key=lambda level: level.rank, default=Level.NOW)


def suppressed_until(muting: Muting, alert: Alert, now: datetime) -> datetime:
    """When new, worse and reminders of this alert may be said: `now`, the end of what hides them, or FOREVER."""
    silenced = (
        one.until for one in muting.silences if alert.level.rank <= one.level.rank and covers(one.match, alert.labels)
    )
    known = (one.until or FOREVER for one in muting.acknowledgements if (one.key, one.at) == (alert.key, alert.at))
    return max(now, *silenced, *known, now)


def quiet_window(quiet: QuietHours | None, now: datetime) -> tuple[datetime, datetime] | None:
    """The quiet hours around `now` as UTC moments (begin included, end not); None outside them."""
    if quiet is None:
        return None
    today = now.astimezone(quiet.zone).date()
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        begin, end = _window(quiet, day)
        if begin <= now < end:
            return begin, end
    return None


def _window(quiet: QuietHours, day: date) -> tuple[datetime, datetime]:
    """The window that begins on a local day; where the clock is set back it takes in the whole repeated hour."""
    last = day if quiet.start <= quiet.end else day + timedelta(days=1)
    begin = datetime.combine(day, quiet.start.replace(fold=0), tzinfo=quiet.zone)
    end = datetime.combine(last, quiet.end.replace(fold=1), tzinfo=quiet.zone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def follow(silence: Silence, old: Mapping[str, str], new: Mapping[str, str]) -> Silence:
    """The silence after a key it covers moved from labels `old` to labels `new`; unchanged if it covers neither."""
    if not covers(silence.match, old):
        return silence
    return silence._replace(match={name: new.get(name, value) for name, value in silence.match.items()})


#: Labels that conditions have; a match may name no other.
LABELS: Final = ("source", "agent", "provider", "profile", "kind", "channel", "problem", "store")
LONGEST: Final = timedelta(days=366)
NOTE_CHARACTERS: Final = 500


class CannotMute(Exception):
    """Why a wish cannot be granted, with what would be right."""


def parse_match(text: str) -> dict[str, str]:
    """`provider=anthropic,agent=main` as labels; CannotMute with a suggestion where it is no such thing."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not (name and equals and value):
            raise CannotMute(f'expected LABEL=VALUE, such as provider=anthropic,agent=main, got "{part}"')
        if name not in LABELS:
            raise CannotMute(f'unknown label "{name}"{_near(name, LABELS, "known: " + ", ".join(LABELS))}')
        if found.get(name, value) != value:
            raise CannotMute(f'{name} is given twice ("{found[name]}" and "{value}"); make two silences')
        found[name] = value
    return found


def match_of(alert: Alert) -> dict[str, str]:
    """What covers one alert and keeps covering it: not what may change while it is the same login or store."""
    return {name: value for name, value in alert.labels.items() if name not in ("kind", "problem")}


def span(asked: timedelta) -> timedelta:
    """A span to hide for: more than nothing, at most a year."""
    if not timedelta() < asked <= LONGEST:
        raise CannotMute(
            f"expected a span of more than 0 s and at most {LONGEST.days} days; to mute for good: authwatch ignore KEY"
        )
    return asked


def silence(
    match: Mapping[str, str], alerts: Collection[Alert], now: datetime, length: timedelta, note: str, author: str
) -> Silence:
    """A silence over what these labels cover, as bad as it is now; CannotMute where they cover nothing that is
    known."""
    if not any(covers(match, one.labels) for one in alerts):
        raise CannotMute(_covers_nothing(match, alerts))
    return Silence(0, match, now + span(length), worst(match, alerts), now, _noted(note), author)


def acknowledgement(
    key: str, alerts: Mapping[str, Alert], now: datetime, length: timedelta | None, note: str, author: str
) -> Acknowledgement:
    """An acknowledgement of what stands at a key; CannotMute where nothing stands there."""
    alert = alerts.get(key)
    if alert is None:
        raise CannotMute(f'unknown key "{key}"{_near(key, alerts, "to list alerts: authwatch alerts list")}')
    if alert.level is Level.FINE:
        raise CannotMute(f"{key} has no active alert to acknowledge; to list alerts: authwatch alerts list")
    until = now + span(length) if length is not None else None
    return Acknowledgement(key, alert.at, until, now, _noted(note), author)


def _noted(note: str) -> str:
    if len(note) > NOTE_CHARACTERS:
        raise CannotMute(f"a note can have at most {NOTE_CHARACTERS} characters, got {len(note)}")
    return note


def _covers_nothing(match: Mapping[str, str], alerts: Collection[Alert]) -> str:
    """Which label is to blame: the first whose value nothing has, else the combination."""
    if not alerts:
        return "there is nothing to silence yet; first run: authwatch check"
    for name, value in match.items():
        values = {one.labels[name] for one in alerts if name in one.labels}
        if value not in values:
            shown = ", ".join(sorted(values)[:5]) or "none"
            return f'unknown {name} "{value}"{_near(value, values, f"known: {shown}")}'
    return f"nothing has all of {', '.join(f'{n}={v}' for n, v in match.items())}"


def _near(word: str, among: Iterable[str], otherwise: str) -> str:
    near = get_close_matches(word, list(among), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; {otherwise}"
