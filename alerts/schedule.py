"""Messages that go out on a schedule: a channel's canary, the digest of all logins (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from alerts.decide import ChannelView
from alerts.message import name_of
from alerts.model import Alert, Attempt, Item, Level, Reason
from alerts.muting import FOREVER, concerns, suppressed_until
from alerts.notification_state import paused_until, retry_at
from alerts.timefmt import date, moment, span

MOST: Final = 10
#: How far ahead it looks.
AHEAD: Final = timedelta(days=30)


def digest(alerts: Iterable[Alert], match: Mapping[str, str], now: datetime) -> str:
    """What a channel with this `match` should know of everything, one sentence a line; moments as `moment` has them."""
    mine = [one for one in alerts if concerns(match, one.labels)]
    bad = sorted((one for one in mine if one.level is not Level.FINE), key=_worst_first)
    logins = [one for one in mine if "profile" in one.labels]
    lines = [_counted(logins), *(one.summary or name_of(one) for one in bad[:MOST])]
    if len(bad) > MOST:
        lines.append(f"… and {len(bad) - MOST} more: authwatch status")
    if not bad:
        lines.append("No action needed.")
    return "\n".join([*lines, *_ahead(logins, now)])


def _counted(logins: Sequence[Alert]) -> str:
    if not logins:
        return "No logins here."
    wrong = sum(one.level is not Level.FINE for one in logins)
    if not wrong:
        return f"All {len(logins)} logins are OK." if len(logins) != 1 else "1 login, and it is OK."
    return f"{wrong} of {len(logins)} login{'s' * (len(logins) != 1)} need{'s' * (wrong == 1)} you."


def _ahead(logins: Iterable[Alert], now: datetime) -> Iterator[str]:
    """What comes in the next 30 days, or else the first after them."""
    coming = sorted(_coming(logins, now))
    near = [words for at, words in coming if at <= now + AHEAD]
    yield "In the next 30 days:" if near else "In the next 30 days no other login is expected to need you."
    yield from near[:MOST]
    if len(near) > MOST:
        yield f"… and {len(near) - MOST} more: authwatch history --next 30d"
    if coming and not near:
        yield f"After that: {coming[0][1]}"


def _coming(logins: Iterable[Alert], now: datetime) -> Iterator[tuple[datetime, str]]:
    """The log-ins ahead of those that need nobody yet: those known, and those that past ones let expect."""
    for one in logins:
        login = one.login if one.level is Level.FINE else None
        if login and login.deadline and login.deadline > now:
            yield login.deadline, f"{name_of(one)} expires {moment(login.deadline)}."
        elif login and login.expected_at and not login.deadline:
            day = f"around {date(login.expected_at)}" if login.expected_at > now else "any day now"
            yield login.expected_at, f"{name_of(one)} probably needs a new login {day}, judging by past ones."


def _worst_first(one: Alert) -> tuple[int, str]:
    return -one.level.rank, one.key


#: The keys under which their deliveries are remembered; no condition has one without a slash.
CANARY: Final = "canary"
DIGEST: Final = "digest"

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def scheduled_items(
    view: ChannelView, every: timedelta | None, alerts: Iterable[Alert]
) -> tuple[tuple[Item, ...], datetime | None]:
    """What this channel is to hear on schedule now, and when the next is due; `every` is the digest's span.

    The first goes at once, the next a span after the last that arrived; quiet hours, silences, a rate limit and the
    waits after a failure put it off.
    """
    everything = tuple(alerts)
    paused = paused_until(view.attempts.values(), view.channel, view.now)
    items, moments = [], [FOREVER]
    for key, interval in _routines(view, every):
        alert = _alert_of(key, interval, view, everything)
        known = view.notified.get((view.channel.id, key))
        attempt = view.attempts.get((view.channel.id, key))
        at = max(
            known.at + interval if known else view.now,
            suppressed_until(view.muting, alert, view.now),
            view.window[1] if view.window else view.now,
            retry_at(attempt, alert, view.now),
            paused,
        )
        if at <= view.now:
            items.append(Item(alert, Reason.ROUTINE))
        else:
            moments.append(at)
    first = min(moments)
    return tuple(items), None if first == FOREVER else first


def stuck_canary(view: ChannelView) -> Attempt | None:
    """The first unheard try of a canary that has not arrived since."""
    tried = view.attempts.get((view.channel.id, CANARY)) if view.channel.canary else None
    return tried if tried and not tried.resting else None


def _routines(view: ChannelView, every: timedelta | None) -> Iterator[tuple[str, timedelta]]:
    if view.channel.canary:
        yield CANARY, view.channel.canary
    if every:
        yield DIGEST, every


def _alert_of(key: str, interval: timedelta, view: ChannelView, alerts: tuple[Alert, ...]) -> Alert:
    """What is said, in the shape of news; always the same episode, so that failures are waited for."""
    label = view.channel.label
    later = f"every {span(interval)}; the next one is due {moment(view.now + interval)}."
    words = (
        f"Regular test message of channel {label}: alerts can reach you here.\nNo action needed.\nSent {later}"
        if key == CANARY
        else f"{digest(alerts, view.channel.match, view.now)}\nThis overview is sent {later}"
    )
    return Alert(key, Level.INFO, since=_BEGINNING, at=_BEGINNING, labels={"channel": label}, summary=words)
