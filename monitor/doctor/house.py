"""Checks of authwatch's own house: clock, config, state folder, history, passes, channels."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from monitor import checkpoint
from monitor.doctor.model import Health, Patient, Result

#: Nothing we watch existed before; a clock that says so (a board without a battery) makes every deadline far.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def clock(patient: Patient) -> Iterator[Result]:
    """Is the wall clock believable?"""
    if patient.now < EPOCH:
        yield Result(
            "clock",
            Health.BROKEN,
            f"the clock says {patient.now:%Y-%m-%d}",
            "every deadline looks far away",
            "sudo timedatectl set-ntp true",
        )
    else:
        yield Result("clock", Health.FINE, f"{patient.now:%Y-%m-%d %H:%M} UTC")


def config(patient: Patient) -> Iterator[Result]:
    """Which config is used, and is it as private as its secrets?"""
    path = patient.settings.file
    if path is None:
        yield Result("config", Health.FINE, "no config file: the defaults are used, nobody is told by message")
        return
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode & 0o077 and any(channel.url for channel in patient.settings.channels):
        why = "channel addresses are secrets: who reads them can read or send your alerts"
        yield Result("config", Health.WARNING, f"{path} has mode {mode:04o}", why, f"chmod 600 {path}")
    else:
        yield Result("config", Health.FINE, str(path))


def state(patient: Patient) -> Iterator[Result]:
    """Can the state folder be written, and by us only?"""
    folder = patient.state.folder
    try:
        mode = stat.S_IMODE(os.stat(folder).st_mode)
    except FileNotFoundError:
        yield Result(
            "state folder", Health.WARNING, f"{folder} does not exist yet", "no pass has run", "authwatch check"
        )
        return
    if not os.access(folder, os.W_OK):
        yield Result(
            "state folder",
            Health.BROKEN,
            f"{folder} cannot be written",
            "without a memory, messages repeat hourly",
            f"chown {os.geteuid()} {folder}",
        )
    elif mode & 0o077:
        yield Result(
            "state folder",
            Health.WARNING,
            f"{folder} has mode {mode:04o}",
            "others can see which logins you have",
            f"chmod 700 {folder}",
        )
    else:
        yield Result("state folder", Health.FINE, str(folder))


def history(patient: Patient) -> Iterator[Result]:
    """Can the history be opened, and is it of this version?"""
    from monitor.history import engine

    given = patient.settings.history_url
    try:
        url = engine.url_of(given.reveal() if given else None, patient.state.folder)
        path = engine.file_of(url)
        if not engine.exists(url):
            yield Result("history", Health.FINE, "none yet; the first pass makes it")
            return
        with engine.connect(url, read_only=True).connect() as connection:
            found = engine.revision(connection)
    except (engine.Broken, engine.HistoryError) as error:
        why = str(getattr(error, "orig", None) or error)
        mend = f"mv {path} {path}.broken  # the next pass starts a new one" if path else "check history.url"
        yield Result("history", Health.BROKEN, f"cannot be opened: {why}", "nothing is remembered", mend)
        return
    if found and found > engine.HEAD:
        yield Result("history", Health.BROKEN, "was written by a newer authwatch", mend="pip install -U authwatch")
    else:
        yield Result("history", Health.FINE, engine.shown(url))


def last_pass(patient: Patient) -> Iterator[Result]:
    """Does something run the passes?"""
    # Acknowledging and silencing remove the checkpoint; what the last full pass left is there all the same.
    places = (patient.state.gate / checkpoint.NAME, patient.state.folder / "pass.json")
    stamps = [stamp for place in places if (stamp := checkpoint.stat_of(str(place)))]
    found = max(stamps, key=lambda stamp: stamp[3], default=None)
    if found is None:
        what = "no finished pass"
        yield Result(
            "last pass", Health.WARNING, what, "nobody is told anything", "authwatch install systemd --user --timer"
        )
        return
    at = datetime.fromtimestamp(found[3] / 1e9, UTC)
    limit = max(patient.settings.interval * 2.5, timedelta(hours=1))
    if patient.now - at > limit:
        yield Result(
            "last pass",
            Health.WARNING,
            f"the last one ended {at:%Y-%m-%d %H:%M} UTC",
            "nothing seems to run it",
            "systemctl --user status authwatch-check.timer",
        )
    else:
        yield Result("last pass", Health.FINE, f"{at:%Y-%m-%d %H:%M} UTC")


def channels(patient: Patient) -> Iterator[Result]:
    """Can every channel be loaded?"""
    from alerts.channels import check

    if not patient.settings.channels:
        why = "findings are in exit codes, history and metrics only"
        yield Result("channels", Health.WARNING, "none are configured", why, "add `channels:` to the config")
    for channel in patient.settings.channels:
        reason = channel.broken or (check(channel.label, channel.url.reveal()) if channel.url else "no address")
        if reason:
            mend = "authwatch config check"
            yield Result("channels", Health.BROKEN, f"{channel.label}: {reason}", "it will never deliver", mend)
        else:
            yield Result(
                "channels", Health.FINE, f"{channel.label} can be loaded; try: authwatch alerts test {channel.label}"
            )
