"""What every channel has to hear, and what is hidden from them, given all that is remembered (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.dataclass import dataclass, field, replace
from alerts.decide import Ear, decide
from alerts.model import Alert, Attempt, Channel, Condition, Hush, Level, Quiet, Standing, Told
from alerts.muting import hushed_until, quiet_window
from alerts.notification_state import Place
from alerts.schedule import routine_news
from alerts.settle import settle
from alerts.undelivered import MUTE, channel_conditions, mute_since, waiting_since


@dataclass(frozen=True, slots=True)
class Rules:
    """How to speak: how long doubts and falls must last, when to repeat, when to keep quiet."""

    settle: timedelta
    remind: tuple[timedelta, ...]
    quiet: Quiet | None = None
    digest: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything that speaking depends on; `partial` are the channels whose last message reached only some, `ignored`
    the keys of conditions that are muted for good."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    told: Mapping[Place, Told] = field(default_factory=dict)
    attempts: Mapping[Place, Attempt] = field(default_factory=dict)
    hush: Hush = field(default_factory=Hush)
    partial: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()


def of_channels(
    known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime
) -> tuple[tuple[Condition, ...], datetime | None]:
    """The channels' own conditions, and when one would rise by itself."""
    found, rises = channel_conditions(ears_of(known, channels, rules, now), known.standings, known.partial)
    return tuple(one for one in found if one.key not in known.ignored), rises


def ears_of(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> tuple[Ear, ...]:
    """Every channel at this moment."""
    window = quiet_window(rules.quiet, now)
    return tuple(Ear(one, known.told, known.attempts, known.hush, window, now, rules.remind) for one in channels)


def decided(
    known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime
) -> tuple[tuple[Alert, ...], datetime | None]:
    """News, and what goes out on schedule; at most one alert a channel."""
    alerts, until = decide(
        known.standings.values(),
        known.told,
        known.attempts,
        channels,
        hush=known.hush,
        quiet=rules.quiet,
        now=now,
        remind=rules.remind,
    )
    said = {alert.channel: alert.news for alert in alerts}
    moments = [until]
    for ear in ears_of(known, channels, rules, now):
        news, later = routine_news(ear, rules.digest, known.standings.values())
        moments.append(later)
        if news:
            label = ear.channel.label
            said[label] = (*said.get(label, ()), *news)
    return tuple(Alert(label, news) for label, news in said.items()), least(moments)


def _hush_ends(known: Memory, now: datetime) -> Iterator[datetime]:
    """When a silence or an acknowledgement ends, which shows in status and metrics."""
    silences, acknowledgements = known.hush.silences, known.hush.acknowledgements
    ends = (*(one.until for one in silences), *(one.until for one in acknowledgements))
    return (end for end in ends if end and end > now)


def outlook(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> datetime | None:
    """When, without any change, something is to be said or a channel's own condition changes. Pure."""
    _, first = decided(known, channels, rules, now)
    conditions, rises = of_channels(known, channels, rules, now)
    silent = mute_since(ears_of(known, channels, rules, now), known.standings)
    moments = [first, rises, *_hush_ends(known, now)]
    if silent and silent + MUTE > now:
        moments.append(silent + MUTE)
    for condition in conditions:
        stood = known.standings.get(condition.key) or Standing(condition.key, Level.FINE, since=now, at=now)
        settled, until = settle(stood, condition, now, rules.settle)
        # A change that only begins has to be recorded too, or its time would not run before the next pass.
        changes = (settled.rank, settled.pending) != (stood.rank, stood.pending)
        moments.append(now if changes else until)
    return least(moments)


def waiting(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> Mapping[str, datetime]:
    """The channels that something could not be told to, with the first try of it."""
    found = {ear.channel.label: waiting_since(ear, known.standings) for ear in ears_of(known, channels, rules, now)}
    return {label: since for label, since in found.items() if since}


def mute(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> bool:
    """Whether no channel has delivered for so long that only the heartbeat can still say so."""
    since = mute_since(ears_of(known, channels, rules, now), known.standings)
    return since is not None and now - since >= MUTE


def pending(known: Memory, channel: Channel, rules: Rules, now: datetime) -> int:
    """How many conditions a channel still has to hear of."""
    (ear,) = ears_of(known, [channel], rules, now)
    return sum(ear.wants(one) for one in known.standings.values())


def hushed(known: Memory, now: datetime) -> tuple[frozenset[str], frozenset[str]]:
    """The keys that are acknowledged and those that are silenced now."""
    only_acks, only_silences = replace(known.hush, silences=()), replace(known.hush, acknowledgements=())
    bad = {key: one for key, one in known.standings.items() if one.level is not Level.FINE}
    return (
        frozenset(key for key, one in bad.items() if hushed_until(only_acks, one, now) > now),
        frozenset(key for key, one in bad.items() if hushed_until(only_silences, one, now) > now),
    )


def least(moments: Iterable[datetime | None]) -> datetime | None:
    """The first of some moments; None if there is none."""
    return min((one for one in moments if one), default=None)
