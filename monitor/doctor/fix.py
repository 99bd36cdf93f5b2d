"""`doctor --fix`: the fixes that are safe unasked. No content is touched, nothing of others, nothing elsewhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.doctor.model import Fix, FixStep, Result, Subject
from monitor.doctor.own_state import LEFTOVER
from monitor.system.files import why as reason
from monitor.system.host import below_home
from monitor.system.state_dir import StateDir, StateError


class NotFixed(Exception):
    """It was not mended: why, in words."""


@dataclass(frozen=True, slots=True)
class Done:
    """One mend that was tried: what was done, or why not."""

    fix: Fix
    said: str
    tried: bool


def mend(results: Iterable[Result], subject: Subject) -> tuple[Done, ...]:
    """Makes every safe mend once."""
    return tuple(_one(fix, subject) for fix in dict.fromkeys(one.fix for one in results if one.fix))


def _one(fix: Fix, subject: Subject) -> Done:
    try:
        said = {FixStep.NARROW: _narrow, FixStep.MAKE: _make, FixStep.REMOVE: _remove}[fix.step](fix, subject)
    except (NotFixed, OSError) as error:
        why = f"{fix.path}: {reason(error)}" if isinstance(error, OSError) else str(error)
        return Done(fix, below_home(why, subject.own.home), tried=False)
    return Done(fix, below_home(said, subject.own.home), tried=True)


def _narrow(fix: Fix, subject: Subject) -> str:
    """Takes bits of the mode away, behind any link that stays in our own places."""
    real = _inside(fix.path, subject)
    handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        _ours(found, real)
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise NotFixed(f"{real} is not a file or folder")
        before = stat.S_IMODE(found.st_mode)
        os.fchmod(handle, before & ~fix.away)
    finally:
        os.close(handle)
    return f"{real}: mode changed from {before:04o} to {before & ~fix.away:04o}"


def _make(fix: Fix, subject: Subject) -> str:
    try:
        StateDir(fix.path, fix.path).create()
    except StateError as error:
        raise NotFixed(str(error)) from None
    return f"{fix.path} created, for you only"


def _remove(fix: Fix, subject: Subject) -> str:
    real = _inside(fix.path.parent, subject) / fix.path.name
    found = os.lstat(real)
    _ours(found, real)
    if not LEFTOVER.fullmatch(real.name) or not stat.S_ISREG(found.st_mode):
        raise NotFixed(f"{real} was not left by an interrupted check")
    real.unlink()
    return f"{real} removed"


def _inside(path: Path, subject: Subject) -> Path:
    """The path behind every link, which has to lie in the home, the state folder or beside the config."""
    real = Path(os.path.realpath(path))
    own = [subject.host.home, subject.own.home, subject.state.folder, subject.state.gate, *subject.read]
    if not any(real.is_relative_to(os.path.realpath(one)) for one in own):
        raise NotFixed(f"{path} leads to {real}, outside your home; check it yourself")
    return real


def _ours(found: os.stat_result, real: Path) -> None:
    if found.st_uid != os.geteuid():
        raise NotFixed(f"{real} belongs to uid {found.st_uid}, not to you")
