"""The heartbeat: a sign of life at the end of a check for something elsewhere that raises the alarm when it stays away
(Healthchecks and its like), and when the next is due."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from monitor.cli.context import Context

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.channels import SendResult
    from monitor.config.settings import Settings
    from monitor.system.host import Host

#: The heartbeat comes after everything else, so it may not take long.
PATIENCE: Final = timedelta(seconds=5)


def beat(context: Context, settings: Settings, left: float, *, failed: bool = False) -> bool:
    """Tells the heartbeat that a check ended, well or not, in the seconds that are left; False if it should have heard
    and did not."""
    if broken := settings.broken.get("heartbeat"):
        context.warn(broken)
    if settings.heartbeat is None:
        return True
    patience = min(PATIENCE, timedelta(seconds=max(0.1, left - 1)))
    report = ping(settings.heartbeat.reveal(), failed=failed, patience=patience)
    if not report.outcome.heard:
        context.warn(f"heartbeat ping failed ({report.outcome}): {report.error}")
    elif not failed:
        _note(context, settings)
    return report.outcome.heard


def ping(url: str, *, failed: bool, patience: timedelta = PATIENCE) -> SendResult:
    """One GET to the secret `url`, or to its `/fail`; waits `patience` at most, whatever the network does.

    The words of the report hold no part of the URL. Source: https://healthchecks.io/docs/http_api/
    """
    from alerts.channels import SendResult, outcome_of
    from alerts.model import Outcome
    from monitor.system.http_get import Late, Unanswered, get

    try:
        response = get(_address(url.strip(), failed), {}, patience.total_seconds(), 0, follow=True)
    except Late as error:
        return SendResult(Outcome.TIMEOUT, str(error))
    except (Unanswered, ValueError) as error:
        return SendResult(Outcome.CONNECT, str(error) if isinstance(error, Unanswered) else "not a valid address")
    if 200 <= response.status < 300:
        return SendResult(Outcome.DELIVERED)
    return SendResult(outcome_of(response.status), f"HTTP {response.status}")


def _address(url: str, failed: bool) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail", fragment="")) if failed else url


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
