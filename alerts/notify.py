"""Conditions in, messages out: settle, decide, commit, send, remember; each step pure or one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from alerts import store
from alerts.clock_trust import past_attempt, past_hush, past_standing, past_told
from alerts.dataclass import dataclass, replace
from alerts.formats import Message
from alerts.memory import Memory, Rules, decided, ears_of, hushed, least, mute, of_channels, outlook, pending, waiting
from alerts.model import Alert, Attempt, Channel, Condition, Delivery, Hush, Outcome
from alerts.muting import follow
from alerts.notification_state import Changes, Place, after, before, bound
from alerts.offline import Offline, laid_over
from alerts.schedule import CANARY, DIGEST
from alerts.send import Address, send
from alerts.settle import absent, settle
from alerts.store import Connection
from alerts.undelivered import moot

__all__ = ["Changes", "Memory", "Rules", "hushed", "mute", "outlook", "pending", "waiting"]

V = TypeVar("V")
Results = Iterator[tuple[Delivery, Changes]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass says: the memory as it must be before the sends, the alerts, and until when this holds."""

    memory: Memory
    alerts: tuple[Alert, ...]
    until: datetime | None
    tried: Mapping[str, tuple[Attempt, ...]]
    """The attempts of each alert, by its channel."""


def recall(db: Connection) -> Memory:
    """The memory as the database has it."""
    return Memory(
        store.standings(db),
        store.told(db),
        store.attempts(db),
        Hush(store.silences(db), store.acknowledgements(db)),
        store.partial(db),
        store.ignored(db),
    )


def past(known: Memory, now: datetime) -> Memory:
    """The memory without moments later than `now`: after a clock was set back they become now. Pure."""
    return replace(
        known,
        standings={key: past_standing(one, now) for key, one in known.standings.items()},
        told={place: past_told(one, now) for place, one in known.told.items()},
        attempts={place: past_attempt(one, now) for place, one in known.attempts.items()},
        hush=past_hush(known.hush, now),
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
    told, tried_before = bound(before_pass.told, before_pass.attempts, channels)
    before_pass = replace(before_pass, told=told, attempts=tried_before)
    found = (*conditions, *of_channels(before_pass, channels, rules, now)[0])
    seen = {one.key: one for one in found if one.key not in before_pass.ignored}
    standings = {key: absent(one) for key, one in before_pass.standings.items() if key not in seen}
    moments = []
    for key, condition in seen.items():
        standings[key], until = settle(before_pass.standings.get(key), condition, now, rules.settle)
        moments.append(until)
    known = replace(before_pass, standings=standings)
    moot_places = {place for ear in ears_of(known, channels, rules, now) for place in moot(ear, standings)}
    known = replace(known, attempts={at: one for at, one in known.attempts.items() if at not in moot_places})
    alerts, until = decided(known, channels, rules, now) if speak else ((), None)
    ears = {channel.label: channel for channel in channels}
    tried = {alert.channel: before(alert, ears[alert.channel], known.told, known.attempts, now) for alert in alerts}
    rows = {(row.address, row.key): row for rows in tried.values() for row in rows}
    known = replace(known, attempts={**known.attempts, **rows})
    return Plan(known, alerts, least([*moments, until]), tried)


def commit(db: Connection, old: Memory, new: Plan, gone: Iterable[str] = ()) -> None:
    """Writes what differs from `old`, which is what `recall` gave: attempts and mended moments too, before any send."""
    changed = {key: one for key, one in new.memory.standings.items() if old.standings.get(key) != one}
    store.put_standings(db, changed, gone)
    store.put_attempts(db, _changed(old.attempts, new.memory.attempts))
    store.put_told(db, _changed(old.told, new.memory.told))
    for silence in new.memory.hush.silences:
        if silence not in old.hush.silences:
            store.put_silence(db, silence)
    for known in new.memory.hush.acknowledgements:
        if known not in old.hush.acknowledgements:
            store.acknowledge(db, known)


def bring_home(db: Connection, kept: Offline) -> None:
    """Writes what was learned while the history could not be used, in the caller's transaction; once for each id."""
    known = recall(db)
    after = laid_over(known, kept)
    store.put_standings(db, {key: one for key, one in after.standings.items() if known.standings.get(key) != one})
    store.put_told(db, {place: after.told.get(place) for place in kept.told})
    store.put_attempts(db, {place: after.attempts.get(place) for place in kept.attempts})
    for delivery in kept.deliveries:
        store.log(db, delivery)


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
        yield _resulting(delivery, planned)


def heard(planned: Plan, at: datetime) -> Results:
    """What `deliver` would yield if everything arrived at that moment; sends nothing."""
    for alert in planned.alerts:
        yield _resulting(Delivery(alert, at, Outcome.DELIVERED), planned)


def _resulting(delivery: Delivery, planned: Plan) -> tuple[Delivery, Changes]:
    return delivery, after(delivery, planned.tried[delivery.alert.channel], planned.memory.attempts.values())


def _changed(old: Mapping[Place, V], new: Mapping[Place, V]) -> dict[Place, V | None]:
    """The rows to write; None deletes."""
    gone: dict[Place, V | None] = {place: None for place in old if place not in new}
    return gone | {place: one for place, one in new.items() if old.get(place) != one}


def remember(db: Connection, delivery: Delivery, changes: Changes) -> None:
    """Writes a result: the log and what the channel believes, in the caller's transaction.

    A key that was forgotten or ignored during the send stays so.
    """
    store.log(db, delivery)
    alive = store.keys(db) | {CANARY, DIGEST}
    store.put_told(db, {place: one for place, one in changes.told.items() if place[1] in alive})
    store.put_attempts(db, {place: one for place, one in changes.attempts.items() if place[1] in alive})


def learned(known: Memory, results: Iterable[tuple[Delivery, Changes]]) -> Memory:
    """The memory after the sends. Pure."""
    told, attempts, partial = dict(known.told), dict(known.attempts), set(known.partial)
    for delivery, changes in results:
        _apply(told, changes.told)
        _apply(attempts, changes.attempts)
        if delivery.outcome.heard:
            reached_all = delivery.outcome is not Outcome.PARTIAL
            (partial.discard if reached_all else partial.add)(delivery.alert.channel)
    return replace(known, told=told, attempts=attempts, partial=frozenset(partial))


def move(db: Connection, old: str, new: str, labels: Mapping[str, str]) -> None:
    """A key goes on under a new name: its standing, beliefs, acknowledgement, and the silences that name it."""
    known = store.standings(db).get(old)
    if known is not None:
        for silence in store.silences(db):
            followed = follow(silence, known.labels, labels)
            if followed != silence:
                store.put_silence(db, followed)
    store.move(db, old, new)


def _apply(known: dict[Place, V], changes: Mapping[Place, V | None]) -> None:
    for place, value in changes.items():
        if value is None:
            known.pop(place, None)
        else:
            known[place] = value
