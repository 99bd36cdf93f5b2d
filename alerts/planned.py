"""What is planned to be said next of everything that stands, if nothing changes (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from alerts.belief import paused_until
from alerts.dataclass import dataclass
from alerts.decide import Ear
from alerts.hush import FOREVER, quiet_window
from alerts.model import Channel, Reason, Standing
from alerts.tell import Memory, Rules


@dataclass(frozen=True, slots=True)
class Planned:
    """One message to come: on which channel, why, and when at the earliest."""

    channel: str
    reason: Reason
    at: datetime


def planned(known: Memory, channels: Sequence[Channel], rules: Rules, now: datetime) -> dict[str, Planned]:
    """The next message about each condition, by its key; nothing where none would ever come."""
    window = quiet_window(rules.quiet, now)
    ears = [Ear(one, known.told, known.attempts, known.hush, window, now, rules.remind) for one in channels]
    found = {}
    for key, standing in known.standings.items():
        following = min(_all(ears, standing), key=lambda one: one.at, default=None)
        if following is not None:
            found[key] = following
    return found


def _all(ears: Iterable[Ear], standing: Standing) -> Iterable[Planned]:
    for ear in ears:
        paused = paused_until(ear.attempts.values(), ear.channel, ear.now)
        for due in ear.due(standing):
            at = max(due.at, ear.open_at(standing, due.reason), paused)
            if at < FOREVER:
                yield Planned(ear.channel.label, due.reason, at)
