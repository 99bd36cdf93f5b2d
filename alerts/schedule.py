"""Messages that go out on a schedule: a channel's canary, the digest of all logins (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from alerts.decide import ChannelView
from alerts.message import name_of
from alerts.model import Alert, Attempt, Item, Level, Reason
from alerts.muting import FOREVER, concerns, suppressed_until
from alerts.notification_state import paused_until, retry_at
from alerts.timefmt import moment, relative

MOST: Final = 10
#: How far ahead it looks.
AHEAD: Final = timedelta(days=30)


def digest(alerts: Iterable[Alert], match: Mapping[str, str], now: datetime) -> str:
    """What a channel with this `match` should know of everything, one sentence a line."""
    mine = [one for one in alerts if concerns(match, one.labels)]
    bad = sorted((one for one in mine if one.level is not Level.FINE), key=_worst_first)
    logins = [one for one in mine if "profile" in one.labels]
    fine = sum(one.level is Level.FINE for one in logins)
    lines = [f"{fine} of {len(logins)} {'login needs' if len(logins) == 1 else 'logins need'} nobody."]
    lines += [one.summary or name_of(one) for one in bad[:MOST]]
    if len(bad) > MOST:
        lines.append(f"… and {len(bad) - MOST} more: authwatch status")
    return "\n".join([*lines, *_ahead(logins, now)])


def _ahead(logins: Iterable[Alert], now: datetime) -> Iterator[str]:
    """What comes in the next 30 days, or else the first after them."""
    coming = sorted(_coming(logins, now))
    near = [words for at, words in coming if at <= now + AHEAD]
    yield "In the next 30 days:" if near else "In the next 30 days nobody has to log in, as far as can be told."
    yield from near[:MOST]
    if len(near) > MOST:
        yield f"… and {len(near) - MOST} more: authwatch history --next 30d"
    if coming and not near:
        yield f"Next: {coming[0][1]}"


def _coming(logins: Iterable[Alert], now: datetime) -> Iterator[tuple[datetime, str]]:
    """The log-ins ahead of those that need nobody yet: those known, and those that past ones let expect."""
    for one in logins:
        login = one.login if one.level is Level.FINE else None
        if login and login.deadline and login.deadline > now:
            yield login.deadline, f"{name_of(one)} ends {moment(login.deadline)} ({relative(login.deadline, now)})."
        elif login and login.expected_at and not login.deadline:
            day = f"{login.expected_at:%Y-%m-%d}" if login.expected_at > now else "any day now"
            yield login.expected_at, f"{name_of(one)} needs a log-in about {day}, by its past ones."


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
    for key, span in _routines(view, every):
        alert = _alert_of(key, view, everything)
        known = view.notified.get((view.channel.id, key))
        attempt = view.attempts.get((view.channel.id, key))
        at = max(
            known.at + span if known else view.now,
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


def _alert_of(key: str, view: ChannelView, alerts: tuple[Alert, ...]) -> Alert:
    """What is said, in the shape of news; always the same episode, so that failures are waited for."""
    label = view.channel.label
    words = (
        f"This is the regular test message of the channel {label}: alerts reach you here. Nothing is to be done."
        if key == CANARY
        else digest(alerts, view.channel.match, view.now)
    )
    return Alert(key, Level.INFO, since=_BEGINNING, at=_BEGINNING, labels={"channel": label}, summary=words)
