"""Mounted file systems that may never answer: those behind a network, or behind a program of some user's.

psutil lists them too, and must be compiled on Termux.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Types of Linux (the part before a dot). One that hangs cannot be left: not even SIGKILL ends who waits for it.
_HANG: Final = frozenset(("fuse", "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "autofs", "lustre"))
_ESCAPES: Final = ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\"))


class Mounts:
    """The `places` of the mounts that may hang."""

    __slots__ = ("places",)

    def __init__(self, places: Iterable[str]) -> None:
        self.places = frozenset(places)

    def above(self, path: str) -> str | None:
        """The innermost of the places that a path lies in, by its name; None where it lies in none."""
        mine = (one for one in self.places if path == one or path.startswith(f"{one}/"))
        return max(mine, key=len, default=None)


def mounts() -> Mounts:
    """Those of this machine, as Linux tells; elsewhere none is known. Touches none of them."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return hanging(file.read())
    except OSError:
        return Mounts(())


def hanging(mounted: str) -> Mounts:
    """Those in a mountinfo, see proc(5). What all lies on, "/", is left out: were it to hang, nothing would run."""
    return Mounts(place for line in mounted.split("\n") if (place := _hangs(line)))


def _hangs(line: str) -> str:
    """Where the mount of a line lies; "" for one that does not hang."""
    head, gap, tail = line.partition(" - ")
    if not gap or tail.split(" ", 1)[0].split(".", 1)[0] not in _HANG:
        return ""
    place = head.split(" ")[4]
    for written, meant in _ESCAPES:
        place = place.replace(written, meant)
    return "" if place == "/" else place
