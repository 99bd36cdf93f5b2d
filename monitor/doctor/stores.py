"""Checks of what is watched: can each source be read, and are the stores private?"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator

from monitor.doctor.model import Health, Patient, Result
from monitor.model import Observation, Trouble


def sources(patient: Patient) -> Iterator[Result]:
    """What each source found, and what it could not read."""
    troubles = [found for found in patient.findings if isinstance(found, Trouble)]
    counts = Counter(found.credential.source for found in patient.findings if isinstance(found, Observation))
    for trouble in troubles:
        what = f"{trouble.source}: {trouble.store}: {trouble.detail}"
        yield Result("sources", Health.BROKEN, what, "its credentials cannot be judged", "authwatch status")
    for source, count in sorted(counts.items()):
        yield Result("sources", Health.FINE, f"{source}: {count} credential{'s' if count != 1 else ''}")
    if not counts and not troubles:
        why = "there is nothing to watch"
        yield Result("sources", Health.WARNING, "no credential was found", why, "authwatch status --home DIR")


def modes(patient: Patient) -> Iterator[Result]:
    """Are the files that hold credentials readable by their owner only?"""
    seen = {found.host_path for found in patient.findings if isinstance(found, Observation) and found.host_path}
    for path in sorted(seen):
        try:
            found = os.stat(path)
        except OSError:
            continue
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077 and stat.S_ISREG(found.st_mode):
            why = "other users of this machine can read the logins"
            yield Result("store modes", Health.WARNING, f"{path} has mode {mode:04o}", why, f"chmod 600 {path}")
