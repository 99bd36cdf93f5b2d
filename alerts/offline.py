"""What the alerts remember while the history cannot be used, as a text that the state folder keeps (pure).

It is brought home when the history can be used again, so that nobody is told twice and nothing is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from alerts.memory import Memory
from alerts.model import Alert, Attempt, Delivery, Level, Muting, NotificationState
from alerts.notification_state import Place, StateChanges
from alerts.serialization import flatten, revive

V = TypeVar("V")

#: So many lines of the log wait for the history; what channels believe is kept whole.
LOGGED: Final = 50


class Offline(NamedTuple):
    """What differs from the history, None for what is over; with an empty `id` nothing does, and this is a copy of what
    it holds. `blind`: made without reading the history. `ignored`: the keys never to alarm about."""

    id: str = ""
    blind: bool = False
    alerts: Mapping[str, Alert] = MappingProxyType({})
    notified: Mapping[Place, NotificationState | None] = MappingProxyType({})
    attempts: Mapping[Place, Attempt | None] = MappingProxyType({})
    muting: Muting = Muting()
    partial: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    def with_results(self, results: Iterable[tuple[Delivery, StateChanges]], id: str) -> Offline:
        """The same, and what sends have changed."""
        notified, attempts, deliveries = dict(self.notified), dict(self.attempts), list(self.deliveries)
        for delivery, changes in results:
            notified.update(changes.notified)
            attempts.update(changes.attempts)
            deliveries.append(_slim(delivery))
        return self._replace(id=id, notified=notified, attempts=attempts, deliveries=tuple(deliveries[-LOGGED:]))

    def grown(self, before: Memory, after: Memory, id: str, *, blind: bool) -> Offline:
        """The same, and what a plan that began with `before` wants remembered."""
        alerts, attempts = dict(self.alerts), dict(self.attempts)
        alerts.update({key: one for key, one in after.alerts.items() if before.alerts.get(key) != one})
        attempts.update({place: None for place in before.attempts if place not in after.attempts})
        attempts.update({place: one for place, one in after.attempts.items() if before.attempts.get(place) != one})
        kept = {key: one for key, one in alerts.items() if _matters(one) or key in self.alerts}
        return self._replace(id=id, blind=self.blind or blind, alerts=kept, attempts=attempts)


def copied(known: Memory, ignored: Iterable[str]) -> Offline:
    """A copy of what the history holds, for when it cannot be read; `ignored` are logins never to alarm about."""
    alerts = {key: one for key, one in known.alerts.items() if _matters(one)}
    partial, keys = tuple(sorted(known.partial)), tuple(sorted({*known.ignored, *ignored}))
    return Offline("", False, alerts, known.notified, known.attempts, known.muting, partial, keys)


def alone(kept: Offline) -> Memory:
    """What is remembered where the history cannot be read."""
    known = Memory(muting=kept.muting, partial=frozenset(kept.partial), ignored=frozenset(kept.ignored))
    return laid_over(known, kept)


def laid_over(known: Memory, kept: Offline) -> Memory:
    """What the history holds, and what was learned without it.

    A condition that was judged without the history is no better for that, and where it came to the same level, it is
    the same episode: nobody hears of it again.
    """
    alerts, since = dict(known.alerts), {}
    for key, one in kept.alerts.items():
        old = known.alerts.get(key)
        if not kept.blind or old is None or (one.level is not Level.FINE and one.rank != old.rank):
            alerts[key] = one
        elif one.level is not Level.FINE:
            since[key] = old.since

    def state(one: NotificationState | None) -> NotificationState | None:
        return one and one._replace(since=since.get(one.key, one.since))

    notified, attempts = dict(known.notified), dict(known.attempts)
    for place, told_last in kept.notified.items():
        _put(notified, place, state(told_last))
    for place, row in kept.attempts.items():
        earlier = tuple(map(state, row.earlier)) if row else ()
        _put(attempts, place, row and row._replace(state=state(row.state), earlier=earlier))
    return known._replace(alerts=alerts, notified=notified, attempts=attempts)


def dumps(kept: Offline) -> str:
    """As a text; the same for the same."""
    plain = {
        "id": kept.id,
        "blind": kept.blind,
        "alerts": [flatten(one) for one in kept.alerts.values()],
        "notified": [[*place, flatten(one)] for place, one in kept.notified.items()],
        "attempts": [[*place, flatten(one)] for place, one in kept.attempts.items()],
        "muting": flatten(kept.muting),
        "partial": kept.partial,
        "ignored": kept.ignored,
        "deliveries": flatten(kept.deliveries),
    }
    return json.dumps(plain, sort_keys=True)


def loads(text: str) -> Offline:
    """The way back; nothing for a text that is none of ours: people are rather told twice."""
    try:
        plain = json.loads(text)
        alerts = [revive(Alert, one) for one in plain["alerts"]]
        return Offline(
            str(plain["id"]),
            bool(plain["blind"]),
            {one.key: one for one in alerts},
            _pairs(NotificationState | None, plain["notified"]),
            _pairs(Attempt | None, plain["attempts"]),
            revive(Muting, plain["muting"]),
            revive(tuple[str, ...], plain["partial"]),
            revive(tuple[str, ...], plain["ignored"]),
            revive(tuple[Delivery, ...], plain["deliveries"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return Offline()


def _pairs(kind: object, plain: Any) -> dict[Place, Any]:
    return {(str(channel), str(key)): revive(kind, one) for channel, key, one in plain}


def _slim(delivery: Delivery) -> Delivery:
    """The delivery without what the log does not say: the file has little room on a full disk."""

    def plain(one: Alert) -> Alert:
        return Alert(one.key, one.level, one.since, one.at)

    items = tuple(one._replace(alert=plain(one.alert)) for one in delivery.notification.items)
    return delivery._replace(notification=delivery.notification._replace(items=items))


def _matters(one: Alert) -> bool:
    return one.level is not Level.FINE or one.pending is not None


def _put(known: dict[Place, V], place: Place, value: V | None) -> None:
    if value is None:
        known.pop(place, None)
    else:
        known[place] = value
