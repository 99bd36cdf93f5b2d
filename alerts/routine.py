"""Messages on a schedule that are no news: a channel's canary, the digest (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from alerts.belief import paused_until, retry_at
from alerts.decide import Ear
from alerts.digest import digest
from alerts.hush import FOREVER, hushed_until
from alerts.model import Attempt, Level, News, Reason, Standing

#: The keys under which their deliveries are remembered; no condition has one without a slash.
CANARY: Final = "canary"
DIGEST: Final = "digest"

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def routine_news(
    ear: Ear, every: timedelta | None, standings: Iterable[Standing]
) -> tuple[tuple[News, ...], datetime | None]:
    """What this channel is to hear on schedule now, and when the next is due; `every` is the digest's span.

    The first goes at once, the next a span after the last that arrived; quiet hours, silences, a rate limit and the
    waits after a failure put it off.
    """
    everything = tuple(standings)
    paused = paused_until(ear.attempts.values(), ear.channel, ear.now)
    news, moments = [], [FOREVER]
    for key, span in _routines(ear, every):
        standing = _standing(key, ear, everything)
        known = ear.told.get((ear.channel.id, key))
        attempt = ear.attempts.get((ear.channel.id, key))
        at = max(
            known.at + span if known else ear.now,
            hushed_until(ear.hush, standing, ear.now),
            ear.window[1] if ear.window else ear.now,
            retry_at(attempt, standing, ear.now),
            paused,
        )
        if at <= ear.now:
            news.append(News(standing, Reason.ROUTINE))
        else:
            moments.append(at)
    first = min(moments)
    return tuple(news), None if first == FOREVER else first


def stuck_canary(ear: Ear) -> Attempt | None:
    """The first unheard try of a canary that has not arrived since."""
    tried = ear.attempts.get((ear.channel.id, CANARY)) if ear.channel.canary else None
    return tried if tried and not tried.resting else None


def _routines(ear: Ear, every: timedelta | None) -> Iterator[tuple[str, timedelta]]:
    if ear.channel.canary:
        yield CANARY, ear.channel.canary
    if every:
        yield DIGEST, every


def _standing(key: str, ear: Ear, standings: tuple[Standing, ...]) -> Standing:
    """What is said, in the shape of news; always the same episode, so that failures are waited for."""
    label = ear.channel.label
    words = (
        f"This is the regular test message of the channel {label}: alerts reach you here. Nothing is to be done."
        if key == CANARY
        else digest(standings, ear.channel.match, ear.now)
    )
    return Standing(key, Level.INFO, since=_BEGINNING, at=_BEGINNING, labels={"channel": label}, summary=words)
