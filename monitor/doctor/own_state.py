"""Checks of authwatch's own things: config, state folder, history, the last check."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from alerts.timefmt import moment, span
from monitor.check import gate
from monitor.check.outputs import RECORD
from monitor.doctor.model import Fix, FixStep, Health, Result, Subject, command
from monitor.doctor.schedulers import how_to_install
from monitor.system.files import why as reason

#: What `settings.broken` says of these is the matter of another check.
_ELSEWHERE: Final = ("channels.", "heartbeat")
_NO_SECRET: Final = Path("/etc/timezone")


def config(subject: Subject) -> Iterator[Result]:
    """Which config is used, is it valid, and can what it names be read?"""
    settings, found = subject.settings, False
    for line in subject.complaint.splitlines():
        found = True
        why = "until this is fixed no check runs and nobody is notified; the rest was checked with the defaults"
        yield Result("config", Health.BROKEN, line, why, "authwatch config check")
    for path, line in settings.broken.items():
        if not path.startswith(_ELSEWHERE):
            found = True
            why = f"{path.partition('.')[0]} does not work until this is fixed; the rest does"
            yield Result("config", Health.BROKEN, line, why, "authwatch config check")
    if not found:
        said = (
            subject.own.show(settings.file)
            if settings.file
            else "no config file: the defaults are used, and nobody is notified"
        )
        yield Result("config", Health.FINE, said)


def config_files(subject: Subject) -> Iterator[Result]:
    """Are the config and the secret files it names as private as what they hold?"""
    secret = any(channel.url for channel in subject.settings.channels) or subject.settings.heartbeat
    for path in subject.read:
        if path == _NO_SECRET or (path == subject.settings.file and not secret):
            continue
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            continue
        mode, ours = stat.S_IMODE(found.st_mode), found.st_uid == os.geteuid()
        # A file of root's may well be readable by our group.
        if mode & (0o077 if ours else 0o007):
            why = "channel addresses are secrets: with them others can read your alerts or send their own"
            what, mend = (
                f"{subject.own.show(path)} has mode {mode:04o}",
                command(*([] if ours else ["sudo"]), "chmod", "600", "--", path),
            )
            yield Result("config files", Health.WARNING, what, why, mend, Fix(FixStep.NARROW, path) if ours else None)
        elif found.st_uid not in (os.geteuid(), 0):
            why = "its owner can change what authwatch does, so its `exec` sources are not run"
            mend = command("sudo", "chown", str(os.geteuid()), "--", path)
            yield Result(
                "config files", Health.WARNING, f"{subject.own.show(path)} belongs to uid {found.st_uid}", why, mend
            )


def history(subject: Subject) -> Iterator[Result]:
    """Can the history be opened, and is it of this version?"""
    from monitor.history import engine, owner
    from monitor.system.state_dir import real

    given = subject.settings.history_url
    path = None
    try:
        url = engine.url_of(given.reveal() if given else None, subject.state.folder)
        path = engine.file_of(url)
        if not engine.exists(url):
            yield Result("history", Health.FINE, "none yet; the first check creates it")
            return
        with engine.disposed(engine.connect(url, read_only=True)) as opened, opened.connect() as connection:
            found = engine.revision(connection)
            if found == engine.HEAD:
                owner.admit(connection, url, subject.state, real(subject.host.home))
    except owner.OtherWatcher as error:
        what, _, why = str(error).partition("\n")
        yield Result("history", Health.BROKEN, what, why.replace("\n", " "), owner.ADOPT)
        return
    except (engine.Broken, engine.HistoryError) as error:
        said = str(getattr(error, "orig", None) or error)
        why = "changes are not recorded; what was sent is kept in the state folder until it works again"
        mend = command("ls", "-l", "--", path) if path else "authwatch config show  # history.url"
        if path and isinstance(error, engine.Broken) and engine.damaged(error):
            mend = "authwatch check  # moves it aside and starts a new one"
        yield Result("history", Health.BROKEN, f"cannot open the history: {said}", why, mend)
        return
    if found and found > engine.HEAD:
        why = "this installation cannot write to it; use the newer one, or update this one"
        yield Result("history", Health.BROKEN, "the history was written by a newer authwatch", why, "type -a authwatch")
        return
    yield Result("history", Health.FINE, engine.shown(url))


def last_check(subject: Subject) -> Iterator[Result]:
    """Does something run the checks?"""
    # Acknowledging and silencing remove the checkpoint; what the last full check left is there all the same.
    places = (subject.state.gate / gate.NAME, subject.state.folder / RECORD)
    stamps = [stamp for place in places if (stamp := gate.stat_of(str(place)))]
    found = max(stamps, key=lambda stamp: stamp[3], default=None)
    if found is None:
        why = "nobody is notified until checks run"
        yield Result("last check", Health.WARNING, "no check has finished yet", why, how_to_install(subject))
        return
    at = datetime.fromtimestamp(found[3] / 1e9, UTC)
    limit = max(subject.settings.interval * 2.5, timedelta(hours=1))
    if subject.now - at > limit:
        what = f"the last check finished {moment(at)}"
        why = f"checks should run every {span(subject.settings.interval)}; nobody is notified while none runs"
        yield Result("last check", Health.WARNING, what, why, "authwatch check -v")
    else:
        yield Result("last check", Health.FINE, f"finished {moment(at)}")


NAME: Final = "state folder"

#: What a check writes before it renames it; the number is its process. Older than an hour, nobody is writing it.
LEFTOVER: Final = re.compile(r"\.(?:key|checkpoint|status\.json|metrics\.prom|check\.json|page\.json)\.\d{1,10}")
STALE_SECONDS: Final = 3600


def state(subject: Subject) -> Iterator[Result]:
    """Can the state folder be written, and by us only?"""
    fine = True
    for folder in dict.fromkeys((subject.state.folder, subject.state.gate)):
        for result in _folder(subject, folder):
            fine = False
            yield result
        for result in _inside(subject, folder):
            fine = False
            yield result
    if fine:
        yield Result(NAME, Health.FINE, subject.own.show(subject.state.folder))


def _folder(subject: Subject, folder: Path) -> Iterator[Result]:
    shown = subject.own.show(folder)
    try:
        found = os.stat(folder)
    except FileNotFoundError:
        what, why = f"{shown} does not exist yet", "the first check creates it"
        yield Result(NAME, Health.WARNING, what, why, "authwatch check", Fix(FixStep.MAKE, folder))
        return
    except OSError as error:
        what = f"{shown}: cannot be accessed ({reason(error)})"
        yield Result(NAME, Health.BROKEN, what, _MEMORY, command("ls", "-ld", "--", folder.parent))
        return
    mode, ours = stat.S_IMODE(found.st_mode), found.st_uid == os.geteuid()
    if not stat.S_ISDIR(found.st_mode):
        yield Result(
            NAME, Health.BROKEN, f"{shown} is not a folder", _MEMORY, command("mv", "--", folder, f"{folder}.old")
        )
    elif not os.access(folder, os.W_OK | os.X_OK):
        mend = command("chmod", "700", "--", folder) if ours else command("sudo", "chown", "-R", _me(), "--", folder)
        yield Result(NAME, Health.BROKEN, f"{shown} is not writable", _MEMORY, mend)
    elif not ours:
        what, why = f"{shown} belongs to uid {found.st_uid}", "checks of that user and yours would conflict"
        yield Result(NAME, Health.WARNING, what, why, command("sudo", "chown", "-R", _me(), "--", folder))
    elif mode & 0o077:
        what, why = f"{shown} has mode {mode:04o}", "other users can see which logins you have"
        yield Result(
            NAME, Health.WARNING, what, why, command("chmod", "700", "--", folder), Fix(FixStep.NARROW, folder)
        )


def _inside(subject: Subject, folder: Path) -> Iterator[Result]:
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return  # said of the folder
    for path in paths:
        try:
            found = os.lstat(path)
        except OSError:
            continue
        if not stat.S_ISREG(found.st_mode):
            continue
        mode, ours, shown = stat.S_IMODE(found.st_mode), found.st_uid == os.geteuid(), subject.own.show(path)
        if LEFTOVER.fullmatch(path.name) and subject.now.timestamp() - found.st_mtime > STALE_SECONDS:
            what, why = f"{shown} was left by an interrupted check", "it may contain the same data as the complete file"
            fix = Fix(FixStep.REMOVE, path) if ours else None
            yield Result(NAME, Health.WARNING, what, why, command("rm", "--", path), fix)
        elif not ours:
            what = f"{shown} belongs to uid {found.st_uid}"
            why = "another user ran a check with this folder, perhaps with sudo; your checks cannot replace this file"
            yield Result(NAME, Health.WARNING, what, why, command("sudo", "chown", _me(), "--", path))
        elif mode & 0o077:
            what, why = f"{shown} has mode {mode:04o}", "other users can read which logins you have"
            mend = command("chmod", "600", "--", path)
            yield Result(NAME, Health.WARNING, what, why, mend, Fix(FixStep.NARROW, path))


_MEMORY: Final = "without it authwatch cannot remember what it sent, and repeats alerts hourly"


def _me() -> str:
    return str(os.geteuid())
