"""Checks of the machine: can its clock be believed, and do quiet hours run in its zone?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.check.collect import EARLIEST
from monitor.doctor.model import Health, Result, Subject

SET: str = "sudo timedatectl set-ntp true"


def clock(subject: Subject) -> Iterator[Result]:
    """Is the wall clock believable, and was it moved since the last check?"""
    if subject.now < EARLIEST:
        what = f"the clock says {subject.now:%Y-%m-%d}"
        yield Result("clock", Health.BROKEN, what, "every deadline looks far away", SET)
        return
    record = _record(subject)
    last = _moment(record.get("at"))
    if last and last > subject.now + timedelta(minutes=5):
        what = f"the clock says {subject.now:%Y-%m-%d %H:%M} UTC, before the last check ({last:%Y-%m-%d %H:%M} UTC)"
        why = "it was put back, now or then; checks record and tell nothing until it has run steadily for a while"
        yield Result("clock", Health.WARNING, what, why, SET)
    elif isinstance(clocks := record.get("clocks"), dict) and clocks.get("doubted"):
        why = "checks report, but record and tell nothing until it has run steadily for a while"
        yield Result("clock", Health.WARNING, "the clock was moved lately", why, "timedatectl timesync-status")
    else:
        yield Result("clock", Health.FINE, f"{subject.now:%Y-%m-%d %H:%M} UTC")


def zone(subject: Subject) -> Iterator[Result]:
    """Which zone is it here, and do quiet hours run in another?"""
    local = subject.now.astimezone()
    offset = f"{local:%z}"
    here = f"this machine is at UTC{f'{offset[:3]}:{offset[3:]}' if local.utcoffset() else ''}"
    quiet = subject.settings.alerts.quiet
    if quiet is None:
        yield Result("zone", Health.FINE, f"{here}; moments are shown in UTC")
        return
    hours = f"quiet hours {quiet.start:%H:%M} to {quiet.end:%H:%M}, {quiet.zone}"
    if quiet.zone is UTC and local.utcoffset():
        why = "they begin and end at another hour than you mean"
        mend = "authwatch config show  # then add `timezone:` to alerts.quiet, like Europe/Stockholm"
        yield Result("zone", Health.WARNING, f"{hours}, but {here}", why, mend)
    else:
        yield Result("zone", Health.FINE, f"{here}; {hours}")


def _record(subject: Subject) -> Mapping[str, Any]:
    """What the last full check said of itself; empty where there is nothing that can be read."""
    try:
        found = json.loads((subject.state.folder / "check.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
