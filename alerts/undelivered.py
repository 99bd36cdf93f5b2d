"""Channels that do not deliver, as conditions for the others, and attempts nobody needs any more (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from alerts.decide import ChannelView, condition_key
from alerts.model import Alert, Attempt, Condition, Level
from alerts.notification_state import Place, agrees
from alerts.schedule import stuck_canary

PATIENCE: Final = timedelta(days=1)
#: Where no channel delivers there is nobody else to tell within a day; the heartbeat is told after an hour.
MUTE: Final = timedelta(hours=1)


def channel_conditions(
    views: Iterable[ChannelView], alerts: Mapping[str, Alert], partial: frozenset[str]
) -> tuple[tuple[Condition, ...], datetime | None]:
    """Two conditions a channel, fine ones too, and when one would rise by itself.

    `alerts` are those of the last check; `partial` the channels whose last message reached only some targets. A
    check asks again after its deliveries: other conditions than before them mean that the next check is due at once.
    """
    found: list[Condition] = []
    moments: list[datetime] = []
    for view in views:
        since = waiting_since(view, alerts)
        late = since is not None and view.now - since >= PATIENCE
        if since is not None and not late:
            moments.append(since + PATIENCE)
        label = view.channel.label
        found += [_undelivered(label, late, since is not None), _partial(label, label in partial)]
    return tuple(found), min(moments, default=None)


def waiting_since(view: ChannelView, alerts: Mapping[str, Alert]) -> datetime | None:
    """The first try of the oldest news that this channel still has to hear; None if nothing is stuck."""
    tried = (one for one in _tried(view, alerts) if not one.resting)
    stuck = [one.first_at for one in tried if _wanted(view, alerts[one.key])]
    if canary := stuck_canary(view):
        stuck.append(canary.first_at)
    return min(stuck, default=None)


def mute_since(views: Iterable[ChannelView], alerts: Mapping[str, Alert]) -> datetime | None:
    """Since when no channel has been able to deliver; None if one might, or there is none."""
    waits = [waiting_since(view, alerts) for view in views]
    stuck = [since for since in waits if since]
    return max(stuck) if stuck and len(stuck) == len(waits) else None


def moot(view: ChannelView, alerts: Mapping[str, Alert]) -> tuple[Place, ...]:
    """Attempts of this channel whose news is no longer news, whether somebody heard them or not: to be deleted.

    For the settled `alerts` of this check, ahead of `decide`; else old failures would slow down later news.
    """
    return tuple(
        (one.address, one.key)
        for one in _tried(view, alerts)
        if _same_either_way(view, one, alerts[one.key]) and not _wanted(view, alerts[one.key])
    )


def _same_either_way(view: ChannelView, tried: Attempt, alert: Alert) -> bool:
    surely_unheard = not (tried.outcome.unsure or tried.earlier)
    return surely_unheard or all(agrees(state, alert) for state in view.possible_states(alert))


def _tried(view: ChannelView, alerts: Mapping[str, Alert]) -> Iterable[Attempt]:
    return (one for one in view.attempts.values() if one.address == view.channel.id and one.key in alerts)


def _wanted(view: ChannelView, alert: Alert) -> bool:
    # A look that does not see it delays bad news, it does not withdraw it.
    return view.wants(alert._replace(seen=True))


def _undelivered(label: str, late: bool, stuck: bool) -> Condition:
    return Condition(
        condition_key(label),
        Level.NOW if late else Level.FINE,
        labels={"channel": label},
        held=stuck and not late,  # a new address begins anew, and works only when something has arrived there
        summary=f"Channel {label} has not delivered for a day." if late else f"Channel {label} delivers.",
        remedy=f"authwatch alerts test {label}" if late else "",
    )


def _partial(label: str, partly: bool) -> Condition:
    return Condition(
        f"{condition_key(label)}/targets",
        Level.SOON if partly else Level.FINE,
        labels={"channel": label},
        summary=f"Channel {label} reaches only some of its targets."
        if partly
        else f"Channel {label} reaches all of its targets.",
        remedy=f"authwatch alerts test {label}" if partly else "",
    )
