"""Checks of the machine: can its clock be believed, and do quiet hours run in its zone?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.timefmt import date, moment, parse
from monitor.check.collect import EARLIEST
from monitor.check.outputs import RECORD, document
from monitor.doctor.model import Health, Result, Subject

SET: str = "sudo timedatectl set-ntp true"


def clock(subject: Subject) -> Iterator[Result]:
    """Is the wall clock believable, and was it moved since the last check?"""
    if subject.now < EARLIEST:
        what = f"the clock says {date(subject.now)}"
        yield Result("clock", Health.BROKEN, what, "every deadline looks far away", SET)
        return
    record = document(subject.state.folder / RECORD)
    last = _moment(record.get("at"))
    if last and last > subject.now + timedelta(minutes=5):
        what = f"the clock says {moment(subject.now)}, before the last check ({moment(last)})"
        why = "it was put back, now or then; checks record and tell nothing until it has run steadily for a while"
        yield Result("clock", Health.WARNING, what, why, SET)
    elif isinstance(clocks := record.get("clocks"), dict) and clocks.get("doubted"):
        why = "checks report, but record and tell nothing until it has run steadily for a while"
        yield Result("clock", Health.WARNING, "the clock was moved lately", why, "timedatectl timesync-status")
    else:
        yield Result("clock", Health.FINE, moment(subject.now))


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


def _moment(text: Any) -> datetime | None:
    try:
        return parse(text)
    except (TypeError, ValueError):
        return None
