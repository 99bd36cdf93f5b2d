"""Bodies that are made from files of the state folder, and kept until one of those changes."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from monitor.system.host import Stamp, stamp

T = TypeVar("T")

LEVEL: Final = 6  # of gzip: 9 takes several times as long for a few percent


class Cached(Generic[T]):
    """Something made from files, made anew when one of them or `also` is not what it was."""

    def __init__(self, make: Callable[[], T], *paths: Path, also: Callable[[], object] = lambda: None) -> None:
        self._make, self._paths, self._also = make, paths, also
        self._lock = threading.Lock()
        self._held: tuple[tuple[tuple[Stamp, ...], object], T] | None = None

    def get(self) -> T:
        """What was made; many may ask at once, one makes it."""
        with self._lock:
            now = (tuple(map(stamp, self._paths)), self._also())
            if self._held is None or self._held[0] != now:
                self._held = None  # the old one may be large
                self._held = (now, self._make())
            return self._held[1]


def pack(text: bytes) -> bytes:
    """The text in gzip."""
    return gzip.compress(text, LEVEL, mtime=0)


def read(path: Path) -> bytes | None:
    """The content of a file; None where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return None
