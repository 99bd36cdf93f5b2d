"""What the alerts remember while the history cannot be used, as a text that the state folder keeps (pure).

It is brought home when the history can be used again, so that nobody is told twice and nothing is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from alerts.dataclass import dataclass, field, replace
from alerts.memory import Memory
from alerts.model import Attempt, Delivery, Hush, Level, Standing, Told
from alerts.notification_state import Changes, Place
from alerts.serialization import flatten, revive

#: So many lines of the log wait for the history; what channels believe is kept whole.
LOGGED: Final = 50


@dataclass(frozen=True, slots=True)
class Offline:
    """What differs from the history, None for what is over; with an empty `id` nothing does, and this is a copy of what
    it holds. `blind`: made without reading the history. `ignored`: the keys never to alarm about."""

    id: str = ""
    blind: bool = False
    standings: Mapping[str, Standing] = field(default_factory=dict)
    told: Mapping[Place, Told | None] = field(default_factory=dict)
    attempts: Mapping[Place, Attempt | None] = field(default_factory=dict)
    hush: Hush = field(default_factory=Hush)
    partial: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    def with_results(self, results: Iterable[tuple[Delivery, Changes]], id: str) -> Offline:
        """The same, and what sends have changed."""
        told, attempts, deliveries = dict(self.told), dict(self.attempts), list(self.deliveries)
        for delivery, changes in results:
            told.update(changes.told)
            attempts.update(changes.attempts)
            deliveries.append(_slim(delivery))
        return replace(self, id=id, told=told, attempts=attempts, deliveries=tuple(deliveries[-LOGGED:]))

    def grown(self, before: Memory, after: Memory, id: str, *, blind: bool) -> Offline:
        """The same, and what a plan that began with `before` wants remembered."""
        standings, attempts = dict(self.standings), dict(self.attempts)
        standings.update({key: one for key, one in after.standings.items() if before.standings.get(key) != one})
        attempts.update({place: None for place in before.attempts if place not in after.attempts})
        attempts.update({place: one for place, one in after.attempts.items() if before.attempts.get(place) != one})
        kept = {key: one for key, one in standings.items() if _matters(one) or key in self.standings}
        return replace(self, id=id, blind=self.blind or blind, standings=kept, attempts=attempts)


def copied(known: Memory, ignored: Iterable[str]) -> Offline:
    """A copy of what the history holds, for when it cannot be read; `ignored` are logins never to alarm about."""
    standings = {key: one for key, one in known.standings.items() if _matters(one)}
    partial, keys = tuple(sorted(known.partial)), tuple(sorted({*known.ignored, *ignored}))
    return Offline("", False, standings, known.told, known.attempts, known.hush, partial, keys)


def alone(kept: Offline) -> Memory:
    """What is remembered where the history cannot be read."""
    known = Memory(hush=kept.hush, partial=frozenset(kept.partial), ignored=frozenset(kept.ignored))
    return laid_over(known, kept)


def laid_over(known: Memory, kept: Offline) -> Memory:
    """What the history holds, and what was learned without it.

    A condition that was judged without the history is no better for that, and where it came to the same level, it is
    the same episode: nobody hears of it again.
    """
    standings, since = dict(known.standings), {}
    for key, one in kept.standings.items():
        old = known.standings.get(key)
        if not kept.blind or old is None or (one.level is not Level.FINE and one.rank != old.rank):
            standings[key] = one
        elif one.level is not Level.FINE:
            since[key] = old.since

    def belief(one: Told | None) -> Told | None:
        return one and replace(one, since=since.get(one.key, one.since))

    told, attempts = dict(known.told), dict(known.attempts)
    for place, told_last in kept.told.items():
        _put(told, place, belief(told_last))
    for place, row in kept.attempts.items():
        earlier = tuple(map(belief, row.earlier)) if row else ()
        _put(attempts, place, row and replace(row, belief=belief(row.belief), earlier=earlier))
    return replace(known, standings=standings, told=told, attempts=attempts)


def dumps(kept: Offline) -> str:
    """As a text; the same for the same."""
    plain = {
        "id": kept.id,
        "blind": kept.blind,
        "standings": [flatten(one) for one in kept.standings.values()],
        "told": [[*place, flatten(one)] for place, one in kept.told.items()],
        "attempts": [[*place, flatten(one)] for place, one in kept.attempts.items()],
        "hush": flatten(kept.hush),
        "partial": kept.partial,
        "ignored": kept.ignored,
        "deliveries": flatten(kept.deliveries),
    }
    return json.dumps(plain, sort_keys=True)


def loads(text: str) -> Offline:
    """The way back; nothing for a text that is none of ours: people are rather told twice."""
    try:
        plain = json.loads(text)
        standings = [revive(Standing, one) for one in plain["standings"]]
        return Offline(
            str(plain["id"]),
            bool(plain["blind"]),
            {one.key: one for one in standings},
            _pairs(Told | None, plain["told"]),
            _pairs(Attempt | None, plain["attempts"]),
            revive(Hush, plain["hush"]),
            revive(tuple[str, ...], plain["partial"]),
            revive(tuple[str, ...], plain["ignored"]),
            revive(tuple[Delivery, ...], plain["deliveries"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return Offline()


def _pairs(kind: Any, plain: Any) -> dict[Place, Any]:
    return {(str(channel), str(key)): revive(kind, one) for channel, key, one in plain}


def _slim(delivery: Delivery) -> Delivery:
    """The delivery without what the log does not say: the file has little room on a full disk."""

    def plain(one: Standing) -> Standing:
        return Standing(one.key, one.level, one.since, one.at)

    news = tuple(replace(one, standing=plain(one.standing)) for one in delivery.alert.news)
    return replace(delivery, alert=replace(delivery.alert, news=news))


def _matters(one: Standing) -> bool:
    return one.level is not Level.FINE or one.pending is not None


def _put(known: dict[Place, Any], place: Place, value: Any) -> None:
    if value is None:
        known.pop(place, None)
    else:
        known[place] = value
