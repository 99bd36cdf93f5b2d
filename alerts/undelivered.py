"""Channels that do not deliver, as conditions for the others, and attempts nobody needs any more (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from alerts.dataclass import replace
from alerts.decide import Ear, condition_key
from alerts.model import Attempt, Condition, Level, Standing
from alerts.notification_state import Place, agrees
from alerts.schedule import stuck_canary

PATIENCE: Final = timedelta(days=1)
#: Where no channel delivers there is nobody else to tell within a day; the heartbeat is told after an hour.
MUTE: Final = timedelta(hours=1)


def channel_conditions(
    ears: Iterable[Ear], standings: Mapping[str, Standing], partial: frozenset[str]
) -> tuple[tuple[Condition, ...], datetime | None]:
    """Two conditions a channel, fine ones too, and when one would rise by itself.

    `standings` are those of the last pass; `partial` the channels whose last message reached only some targets. A
    pass asks again after its deliveries: other conditions than before them mean that the next pass is due at once.
    """
    found: list[Condition] = []
    moments: list[datetime] = []
    for ear in ears:
        since = waiting_since(ear, standings)
        late = since is not None and ear.now - since >= PATIENCE
        if since is not None and not late:
            moments.append(since + PATIENCE)
        label = ear.channel.label
        found += [_undelivered(label, late, since is not None), _partial(label, label in partial)]
    return tuple(found), min(moments, default=None)


def waiting_since(ear: Ear, standings: Mapping[str, Standing]) -> datetime | None:
    """The first try of the oldest news that this channel still has to hear; None if nothing is stuck."""
    tried = (one for one in _tried(ear, standings) if not one.resting)
    stuck = [one.first_at for one in tried if _wanted(ear, standings[one.key])]
    if canary := stuck_canary(ear):
        stuck.append(canary.first_at)
    return min(stuck, default=None)


def mute_since(ears: Iterable[Ear], standings: Mapping[str, Standing]) -> datetime | None:
    """Since when no channel has been able to deliver; None if one might, or there is none."""
    waits = [waiting_since(ear, standings) for ear in ears]
    stuck = [since for since in waits if since]
    return max(stuck) if stuck and len(stuck) == len(waits) else None


def moot(ear: Ear, standings: Mapping[str, Standing]) -> tuple[Place, ...]:
    """Attempts of this channel whose news is no longer news, whether somebody heard them or not: to be deleted.

    For the settled `standings` of this pass, ahead of `decide`; else old failures would slow down later news.
    """
    return tuple(
        (one.address, one.key)
        for one in _tried(ear, standings)
        if _same_either_way(ear, one, standings[one.key]) and not _wanted(ear, standings[one.key])
    )


def _same_either_way(ear: Ear, tried: Attempt, standing: Standing) -> bool:
    surely_unheard = not (tried.outcome.unsure or tried.earlier)
    return surely_unheard or all(agrees(belief, standing) for belief in ear.beliefs(standing))


def _tried(ear: Ear, standings: Mapping[str, Standing]) -> Iterable[Attempt]:
    return (one for one in ear.attempts.values() if one.address == ear.channel.id and one.key in standings)


def _wanted(ear: Ear, standing: Standing) -> bool:
    # A look that does not see it delays bad news, it does not withdraw it.
    return ear.wants(replace(standing, seen=True))


def _undelivered(label: str, late: bool, stuck: bool) -> Condition:
    return Condition(
        condition_key(label),
        Level.NOW if late else Level.FINE,
        labels={"channel": label},
        held=stuck and not late,  # a new address begins anew, and works only when something has arrived there
        summary=f"channel {label} has had undelivered news for a day" if late else f"channel {label} delivers",
        remedy=f"authwatch alerts test {label}" if late else "",
    )


def _partial(label: str, partly: bool) -> Condition:
    return Condition(
        f"{condition_key(label)}/targets",
        Level.SOON if partly else Level.FINE,
        labels={"channel": label},
        summary=f"channel {label} reaches only some of its targets" if partly else f"channel {label} reaches all",
        remedy=f"authwatch alerts test {label}" if partly else "",
    )
