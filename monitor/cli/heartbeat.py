"""The sign of life at the end of a check, and when the next is due."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.cli.context import Context

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.config.settings import Settings
    from monitor.system.host import Host


def beat(context: Context, settings: Settings, left: float, *, failed: bool = False) -> bool:
    """Tells the heartbeat that a check ended, well or not, in the seconds that are left; False if it should have heard
    and did not."""
    if broken := settings.broken.get("heartbeat"):
        context.complain(f"authwatch: {broken}")
    if settings.heartbeat is None:
        return True
    from alerts.channels.heartbeat import PATIENCE, ping

    patience = min(PATIENCE, timedelta(seconds=max(0.1, left - 1)))
    report = ping(settings.heartbeat.reveal(), failed=failed, patience=patience)
    if not report.outcome.heard:
        context.complain(f"authwatch: the heartbeat was not heard ({report.outcome}): {report.error}")
    elif not failed:
        _note(context, settings)
    return report.outcome.heard


def _note(context: Context, settings: Settings) -> None:
    """Stamps a file with when it was heard, for the doctor; the alarm does not hang on it."""
    from contextlib import suppress

    from monitor.system.state_dir import HEARD

    now = context.now().timestamp()
    place = context.state(settings).folder / HEARD
    with suppress(OSError):
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        os.utime(place, (now, now))


def due(settings: Settings, host: Host, now: datetime) -> float:
    """From when on a check may not stop at the gate although no file changed, in epoch seconds: the heartbeat would
    miss it, a program has to be asked again, or something changes that no file would show.

    Half an interval: a timer that keeps to the interval, however it jitters, then pings with every check.
    """
    from monitor.sources import believed_for

    spans = [*host.limits, *([settings.interval / 2] if settings.heartbeat else [])]
    if (believed := believed_for(settings.sources)) is not None:
        spans.append(believed)
    return (now + min(spans)).timestamp() if spans else float("inf")
