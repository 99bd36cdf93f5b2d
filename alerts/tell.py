"""Conditions in, messages out: settle, decide, commit, send, remember; each step pure or one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from alerts import memory
from alerts.backlog import channel_conditions, moot
from alerts.belief import Changes, Place, after, before
from alerts.clock import past_attempt, past_hush, past_standing, past_told
from alerts.decide import Ear, decide
from alerts.forms import Message
from alerts.hush import follow, hushed_until, quiet_window
from alerts.memory import Connection
from alerts.model import Alert, Attempt, Channel, Condition, Delivery, Hush, Level, Quiet, Standing, Told
from alerts.send import Address, send
from alerts.settle import absent, settle

V = TypeVar("V")
Results = Iterator[tuple[Delivery, Changes]]


@dataclass(frozen=True, slots=True)
class Rules:
    """How to speak: how long doubts and falls must last, when to repeat, when to keep quiet."""

    settle: timedelta
    remind: tuple[timedelta, ...]
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything that speaking depends on; `partial` are the channels whose last message reached only some."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    told: Mapping[Place, Told] = field(default_factory=dict)
    attempts: Mapping[Place, Attempt] = field(default_factory=dict)
    hush: Hush = field(default_factory=Hush)
    partial: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass says: the memory as it must be before the sends, the alerts, and until when this holds."""

    memory: Memory
    alerts: tuple[Alert, ...]
    until: datetime | None


def recall(db: Connection, now: datetime) -> Memory:
    """The memory as the database has it, without moments later than `now`."""
    return Memory(
        {key: past_standing(one, now) for key, one in memory.standings(db).items()},
        {place: past_told(one, now) for place, one in memory.told(db).items()},
        {place: past_attempt(one, now) for place, one in memory.attempts(db).items()},
        past_hush(Hush(memory.silences(db), memory.acknowledgements(db)), now),
        memory.partial(db),
    )


def plan(
    before_pass: Memory,
    conditions: Iterable[Condition],
    channels: Sequence[Channel],
    rules: Rules,
    now: datetime,
    *,
    speak: bool = True,
) -> Plan:
    """What stands after this look and what is to be said of it. Pure."""
    seen = {one.key: one for one in (*conditions, *_of_channels(before_pass, channels, rules, now)[0])}
    standings = {key: absent(one) for key, one in before_pass.standings.items() if key not in seen}
    moments = []
    for key, condition in seen.items():
        standings[key], until = settle(before_pass.standings.get(key), condition, now, rules.settle)
        moments.append(until)
    known = replace(before_pass, standings=standings)
    moot_places = {place for ear in _ears(known, channels, rules, now) for place in moot(ear, standings)}
    known = replace(known, attempts={at: one for at, one in known.attempts.items() if at not in moot_places})
    alerts, until = _decided(known, channels, rules, now) if speak else ((), None)
    ears = {channel.label: channel for channel in channels}
    tried = {
        (row.channel, row.key): row
        for alert in alerts
        for row in before(alert, ears[alert.channel], known.told, known.attempts, now)
    }
    known = replace(known, attempts={**known.attempts, **tried})
    return Plan(known, alerts, _least([*moments, until]))


def commit(db: Connection, old: Memory, new: Plan, gone: Iterable[str] = ()) -> None:
    """Writes what differs from `old`, the attempts included, before anything is sent."""
    changed = {key: one for key, one in new.memory.standings.items() if old.standings.get(key) != one}
    memory.put_standings(db, changed, gone)
    tried: dict[Place, Attempt | None] = {place: None for place in old.attempts if place not in new.memory.attempts}
    tried |= {place: one for place, one in new.memory.attempts.items() if old.attempts.get(place) != one}
    memory.put_attempts(db, tried)


def deliver(
    planned: Plan,
    addresses: Mapping[str, Address],
    say: Callable[[Alert], Message],
    *,
    now: datetime,
    deadline: timedelta,
) -> Results:
    """Sends every alert at once; yields each result with what the memory must hold from then on."""
    for delivery in send(planned.alerts, addresses, say, now=now, deadline=deadline):
        keys = [one.standing.key for one in delivery.alert.news]
        rows = [planned.memory.attempts[delivery.alert.channel, key] for key in keys]
        yield delivery, after(delivery, rows)


def remember(db: Connection, delivery: Delivery, changes: Changes) -> None:
    """Writes a result: the log and what the channel believes, in the caller's transaction."""
    memory.log(db, delivery)
    memory.put_told(db, changes.told)
    memory.put_attempts(db, changes.attempts)


def learned(known: Memory, results: Iterable[tuple[Delivery, Changes]]) -> Memory:
    """The memory after the sends. Pure."""
    told, attempts, partial = dict(known.told), dict(known.attempts), set(known.partial)
    for delivery, changes in results:
        _apply(told, changes.told)
        _apply(attempts, changes.attempts)
        label = delivery.alert.channel
        (partial.add if delivery.outcome.value == "partial" else partial.discard)(label)
    return replace(known, told=told, attempts=attempts, partial=frozenset(partial))


def outlook(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> datetime | None:
    """When, without any change, something is to be said or a channel's own condition changes. Pure."""
    _, decided = _decided(known, channels, rules, now)
    conditions, rises = _of_channels(known, channels, rules, now)
    moments = [decided, rises]
    for condition in conditions:
        stood = known.standings.get(condition.key) or Standing(condition.key, Level.FINE, since=now, at=now)
        settled, until = settle(stood, condition, now, rules.settle)
        # A change that only begins has to be recorded too, or its time would not run before the next pass.
        changes = (settled.rank, settled.pending) != (stood.rank, stood.pending)
        moments.append(now if changes else until)
    return _least(moments)


def pending(known: Memory, channel: Channel, rules: Rules, now: datetime) -> int:
    """How many conditions a channel still has to hear of."""
    (ear,) = _ears(known, [channel], rules, now)
    return sum(ear.wants(one) for one in known.standings.values())


def hushed(known: Memory, now: datetime) -> tuple[frozenset[str], frozenset[str]]:
    """The keys that are acknowledged and those that are silenced now."""
    only_acks, only_silences = replace(known.hush, silences=()), replace(known.hush, acknowledgements=())
    bad = {key: one for key, one in known.standings.items() if one.level is not Level.FINE}
    return (
        frozenset(key for key, one in bad.items() if hushed_until(only_acks, one, now) > now),
        frozenset(key for key, one in bad.items() if hushed_until(only_silences, one, now) > now),
    )


def move(db: Connection, old: str, new: str, labels: Mapping[str, str]) -> None:
    """A key goes on under a new name: its standing, beliefs, acknowledgement, and the silences that name it."""
    known = memory.standings(db).get(old)
    if known is not None:
        for silence in memory.silences(db):
            followed = follow(silence, known.labels, labels)
            if followed != silence:
                memory.put_silence(db, followed)
    memory.move(db, old, new)


def _of_channels(
    known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime
) -> tuple[tuple[Condition, ...], datetime | None]:
    return channel_conditions(_ears(known, channels, rules, now), known.standings, known.partial)


def _ears(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> tuple[Ear, ...]:
    window = quiet_window(rules.quiet, now)
    return tuple(Ear(one, known.told, known.attempts, known.hush, window, now, rules.remind) for one in channels)


def _decided(
    known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime
) -> tuple[tuple[Alert, ...], datetime | None]:
    return decide(
        known.standings.values(),
        known.told,
        known.attempts,
        channels,
        hush=known.hush,
        quiet=rules.quiet,
        now=now,
        remind=rules.remind,
    )


def _apply(known: dict[Place, V], changes: Mapping[Place, V | None]) -> None:
    for place, value in changes.items():
        if value is None:
            known.pop(place, None)
        else:
            known[place] = value


def _least(moments: Iterable[datetime | None]) -> datetime | None:
    return min((one for one in moments if one), default=None)
