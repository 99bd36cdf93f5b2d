"""Checks of files that hold credentials: may only their owner read them, and does the right user own them?"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from monitor.doctor.model import Fix, FixStep, Health, Result, Subject, command
from monitor.model import Kind, Observation, SourceEntry
from monitor.sources import SOURCES, guest
from monitor.sources.exec import program_of
from monitor.sources.guests import place_of_guest
from monitor.system.host import Host, Unreadable
from monitor.system.owners import open_to_others, to_close

_PUBLIC: Final = (Kind.CERT, Kind.MANUAL)  # a certificate is there to be shown
_READ: Final = "other users of this machine can read these logins"
_PLANT: Final = "other users of this machine can replace these logins"


def modes(subject: Subject) -> Iterator[Result]:
    """Are the files that hold credentials, and the folders that hold those, their owner's only?"""
    for path in _files(subject):
        if (found := _stat(path)) and stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) & 0o077:
            yield _wide(subject, path, found, "600", _READ)
    for path in _folders(subject):
        # OpenClaw makes its own folder for its owner only; others make theirs readable, and keep to file modes.
        own = any(path == claw.found.places.state for claw in subject.openclaws)
        if not (found := _stat(path)) or not stat.S_ISDIR(found.st_mode):
            continue
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o022 and not mode & stat.S_ISVTX:
            yield _wide(subject, path, found, "700" if own else "go-w", _PLANT)
        elif own and mode & 0o077:
            yield _wide(subject, path, found, "700", "other users of this machine can see what is in it")


def owners(subject: Subject) -> Iterator[Result]:
    """Does the home's owner own the stores? A store of root's cannot be renewed by its program; a whole tree of
    another user is a container's volume, whose program would be locked out by another owner."""
    home = _stat(subject.host.home)
    if home is None:
        return
    trees: dict[Path, dict[Path, os.stat_result]] = defaultdict(dict)
    folders = _folders(subject)
    tops = _tops(subject, folders)
    for path in (*_files(subject), *folders):
        if path.is_relative_to(subject.host.home) and (found := _stat(path)):
            trees[tops.get(path) or tops.get(path.parent) or path][path] = found
    for tree, paths in trees.items():
        users = {(one.st_uid, one.st_gid) for one in paths.values()}
        uids = {uid for uid, _ in users}
        if len(uids) == 1 and home.st_uid not in uids and tree in paths:
            yield _volume(subject, tree, paths, *min(users))
            continue
        for path, found in paths.items():
            if found.st_uid != home.st_uid:
                shown = subject.host.show(path)
                what = f"{shown} belongs to uid {found.st_uid}, this home to uid {home.st_uid}"
                why = "its program cannot renew the login; often something was run with sudo"
                mend = command("sudo", "chown", "-h", f"{home.st_uid}:{home.st_gid}", "--", path)
                yield Result("store owners", Health.WARNING, what, why, mend)


def _tops(subject: Subject, folders: Iterable[Path]) -> dict[Path, Path]:
    """For each folder the one that its program has for itself: OpenClaw's where it lies in that, else itself."""
    states = {claw.found.places.state for claw in subject.openclaws}
    return {path: next((one for one in (path, *path.parents) if one in states), path) for path in folders}


def _volume(subject: Subject, tree: Path, paths: Iterable[Path], uid: int, gid: int) -> Result:
    whose = "probably a container's volume" + (", or created with sudo" if uid == 0 else "")
    what = f"everything in {subject.host.show(tree)} belongs to uid {uid}, gid {gid}: {whose}"
    if all(os.access(path, os.R_OK) for path in paths):
        return Result(
            "store owners", Health.FINE, what, "leave it as it is: with another owner its program could not use it"
        )
    why = (
        f"uid {os.geteuid()} cannot read it: run authwatch as uid {uid}. Do not change the owner: its program "
        "could not use it any more"
    )
    mend = f"docker run --user {uid}:{gid} …  # or outside of the container: sudo -u '#{uid}' authwatch check"
    return Result("store owners", Health.WARNING, what, why, mend)


def commands(subject: Subject) -> Iterator[Result]:
    """May nobody else write or replace the programs and guests that a check starts? It refuses those."""
    for entry in subject.settings.sources:
        place = _started(subject.host, entry)
        with suppress(OSError):
            if place and (found := open_to_others(place, subject.host.uid)):
                what = f"{entry.id}: other users can write {subject.host.show(found[0])}"
                why = f"{subject.host.show(place)} is not run: whoever can change it could run anything as you"
                yield Result("programs run", Health.BROKEN, what, why, to_close(*found, subject.host.uid))


def _started(host: Host, entry: SourceEntry) -> Path | None:
    """The program or the package that an entry runs; None for one that runs nothing, or what is not there."""
    if entry.type == "exec":
        try:
            return program_of(host, entry)
        except Unreadable:
            return None
    if entry.type in SOURCES:
        return None
    point = guest(entry.type)
    return place_of_guest(point.module) if point else None


def _wide(subject: Subject, path: Path, found: os.stat_result, right: str, why: str) -> Result:
    what = f"{subject.host.show(path)} has mode {stat.S_IMODE(found.st_mode):04o}"
    ours = found.st_uid == os.geteuid()
    fix = Fix(FixStep.NARROW, path, 0o022 if right == "go-w" else 0o077) if ours else None
    sudo = [] if ours else ["sudo"]
    return Result("store modes", Health.WARNING, what, why, command(*sudo, "chmod", right, "--", path), fix)


def _files(subject: Subject) -> list[Path]:
    """Every file that a credential was read from, with what its program keeps beside it."""
    found = (one for one in subject.findings if isinstance(one, Observation) and one.host_path)
    seen = {Path(one.host_path) for one in found if one.credential.kind not in _PUBLIC}
    for claw in subject.openclaws:
        seen |= {claw.found.places.config, claw.found.places.state / ".env"}
    beside = [Path(f"{path}{end}") for path in seen for end in ("-wal", "-shm") if path.suffix == ".sqlite"]
    return sorted(path for path in {*seen, *beside} if path.is_absolute())


def _folders(subject: Subject) -> list[Path]:
    """The folders of those files, and OpenClaw's own; never the home itself or what lies above it."""
    folders = {path.parent for path in _files(subject)} | {claw.found.places.state for claw in subject.openclaws}
    home = subject.host.home
    return sorted(path for path in folders if path != home and not home.is_relative_to(path) and path != Path("/"))


def _stat(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None
