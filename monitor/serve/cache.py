"""Bodies that are made from files of the state folder, and kept until one of those changes."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from monitor.check.gate import PROFILES_BEGIN
from monitor.system.host import Stamp, stamp

T = TypeVar("T")

LEVEL: Final = 6  # of gzip; made once for many scrapes


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


class Packed:
    """The metrics of a check in gzip: the head, whose moments every check moves, and the profiles, which stay.

    gzip members may follow one another (RFC 1952, 2.2), so each part is packed by itself, and the text is not held.
    """

    def __init__(self, text: Callable[[], bytes], file: Path) -> None:
        self._text = text
        self._profiles: tuple[bytes, bytes] = (b"", b"")
        self._kept = Cached(self._pack, file)

    def parts(self) -> tuple[bytes, bytes]:
        """Both members."""
        return self._kept.get()

    def _pack(self) -> tuple[bytes, bytes]:
        text = self._text()
        at = max(0, text.find(PROFILES_BEGIN))
        profiles = memoryview(text)[at:]
        digest = hashlib.blake2b(profiles, digest_size=16).digest()
        if digest != self._profiles[0]:
            self._profiles = (digest, pack(profiles))
        return pack(memoryview(text)[:at]), self._profiles[1]


def pack(text: bytes | memoryview, level: int = LEVEL) -> bytes:
    """One gzip member; level 0 only wraps, which costs next to nothing."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return packer.compress(text) + packer.flush()


def read(path: Path) -> bytes | None:
    """The content of a file; None where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return None
