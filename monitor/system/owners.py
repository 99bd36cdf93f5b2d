"""Whose a path is: who else could have written it, and with whose rights root reads it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Final, NamedTuple

_LINKS: Final = 40  # as many as Linux follows
_PATH: Final = getattr(os, "O_PATH", 0)
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class NeedsChild(NamedTuple):
    """A path that only a child may touch.

    `uid`: the user whose it is, None for our own on a file system that may hang. `anchor`: what that user owns first on
    the way there, to be opened before the child becomes that user ("": nothing); `rest`: the way on from there.
    """

    uid: int | None
    anchor: str
    rest: str


class PathWalk:
    """Where paths lead, followed by hand: up to what another user owns, and up to what may hang.

    `root`: we are root, and what another user owns is not ours to follow; `hanging`: mounts that nothing is asked of.
    """

    def __init__(self, *, root: bool, hanging: Collection[str] = ()) -> None:
        self._root, self._hanging = root, hanging
        self._folders: dict[str, str | NeedsChild] = {}

    def of(self, path: str) -> str | NeedsChild:
        """The path without links where all on the way is root's or ours; else where it stops to be so."""
        return self._of(path, _LINKS)

    def _of(self, path: str, links: int) -> str | NeedsChild:
        folder, _, name = path.rpartition("/")
        above = self._folder(folder, links)
        if isinstance(above, NeedsChild):
            return above._replace(rest=f"{above.rest}/{name}" if above.rest else name)
        if name in ("", ".", ".."):
            return os.path.dirname(above) if name == ".." else above
        here = f"{above.rstrip('/')}/{name}"
        if here in self._hanging:
            return NeedsChild(None, "", here)
        try:
            found = os.lstat(here)
            target = os.readlink(here) if stat.S_ISLNK(found.st_mode) and links else ""
        except (OSError, ValueError):
            return here  # who opens it learns why
        theirs = self._root and found.st_uid not in roots()
        if target:
            onward = os.path.join(above, target)
            return NeedsChild(found.st_uid, "", onward) if theirs else self._of(onward, links - 1)
        return NeedsChild(found.st_uid, here, "") if theirs else here

    def _folder(self, folder: str, links: int) -> str | NeedsChild:
        if not folder:
            return "/"
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._of(folder, links)
        return known


@cache
def roots() -> frozenset[int]:
    """The numbers that mean root here: in a user namespace also the one of whoever is not mapped into it.

    A unit with PrivateUsers= sees /usr/bin as 65534's. Source: user_namespaces(7).
    """
    try:
        mapped = Path("/proc/self/uid_map").read_text("ascii").split()
        nobody = int(Path("/proc/sys/kernel/overflowuid").read_text("ascii"))
    except (OSError, ValueError):
        return frozenset((0,))
    return frozenset((0,)) if mapped == ["0", "0", str(2**32 - 1)] else frozenset((0, nobody))


def open_to_others(path: Path, uid: int) -> tuple[Path, os.stat_result] | None:
    """The first thing on the way to a path (folders, links, itself) that somebody else than `uid` and root may write or
    replace, with its stat; None where nobody may. Folders like /tmp, in which each may only touch what is theirs, are
    fine. Raises OSError where the way ends before."""
    owners = {*roots(), uid}
    todo, here, links = list(reversed(os.path.abspath(path).split("/"))), "/", _LINKS
    while todo:
        name = todo.pop()
        here = os.path.dirname(here) if name == ".." else os.path.join(here, name) if name not in ("", ".") else here
        found = os.lstat(here)
        if stat.S_ISLNK(found.st_mode):
            links -= 1
            if found.st_uid not in owners:
                return Path(here), found
            if not links:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            target = os.readlink(here)
            todo += reversed(target.split("/"))
            here = "/" if target.startswith("/") else os.path.dirname(here)
            continue
        sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        if found.st_uid not in owners or (found.st_mode & 0o022 and not sticky):
            return Path(here), found
    return None


def to_close(place: Path, found: os.stat_result, uid: int) -> str:
    """The command after which nobody but `uid` and root may write or replace what `open_to_others` found."""
    sudo = "" if found.st_uid == os.geteuid() else "sudo "
    if found.st_uid not in {*roots(), uid}:
        return f"sudo chown -h {uid} -- {quote(str(place))}"
    return f"{sudo}chmod go-w -- {quote(str(place))}"


def opened(path: str, at: int | None = None, *, follow: bool = True) -> int:
    """A descriptor of a regular file, for reading; nothing else is ever opened, not even for a moment: a tape would
    rewind, a FIFO let its writer go. Raises OSError, ValueError. `at` is the folder that a relative path starts in."""
    more = 0 if follow else os.O_NOFOLLOW
    if _PATH:
        mark = os.open(path, _PATH | os.O_CLOEXEC | more, dir_fd=at)
        try:
            _regular(os.fstat(mark))
            return os.open(f"/proc/self/fd/{mark}", _READ)
        except FileNotFoundError:  # there is no /proc
            pass
        finally:
            os.close(mark)
    before = os.stat(path, dir_fd=at, follow_symlinks=follow)
    _regular(before)
    handle = os.open(path, _READ | more, dir_fd=at)
    if not os.path.samestat(before, os.fstat(handle)):
        os.close(handle)
        raise OSError(errno.ESTALE, "it was replaced while it was opened")
    return handle


def opened_by_root(path: str) -> int:
    """The same for root and a path that `PathWalk` found to be root's; what took its place since then is refused."""
    handle = opened(path, follow=False)
    try:
        place = os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        place = path
    if os.fstat(handle).st_uid in roots() and place.removesuffix(" (deleted)") == path.removesuffix(" (deleted)"):
        return handle
    os.close(handle)
    raise OSError(errno.ESTALE, "it was replaced while it was opened")


def whole(handle: int, limit: int) -> bytes | None:
    """All bytes of an open file; None where there are more than `limit`. Raises OSError."""
    parts, left = [], limit + 1
    while left > 0 and (part := os.read(handle, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts) if left > 0 else None


def _regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.ENXIO, "not a regular file")
