"""The check of the state folder: is it there, ours, private, and free of what broken passes left?"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from monitor.doctor.model import Fix, Health, Patient, Result, Step, command

NAME: Final = "state folder"

#: What a pass writes before it renames it; the number is its process. Older than an hour, nobody is writing it.
LEFTOVER: Final = re.compile(r"\.(?:key|checkpoint|status\.json|metrics\.prom|pass\.json|overview\.json)\.\d{1,10}")
STALE_SECONDS: Final = 3600


def state(patient: Patient) -> Iterator[Result]:
    """Can the state folder be written, and by us only?"""
    fine = True
    for folder in dict.fromkeys((patient.state.folder, patient.state.gate)):
        for result in _folder(patient, folder):
            fine = False
            yield result
        for result in _inside(patient, folder):
            fine = False
            yield result
    if fine:
        yield Result(NAME, Health.FINE, patient.own.show(patient.state.folder))


def _folder(patient: Patient, folder: Path) -> Iterator[Result]:
    shown = patient.own.show(folder)
    try:
        found = os.stat(folder)
    except FileNotFoundError:
        what, why = f"{shown} does not exist yet", "no pass has run"
        yield Result(NAME, Health.WARNING, what, why, "authwatch check", Fix(Step.MAKE, folder))
        return
    except OSError as error:
        what = f"{shown} cannot be seen ({(error.strerror or 'failed').lower()})"
        yield Result(NAME, Health.BROKEN, what, _MEMORY, command("ls", "-ld", "--", folder.parent))
        return
    mode, ours = stat.S_IMODE(found.st_mode), found.st_uid == os.geteuid()
    if not stat.S_ISDIR(found.st_mode):
        yield Result(
            NAME, Health.BROKEN, f"{shown} is no folder", _MEMORY, command("mv", "--", folder, f"{folder}.old")
        )
    elif not os.access(folder, os.W_OK | os.X_OK):
        mend = command("chmod", "700", "--", folder) if ours else command("sudo", "chown", "-R", _me(), "--", folder)
        yield Result(NAME, Health.BROKEN, f"{shown} cannot be written", _MEMORY, mend)
    elif not ours:
        what, why = f"{shown} belongs to uid {found.st_uid}", "passes of that user and yours are in each other's way"
        yield Result(NAME, Health.WARNING, what, why, command("sudo", "chown", "-R", _me(), "--", folder))
    elif mode & 0o077:
        what, why = f"{shown} has mode {mode:04o}", "others can see which logins you have"
        yield Result(NAME, Health.WARNING, what, why, command("chmod", "700", "--", folder), Fix(Step.NARROW, folder))


def _inside(patient: Patient, folder: Path) -> Iterator[Result]:
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
        mode, ours, shown = stat.S_IMODE(found.st_mode), found.st_uid == os.geteuid(), patient.own.show(path)
        if LEFTOVER.fullmatch(path.name) and patient.now.timestamp() - found.st_mtime > STALE_SECONDS:
            what, why = f"{shown} was left by a pass that broke off", "it may hold what the whole file holds"
            fix = Fix(Step.REMOVE, path) if ours else None
            yield Result(NAME, Health.WARNING, what, why, command("rm", "--", path), fix)
        elif not ours:
            what = f"{shown} belongs to uid {found.st_uid}"
            why = "passes of another user ran on this folder, perhaps with sudo; yours cannot replace what they left"
            yield Result(NAME, Health.WARNING, what, why, command("sudo", "chown", _me(), "--", path))
        elif mode & 0o077:
            what, why = f"{shown} has mode {mode:04o}", "others can read what you watch"
            mend = command("chmod", "600", "--", path)
            yield Result(NAME, Health.WARNING, what, why, mend, Fix(Step.NARROW, path))


_MEMORY: Final = "without a memory, messages repeat hourly"


def _me() -> str:
    return str(os.geteuid())
